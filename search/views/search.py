"""The search page and the fragments of it that are fetched again."""

from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from search.access.requests import PageRequest, open_where_search_is_public
from search.forms import SearchForm
from search.models import Asset, Collection, Embedding, Encoder, User
from search.query import Answer, Example, Query, Sort, answer, recent, remembered_picture
from search.query.facets import FACETS


class Shown(NamedTuple):
    """An example of the query as the page shows it."""

    example: Example
    asset: Asset | None
    against: bool
    is_there: bool  # Its picture can be shown: query pictures are forgotten after a while.

    @property
    def id(self) -> str:
        return str(self.example)


@require_safe
@open_where_search_is_public
# The same URL is a page for a browser and a fragment for htmx: Back must tell them apart.
@vary_on_headers("HX-Request")
def search(request: PageRequest) -> HttpResponse:
    form = SearchForm(request.GET, request.user)
    if not form.is_valid():
        return render(request, "search/search.html", page(form), status=400)
    query, number = form.query(), form.cleaned_data["page"]
    if form.cleaned_data["region_of"]:
        # The region's four fields; from here on it stands in the address as everywhere.
        return redirect(f"{resolve_url('search')}?{query.url()}")
    found = answer(query, request.user, page=number, with_facets=not request.htmx)
    if found.hits and number == 1:
        recent.remember(request.user, str(query.words))
    if request.htmx:
        return render(request, "search/_hits.html", {"answer": found})
    return render(request, "search/search.html", page(form, found))


@require_safe
@open_where_search_is_public
def waiting(request: PageRequest) -> HttpResponse:
    """How many assets the serving encoder has still to embed; asked again while there are any."""
    return render(request, "search/_waiting.html", {"waiting": count_waiting()})


def page(form: SearchForm, found: Answer | None = None) -> dict[str, Any]:
    """What the search page shows, its hits and what stands around them."""
    encoder = found.encoder if found else Encoder.objects.serving()
    # Of a query that can't be read the page keeps what can.
    query = form.query() if form.is_bound else Query()
    return around(query, form.user) | {
        "form": form,
        "answer": found,
        "query": query,
        "encoder": encoder,
        "encoder_is_bundled": encoder and is_bundled(encoder),
        "waiting": count_waiting(),
        "sorts": list(Sort),
        "facet_names": FACETS,
    }


def is_bundled(encoder: Encoder) -> bool:
    return settings.BUNDLED_CHECKPOINTS in Path(encoder.checkpoint).parents


def around(query: Query, user: User | AnonymousUser) -> dict[str, Any]:
    """What was asked, as it stands above the hits."""
    return {"query": query, "examples": shown(query, user), "collection_names": names(query)}


def shown(query: Query, user: User | AnonymousUser) -> list[Shown]:
    """The examples with their assets."""
    asked = [example.asset for example in query.pictures() if example.asset]
    seen = Asset.objects.visible_to(user).prefetch_related("renditions")
    assets = seen.in_bulk(asked) if asked else {}
    return [
        Shown(example, assets.get(example.asset), against, _is_there(example, user))
        for against, examples in ((False, query.like), (True, query.unlike))
        for example in examples
    ]


def _is_there(example: Example, user: User | AnonymousUser) -> bool:
    return bool(example.asset) or remembered_picture(example.picture, user) is not None


def names(query: Query) -> dict[str, str]:
    """The names of the collections that are filtered by."""
    slugs = query.values("collection")
    found = Collection.objects.filter(slug__in=slugs).values_list("slug", "name") if slugs else ()
    return dict(found)


def count_waiting() -> int:
    return Embedding.objects.of_serving().waiting().count()
