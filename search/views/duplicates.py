"""What staff decide about the near-duplicates of an asset."""

from collections.abc import Callable
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from search.access.requests import StaffRequest, for_staff
from search.access.rules import refuse_unless_editable
from search.library import near_duplicates
from search.models import Asset


@require_POST
@for_staff("say what is no duplicate")
def tell_apart(request: StaffRequest, pk: UUID) -> HttpResponse:
    def decide(asset: Asset, other: Asset) -> None:
        near_duplicates.tell_apart(asset, other, person=request.user)

    return _decide(request, pk, decide)


@require_POST
@for_staff("take back what was said of duplicates")
def take_back(request: StaffRequest, pk: UUID) -> HttpResponse:
    return _decide(request, pk, near_duplicates.take_back)


def _decide(
    request: StaffRequest, pk: UUID, decide: Callable[[Asset, Asset], None]
) -> HttpResponse:
    visible = Asset.objects.visible_to(request.user)
    asset = get_object_or_404(visible, pk=pk)
    refuse_unless_editable(request, asset)
    decide(asset, get_object_or_404(visible.exclude(pk=pk), pk=_other(request)))
    return redirect(f"{asset.get_absolute_url()}#near-duplicates")


def _other(request: StaffRequest) -> UUID:
    try:
        return UUID(request.POST.get("other", ""))
    except ValueError:
        raise Http404("There is no such asset.") from None
