"""What several views show: the search page, a query above its hits, the status of a refusal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

from search.access.requests import sealed
from search.access.rules import about_visible
from search.disk import DiskFull
from search.formats.limits import TooLarge
from search.formats.sniff import UndecodableImage, UnsupportedFormat
from search.forms import SearchForm
from search.library import sample_catalogue
from search.models import Asset, Collection, Embedding, Encoder, Rendition, Term, User
from search.query import Answer, Example, Query, Sort, remembered_picture, spelling
from search.query.facets import FACETS


class QueryExample(NamedTuple):
    """An example of a query as the pages show it."""

    example: Example
    asset: Asset | None
    against: bool
    has_picture: bool  # Query pictures are forgotten after a while.

    @property
    def id(self) -> str:
        return str(self.example)


def search_page(form: SearchForm, answer: Answer | None = None) -> dict[str, Any]:
    """What the search page shows, its hits and what stands around them."""
    encoder = answer.encoder if answer else Encoder.objects.serving()
    # Of a query that can't be read the page keeps what can.
    query = form.query() if form.is_bound else Query()
    return query_line(query, form.user) | {
        "form": form,
        "answer": answer,
        "encoder": encoder,
        "encoder_is_bundled": encoder and is_bundled(encoder),
        "correction": _correction(answer, form.user) if answer else None,
        "sorts": list(Sort),
        "facet_names": FACETS,
        **progress(form.user),
    }


def query_line(query: Query, user: User | AnonymousUser) -> dict[str, Any]:
    """The query as it stands above the hits."""
    names = collection_names(query, user)
    return {
        "query": query,
        "examples": examples(query, user),
        "collection_names": names,
        "filter_names": filter_names(query, names),
    }


def examples(query: Query, user: User | AnonymousUser) -> list[QueryExample]:
    """The examples with their assets, those for before those against."""
    ids = [example.asset for example in query.pictures() if example.asset]
    visible = Asset.objects.visible_to(user).prefetch_related("renditions")
    assets = visible.in_bulk(ids) if ids else {}
    return [
        QueryExample(example, assets.get(example.asset), against, _has_picture(example, user))
        for against, examples in ((False, query.like), (True, query.unlike))
        for example in examples
    ]


def collection_names(query: Query, user: User | AnonymousUser) -> dict[str, str]:
    """The names of the collections that are filtered by, by slug."""
    slugs = [*query.values("collection"), *query.values("any_collection")]
    named = Collection.objects.visible_to(user).filter(slug__in=slugs)
    return dict(named.values_list("slug", "name") if slugs else ())


def filter_names(query: Query, collections: Mapping[str, str]) -> str:
    """What a query by filters alone is called: the names that it leaves, as "Travel, red"."""
    each = ((name.removeprefix("any_"), value) for name, value in query.filters)
    wanted = [(name, value) for name, value in each if name in FACETS]
    return ", ".join(collections.get(v, v) if n == "collection" else v for n, v in wanted)


def refusal_status(refusal: UndecodableImage | DiskFull) -> int:
    """The HTTP status of a page that refuses a picture."""
    if isinstance(refusal, DiskFull):
        return 507
    if isinstance(refusal, TooLarge):
        return 413
    return 415 if isinstance(refusal, UnsupportedFormat) else 400


def is_bundled(encoder: Encoder) -> bool:
    return settings.BUNDLED_CHECKPOINTS in Path(encoder.checkpoint).parents


def terms_of(asset: Asset, *, with_reasons: bool) -> list[Term]:
    """What is said of the use of an asset with `collections`: all of it with its reasons to those
    who may edit it, the worst first; to others what is in force elsewhere than here."""
    terms: Any = Term.objects.of(asset).with_states()
    if not with_reasons:
        return list(terms.in_force().filter(kind=Term.Kind.USE, denies=False))
    names = {collection.pk: collection.name for collection in asset.collections.all()}
    ordered = list(terms.select_related("document").order_by("-denies", "state", "until", "pk"))
    for term in ordered:
        term.through = _through(term, names)
    return ordered


def _through(term: Term, names: Mapping[int, str]) -> str:
    """By what a term that is not the asset's own concerns it, of what this person may see."""
    if term.collection_id:
        name = names.get(term.collection_id)
        return f"all in “{name}”" if name else "all in one of its collections"
    return "all that its owner uploads" if term.uploader_id else ""


def progress(user: User | AnonymousUser) -> dict[str, Any]:
    """What cannot be found yet: how far the sample catalogue is, else how many assets wait."""
    catalogue = sample_catalogue.progress()
    waiting = about_visible(Embedding.objects.of_serving().waiting(), user)
    return {"catalogue": catalogue, "waiting": 0 if catalogue else waiting.count()}


def _correction(answer: Answer, user: User | AnonymousUser) -> Query | None:
    """The query as it may have been meant, where its words bring up nothing that surely fits."""
    fits = any(hit.match == "strong" for hit in answer.hits)
    may_be_wrong = answer.query.text and answer.page == 1 and not fits
    return spelling.correction(answer.query, user) if may_be_wrong else None


def _has_picture(example: Example, user: User | AnonymousUser) -> bool:
    return bool(example.asset) or remembered_picture(example.picture, user) is not None


def rendition_response(request: HttpRequest, rendition: Rendition) -> HttpResponseBase:
    # Whoever remakes it gives the file another random name.
    if unchanged := get_conditional_response(request, etag=f'"{rendition.file.name}"'):
        return unchanged
    response = FileResponse(open_file(rendition.file), content_type="image/jpeg")
    response["ETag"] = f'"{rendition.file.name}"'
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return sealed(response)


def open_file(file: FieldFile) -> FieldFile:
    try:
        return file.open()
    except FileNotFoundError:
        raise Http404("The file is missing from the storage.") from None
