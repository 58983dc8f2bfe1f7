"""Saved searches: kept from the search page, listed with what is new in them, opened, changed."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Case, QuerySet, Value, When
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from search.access.requests import PageRequest
from search.forms import NUL, SearchForm, data_of
from search.models import SavedSearch, User, Visit
from search.query import Answer, Query, answer
from search.query import saved as kept
from search.query.saved import NameTaken, NotSaved
from search.views.search import around, names, page, shown

ON_A_PAGE = 20
THUMBNAILS = 4
# The cards that are not answered by then are fetched one by one as they come into view.
FIRST_SECONDS = 1.0
LONGEST_NAME = 100


class PersonRequest(PageRequest):
    """A request of somebody who has signed in: the middleware lets no one else this far."""

    user: User


class SavingForm(forms.Form):
    """What a saved search is called, and who sees it."""

    name = forms.CharField(
        max_length=LONGEST_NAME,
        error_messages={
            "required": "A saved search needs a name.",
            "max_length": f"This name is too long: {LONGEST_NAME} characters are enough.",
            "null_characters_not_allowed": NUL,
        },
    )
    shared = forms.BooleanField(required=False)
    replace = forms.BooleanField(required=False)

    def sentences(self) -> list[str]:
        """What is wrong with it."""
        return [str(sentence) for sentences in self.errors.values() for sentence in sentences]


@dataclass(frozen=True, slots=True)
class Card:
    """A saved search as the list shows it to one person."""

    search: SavedSearch
    asked: dict[str, Any]  # The query, as the pages show it.
    sentences: list[str]  # Why it can't be answered as it was saved.
    answer: Answer | None = None  # None where it can't be, or was not yet.
    is_late: bool = False
    since: datetime | None = None  # The person's last look.
    new: int = 0


@require_http_methods(["GET", "HEAD", "POST"])
def saved_searches(request: PersonRequest) -> HttpResponse:
    """The list; with a query in the address also the form to save it, which comes back by POST."""
    if request.method == "POST":
        return _save(request)
    form = _search_form(dict(request.GET.lists()), request.user)
    query, sentences = form.query(), form.sentences()
    if not (query.asks or sentences):
        return _list(request)
    name = suggested_name(query, request.user)
    return _list(request, query=query, saving=SavingForm(initial={"name": name}), wrong=sentences)


@require_safe
def saved_search(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The hits of today.

    Opening it notes the visit, though it is a GET: that only moves this person's own mark of what
    is new to them, it may be done twice, and a link must be enough to open it.
    """
    search = _visible(request, pk)
    since = kept.look(search, request.user) if request.method == "GET" else None
    form = _search_form(search.parameters, request.user)
    lost = lost_parameters(search, form)
    found = None if form.errors else answer(form.query(), request.user, with_facets=True)
    new = kept.count_new(form.query(), request.user, since) if found and since else 0
    newer = kept.new_to(form.query(), since) if since else None
    shown = {"saved": search, "lost": lost, "since": since, "new": new, "newer": newer}
    return render(request, "saved/saved_search.html", page(form, found) | shown)


@require_safe
def card(request: PersonRequest, pk: UUID) -> HttpResponse:
    """One card of the list, answered however long that takes."""
    search = _visible(request, pk)
    made = make_card(search, request.user, _visits([search], request.user).get(search.pk))
    return render(request, "saved/_card.html", {"card": made})


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Rename it, share it or stop sharing it."""
    search = _own(request, pk)
    if request.method != "POST":
        form = SavingForm(initial={"name": search.name, "shared": search.shared})
        return _show_change(request, search, form, [])
    form = SavingForm(request.POST)
    if not form.is_valid():
        return _show_change(request, search, form, form.sentences())
    try:
        kept.change(search, name=form.cleaned_data["name"], shared=form.cleaned_data["shared"])
    except NameTaken as error:
        return _show_change(request, search, form, [str(error)])
    return redirect("saved_searches")


@require_POST
def delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    _own(request, pk).delete()
    return redirect("saved_searches")


def make_card(search: SavedSearch, user: User, since: datetime | None) -> Card:
    """A card with its first hits, and how many assets have come since the person's last look."""
    form = _search_form(search.parameters, user)
    query, asked = form.query(), around(form.query(), user)
    sentences = [*form.sentences(), *lost_parameters(search, form)]
    if form.errors:
        return Card(search, asked, sentences)
    found = answer(query, user, size=THUMBNAILS)
    new = kept.count_new(query, user, since) if since else 0
    return Card(search, asked, sentences, found, since=since, new=new)


