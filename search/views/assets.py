"""An asset's page and its files."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from search.access.requests import PageRequest, Response, open_where_search_is_public, sealed
from search.access.rules import may, refuse_unless_cleared
from search.formats.public_copy import Part, copy, public_parts, size_of
from search.formats.sniff import UndecodableImage
from search.history import reading, sentences
from search.library import label_suggestions, near_duplicates
from search.models import Asset, AssetLabel, Collection, Embedding, User
from search.models.asset import AssetQuerySet
from search.pages import open_file, rendition_response, terms_of
from search.query import Answer, Example, Query, answer

# Maximum of similar assets, and of near-duplicates, on an asset's page.
SIMILAR, DUPLICATES = 12, 24
# Changes that an asset's page shows; its history has the others.
CHANGES = 5
# Seconds between two requests for a rendition that is still to be made.
FIRST_PAUSE, LONGEST_PAUSE = 2, 32


@require_safe
@open_where_search_is_public
def asset(request: PageRequest, pk: UUID) -> HttpResponse:
    embeddings = Prefetch("embeddings", Embedding.objects.select_related("encoder").defer("vector"))
    of_people = AssetLabel.objects.filter(source=AssetLabel.Source.PERSON).select_related("label")
    labels = Prefetch("asset_labels", of_people.order_by("label__name"), to_attr="labels_given")
    collections = Prefetch("collections", Collection.objects.visible_to(request.user))
    asset = _visible(request, pk, embeddings, collections, labels, joined=["rights__licence"])
    similar = _similar(asset, request.user)
    waits = any(embedding.state == "waiting" for embedding in asset.embeddings.all())
    page = {"asset": asset, "answer": similar, "is_waiting": waits}
    may_edit = may(request.user, "edit", asset)
    page |= {"may_edit": may_edit, "may_download": asset.is_cleared or may_edit}
    page["terms"] = terms_of(asset, with_reasons=may_edit)
    page["suggestions"] = label_suggestions.of(asset)
    page |= _near_duplicates(asset, request.user)
    if page["may_edit"]:
        page |= _history(asset, request.user)
    return render(request, "asset/asset.html", page)


@require_safe
@open_where_search_is_public
def picture(request: PageRequest, pk: UUID, spec: str) -> HttpResponse:
    """A rendition's place on a page: requested after ever longer pauses until it is made."""
    last_pause = request.GET.get("pause", "")
    pause = min(2 * int(last_pause), LONGEST_PAUSE) if last_pause.isdecimal() else FIRST_PAUSE
    context = {"asset": _visible(request, pk), "spec": spec, "pause": pause}
    return render(request, "asset/_picture_again.html", context)


@require_safe
@open_where_search_is_public
def rendition(request: PageRequest, pk: UUID, spec: str) -> HttpResponseBase:
    rendition = _visible(request, pk).rendition(spec)
    if rendition is None:
        raise Http404(f"The {spec} of this asset is not made yet.")
    return _of_now(request, rendition.asset, rendition_response(request, rendition))


@require_safe
@open_where_search_is_public
def original(request: PageRequest, pk: UUID) -> HttpResponseBase:
    """The original as a download and never inline, since its content is not trusted.

    For those who neither own nor look after it, without what it says beside its pixels.
    """
    asset = _visible(request, pk)
    refuse_unless_cleared(request.user, asset)
    file = open_file(asset.original)
    response: FileResponse | StreamingHttpResponse = (
        FileResponse(file) if asset.is_whole_for(request.user) else _public_copy(asset, file)
    )
    response["Content-Type"] = asset.content_type
    response["Content-Disposition"] = content_disposition_header(True, asset.download_name)
    response["Cache-Control"] = "private, max-age=86400"
    patch_vary_headers(response, ["Cookie"])  # One address, two answers.
    return sealed(_of_now(request, asset, response))


def _of_now(request: PageRequest, asset: Asset, response: Response) -> Response:
    """Kept for a while only at an address that no other version of the asset has."""
    if request.GET.urlencode() != asset.version_query.removeprefix("?"):
        response["Cache-Control"] = "private, no-cache"
    return response


def _public_copy(asset: Asset, file: FieldFile) -> StreamingHttpResponse:
    try:
        with file:
            parts = public_parts(file, asset.format)
    except UndecodableImage as refusal:
        raise PermissionDenied(str(refusal)) from None
    response = StreamingHttpResponse(_pieces(asset, parts))
    response["Content-Length"] = size_of(parts)
    return response


def _pieces(asset: Asset, parts: list[Part]) -> Iterator[bytes]:
    with asset.original.open() as file:
        yield from copy(file, parts)


def like(asset: Asset) -> Query:
    """The query for what is nearest to an asset, whether it matches or not."""
    return Query(like=(Example(asset=asset.pk),), everything=True)


def _similar(asset: Asset, user: User | AnonymousUser) -> Answer:
    """The nearest other assets, without its near-duplicates, which have their own section."""
    # They come as one hit.
    nearest = answer(like(asset), user, size=SIMILAR + 1)
    others = [h for h in nearest.hits if asset.cluster is None or h.asset.cluster != asset.cluster]
    has_more = nearest.has_more or len(others) > SIMILAR
    return replace(nearest, hits=tuple(others[:SIMILAR]), has_more=has_more)


def _near_duplicates(asset: Asset, user: User | AnonymousUser) -> dict[str, Any]:
    """The oldest near-duplicates of an asset, and whether there are more.

    Staff also get the assets that a person has ruled out.
    """
    duplicates = near_duplicates.of(asset).visible_to(user).select_related("owner")
    oldest = list(duplicates.prefetch_related("renditions")[: DUPLICATES + 1])
    ruled_out = near_duplicates.not_duplicates_of(asset).visible_to(user) if user.is_staff else []
    return {
        "near_duplicates": oldest[:DUPLICATES],
        "has_more_duplicates": len(oldest) > DUPLICATES,
        "not_duplicates": ruled_out,
    }


def _history(asset: Asset, user: User | AnonymousUser) -> dict[str, Any]:
    """The last changes of an asset, and whether there are more."""
    changes, has_more = reading.page(reading.of("asset", asset.pk, user), None, CHANGES)
    lines = sentences.lines(changes, user, here=("asset", asset.pk))
    return {"history": lines, "has_more_history": has_more}


def _visible(
    request: PageRequest, pk: UUID, *related: str | Prefetch, joined: Sequence[str] = ()
) -> Asset:
    assets: AssetQuerySet = Asset.objects.visible_to(request.user).with_clearance()
    assets = assets.select_related("owner", *joined)
    return get_object_or_404(assets.prefetch_related("renditions", *related), pk=pk)
