"""The search page and the fragments of it that are fetched again."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from search.forms import SearchForm
from search.models import Collection, Embedding, Encoder, Label
from search.query import Answer, Query, answer
from search.views.access import PageRequest, open_where_search_is_public

FILTERS_OFFERED = 100


@require_safe
@open_where_search_is_public
# The same URL is a page for a browser and a fragment for htmx: Back must tell them apart.
@vary_on_headers("HX-Request")
def search(request: PageRequest) -> HttpResponse:
    form = SearchForm(request.GET)
    if not form.is_valid():
        return render(request, "search/search.html", page(form), status=400)
    found = answer(form.query(request.user), request.user, page=form.cleaned_data["page"])
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
    encoder = Encoder.objects.serving()
    return filters(found.query if found else Query()) | {
        "form": form,
        "answer": found,
        "encoder": encoder,
        "encoder_is_bundled": encoder and is_bundled(encoder),
        "waiting": count_waiting(),
    }


def is_bundled(encoder: Encoder) -> bool:
    return settings.BUNDLED_CHECKPOINTS in Path(encoder.checkpoint).parents


def filters(query: Query) -> dict[str, Any]:
    """What can be filtered by, and what is."""
    return {
        "collections": Collection.objects.all()[:FILTERS_OFFERED],
        "collection": Collection.objects.filter(slug=query.collection).first(),
        "labels": Label.objects.all()[:FILTERS_OFFERED],
    }


def count_waiting() -> int:
    return Embedding.objects.of_serving().waiting().count()
