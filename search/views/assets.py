"""An asset's page and its files."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from search.access.requests import PageRequest, open_where_search_is_public, sealed
from search.library import label_suggestions
from search.models import Asset, AssetLabel, Embedding, User
from search.models.asset import AssetQuerySet
from search.query import Answer, Example, Query, answer
from search.views import duplicates

SIMILAR = 12
# Between two looks for a rendition that is still to be made, in seconds.
FIRST_PAUSE, LONGEST_PAUSE = 2, 32


@require_safe
@open_where_search_is_public
def asset(request: PageRequest, pk: UUID) -> HttpResponse:
    embeddings = Prefetch("embeddings", Embedding.objects.select_related("encoder").defer("vector"))
    given = AssetLabel.objects.filter(source=AssetLabel.Source.PERSON).select_related("label")
    labels = Prefetch("asset_labels", given.order_by("label__name"), to_attr="labels_given")
    shown = _visible(request, pk, embeddings, "collections", labels)
    similar = _similar(shown, request.user)
    waits = any(embedding.state == "waiting" for embedding in shown.embeddings.all())
    page = {"asset": shown, "answer": similar, "is_waiting": waits}
    page["suggestions"] = label_suggestions.suggestions(shown)
    page |= duplicates.of_asset(shown, request.user)
    return render(request, "asset/asset.html", page)


@require_safe
@open_where_search_is_public
def picture(request: PageRequest, pk: UUID, spec: str) -> HttpResponse:
    """A rendition's place on a page: asked for after ever longer pauses until it is made."""
    paused = request.GET.get("pause", "")
    pause = min(2 * int(paused), LONGEST_PAUSE) if paused.isdecimal() else FIRST_PAUSE
    shown = {"asset": _visible(request, pk), "spec": spec, "pause": pause}
    return render(request, "asset/_picture_again.html", shown)


@require_safe
@open_where_search_is_public
def rendition(request: PageRequest, pk: UUID, spec: str) -> HttpResponseBase:
    made = _visible(request, pk).rendition(spec)
    if made is None:
        raise Http404(f"The {spec} of this asset is not made yet.")
    # Whoever remakes it gives the file another random name.
    if unchanged := get_conditional_response(request, etag=f'"{made.file.name}"'):
        return unchanged
    response = FileResponse(_opened(made.file), content_type="image/jpeg")
    response["ETag"] = f'"{made.file.name}"'
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return sealed(response)


@require_safe
@open_where_search_is_public
def original(request: PageRequest, pk: UUID) -> HttpResponseBase:
    """The bytes as uploaded, to keep and never to show: what they hold is a stranger's."""
    shown = _visible(request, pk)
    response = FileResponse(
        _opened(shown.original),
        as_attachment=True,
        filename=shown.filename,
        content_type=shown.content_type,
    )
    response["Cache-Control"] = "private, max-age=86400"
    return sealed(response)


def like(shown: Asset) -> Query:
    """What is nearest to an asset, whether it matches or not: the page says so of none of it."""
    return Query(like=(Example(asset=shown.pk),), everything=True)


def _similar(shown: Asset, user: User | AnonymousUser) -> Answer:
    """The nearest of the others; its near-duplicates stand by themselves on its page."""
    # They come as one hit.
    found = answer(like(shown), user, size=SIMILAR + 1)
    others = [hit for hit in found.hits if shown.cluster is None or hit.cluster != shown.cluster]
    found.hits, found.has_more = others[:SIMILAR], found.has_more or len(others) > SIMILAR
    return found


def _visible(request: PageRequest, pk: UUID, *related: str | Prefetch) -> Asset:
    assets: AssetQuerySet = Asset.objects.visible_to(request.user).select_related("owner")
    return get_object_or_404(assets.prefetch_related("renditions", *related), pk=pk)


def _opened(file: FieldFile) -> FieldFile:
    try:
        return file.open()
    except FileNotFoundError:
        raise Http404("The file is missing from the storage.") from None