def suggested_name(query: Query, user: User) -> str:
    """A first name for it: its words, what it is like, its filters."""
    examples = [e.asset.title if e.asset else "a picture" for e in shown(query, user)]
    like = f"like {examples[0]}" if examples else ""
    called = names(query)
    parts = [str(query.words), like, *(called.get(value, value) for _, value in query.filters)]
    return ", ".join(part for part in parts if part)[:LONGEST_NAME].strip()


def lost_parameters(search: SavedSearch, form: SearchForm) -> list[str]:
    """A sentence for each part of the query that is no longer known at all."""
    lost = (name for name in search.parameters if name not in form.fields)
    return [f"“{name.replace('_', ' ')}” is no longer a part of queries." for name in lost]


def _save(request: PersonRequest) -> HttpResponse:
    asked = _search_form(dict(request.POST.lists()), request.user)
    form = SavingForm(request.POST)
    wrong = [*asked.sentences(), *(form.sentences() if not form.is_valid() else [])]
    given = form.cleaned_data
    is_taken = False
    if not wrong:
        try:
            return redirect(kept.save(asked.query(), owner=request.user, **given))
        except NotSaved as error:
            wrong, is_taken = [str(error)], isinstance(error, NameTaken)
    return _list(
        request, query=asked.query(), saving=form, wrong=wrong, is_taken=is_taken, status=400
    )


def _search_form(parameters: Mapping[str, list[str]], user: User) -> SearchForm:
    """The form of a query, read; a page is one of the list or of the hits, and no part of it."""
    given = {name: values for name, values in parameters.items() if name != "page"}
    form = SearchForm(data_of(given), user)
    form.is_valid()
    return form


def _list(request: PersonRequest, *, status: int = 200, **saving: Any) -> HttpResponse:
    """The page of cards, under the form where there is a query to save."""
    searches = Paginator(_in_order(request.user), ON_A_PAGE).get_page(request.GET.get("page"))
    shown = saving | {"searches": searches, "cards": list(_cards(searches, request.user))}
    if "query" in saving:
        shown["asked"] = around(shown.pop("query"), request.user)
    return render(request, "saved/saved_searches.html", shown, status=status)


def _in_order(user: User) -> QuerySet[SavedSearch]:
    """Their own first."""
    others = Case(When(owner=user, then=Value(0)), default=Value(1))
    visible = SavedSearch.objects.visible_to(user).select_related("owner")
    return visible.order_by(others, Lower("name"), "pk")


def _cards(searches: Page[SavedSearch], user: User) -> Iterator[Card]:
    visits, until = _visits(list(searches), user), time.monotonic() + FIRST_SECONDS
    for search in searches:
        if time.monotonic() < until:
            yield make_card(search, user, visits.get(search.pk))
        else:
            query = _search_form(search.parameters, user).query()
            yield Card(search, around(query, user), [], is_late=True)


def _visits(searches: list[SavedSearch], user: User) -> dict[UUID, datetime]:
    """When this person looked at each of these last."""
    visits = Visit.objects.filter(person=user, search__in=[search.pk for search in searches])
    return dict(visits.values_list("search", "visited"))


def _visible(request: PersonRequest, pk: UUID) -> SavedSearch:
    visible = SavedSearch.objects.visible_to(request.user).select_related("owner")
    return get_object_or_404(visible, pk=pk)


def _own(request: PersonRequest, pk: UUID) -> SavedSearch:
    search = _visible(request, pk)
    if search.owner != request.user:
        raise PermissionDenied(f"Only {search.owner} may change this saved search.")
    return search


def _show_change(
    request: PersonRequest, search: SavedSearch, form: SavingForm, wrong: list[str]
) -> HttpResponse:
    shown = {"search": search, "saving": form, "wrong": wrong}
    return render(request, "saved/change.html", shown, status=400 if wrong else 200)
