"""Saved searches: saved from the search page, listed with what is new in them, opened, changed."""

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
from search.models.saved_search import FILTERS_BY_KIND
from search.pages import collection_names, examples, query_line, search_page
from search.query import Answer, Malformed, Query, answer, filters, saved
from search.query.saved import NameTaken, NotSaved

# Number of cards on a page of the list, and of hits on a card.
ON_A_PAGE = 20
THUMBNAILS = 4
# Maximum of seconds that the list waits for its cards; the others are fetched as they come into
# view.
FIRST_SECONDS = 1.0
# Maximum of characters.
LONGEST_NAME = 100
# What a saved search says of what a person does not see: to its owner, and to others.
UNSEEN = {
    "label": ("no_such_label", "It asks for a label that is gone, or that you do not see."),
    "collection": (
        "no_such_collection",
        "It asks for a collection that is gone, or that you do not see.",
    ),
    "account": (
        "no_such_owner",
        "It asks for the pictures of an account that is gone, or of which you see none.",
    ),
}


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
    line: dict[str, Any]  # The query, as the pages show it.
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
    since = saved.look(search, request.user) if request.method == "GET" else None
    form = _form_of(search, request.user)
    lost = lost_parameters(search, form)
    result = None if form.errors else answer(form.query(), request.user, with_facets=True)
    new = saved.count_new(form.query(), request.user, since) if result and since else 0
    newer = saved.new_to(form.query(), since) if since else None
    line = {"saved": search, "lost": lost, "since": since, "new": new, "newer": newer}
    return render(request, "saved/saved_search.html", search_page(form, result) | line)


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
        saved.change(search, name=form.cleaned_data["name"], shared=form.cleaned_data["shared"])
    except NameTaken as refusal:
        return _show_change(request, search, form, [str(refusal)])
    return redirect("saved_searches")


@require_POST
def delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    _own(request, pk).delete()
    return redirect("saved_searches")


def make_card(search: SavedSearch, user: User, since: datetime | None) -> Card:
    """A card with its first hits, and how many assets have come since the person's last look."""
    form = _form_of(search, user)
    query, line = form.query(), query_line(form.query(), user)
    sentences = [*form.sentences(), *lost_parameters(search, form)]
    if form.errors:
        return Card(search, line, sentences)
    result = answer(query, user, size=THUMBNAILS)
    new = saved.count_new(query, user, since) if since else 0
    return Card(search, line, sentences, result, since=since, new=new)


def suggested_name(query: Query, user: User) -> str:
    """A first name for it: its words, what it is like, its filters."""
    titles = [e.asset.title if e.asset else "a picture" for e in examples(query, user)]
    like = f"like {titles[0]}" if titles else ""
    names = collection_names(query, user)
    parts = [str(query.words), like, *(names.get(value, value) for _, value in query.filters)]
    return ", ".join(part for part in parts if part)[:LONGEST_NAME].strip()


def lost_parameters(search: SavedSearch, form: SearchForm) -> list[str]:
    """A sentence for each part of the query that is no longer known at all."""
    lost = (name for name in search.parameters if name not in form.fields)
    return [f"“{name.replace('_', ' ')}” is no longer a part of queries." for name in lost]


def _save(request: PersonRequest) -> HttpResponse:
    search = _search_form(dict(request.POST.lists()), request.user)
    form = SavingForm(request.POST)
    wrong = [*search.sentences(), *(form.sentences() if not form.is_valid() else [])]
    is_taken = False
    if not wrong:
        try:
            return redirect(saved.save(search.query(), owner=request.user, **form.cleaned_data))
        except NotSaved as refusal:
            wrong, is_taken = [str(refusal)], isinstance(refusal, NameTaken)
    return _list(
        request, query=search.query(), saving=form, wrong=wrong, is_taken=is_taken, status=400
    )


def _search_form(parameters: Mapping[str, list[str]], user: User) -> SearchForm:
    """The form of a query, read; a page is one of the list or of the hits, and no part of it."""
    of_query = {name: values for name, values in parameters.items() if name != "page"}
    form = SearchForm(data_of(of_query), user)
    form.is_valid()
    return form


def _form_of(search: SavedSearch, user: User) -> SearchForm:
    """The form of a saved search, without what it names that this person does not see.

    Of that others than its owner learn neither that there is such a thing nor what it is called,
    and its owner what they called it then, whatever its name is today.
    """
    parameters, unseen = search.parameters_today(), []
    for kind, names in FILTERS_BY_KIND.items():
        for name in names:
            pairs = zip(search.parameters.get(name, []), parameters.get(name, []), strict=True)
            seen = {before: value for before, value in pairs if _sees(user, name, value)}
            gone = [before for before in search.parameters.get(name, []) if before not in seen]
            unseen += [(name, _sentence(search, user, kind, before)) for before in gone]
            parameters[name] = list(seen.values())
    form = _search_form(parameters, user)
    for name, sentence in unseen:
        values = form.cleaned_data.get(name, [])
        form.add_error(name, sentence)
        form.cleaned_data[name] = values
    return form


def _sees(user: User, name: str, value: str) -> bool:
    try:
        filters.read(name, value, user)
    except Malformed:
        return False
    return True


def _sentence(search: SavedSearch, user: User, kind: str, name: str) -> str:
    refusal, of_others = UNSEEN[kind]
    return str(Malformed(refusal, name=name)) if search.owner_id == user.pk else of_others


def _list(request: PersonRequest, *, status: int = 200, **saving: Any) -> HttpResponse:
    """The page of cards, under the form where there is a query to save."""
    searches = Paginator(_in_order(request.user), ON_A_PAGE).get_page(request.GET.get("page"))
    page = saving | {"searches": searches, "cards": list(_cards(searches, request.user))}
    if "query" in saving:
        page["line"] = query_line(page.pop("query"), request.user)
    return render(request, "saved/saved_searches.html", page, status=status)


def _in_order(user: User) -> QuerySet[SavedSearch]:
    """Their own first."""
    others = Case(When(owner=user, then=Value(0)), default=Value(1))
    visible = SavedSearch.objects.visible_to(user).select_related("owner").with_names()
    return visible.order_by(others, Lower("name"), "pk")


def _cards(searches: Page[SavedSearch], user: User) -> Iterator[Card]:
    visits, until = _visits(list(searches), user), time.monotonic() + FIRST_SECONDS
    for search in searches:
        if time.monotonic() < until:
            yield make_card(search, user, visits.get(search.pk))
        else:
            query = _form_of(search, user).query()
            yield Card(search, query_line(query, user), [], is_late=True)


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
    page = {"search": search, "saving": form, "wrong": wrong}
    return render(request, "saved/change.html", page, status=400 if wrong else 200)
