"""The near-duplicates of an asset on its page, and what staff say of them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from search.access.requests import StaffRequest, for_staff
from search.library import near_duplicates
from search.models import Asset, User

SHOWN = 24


def of_asset(asset: Asset, user: User | AnonymousUser) -> dict[str, Any]:
    """What the page of an asset shows of those that look like it, and staff of those that only do.

    Of many the oldest, and whether there are more.
    """
    found = near_duplicates.of(asset).visible_to(user).select_related("owner")
    shown = list(found.prefetch_related("renditions")[: SHOWN + 1])
    told_apart = near_duplicates.told_apart(asset).visible_to(user) if user.is_staff else []
    return {
        "near_duplicates": shown[:SHOWN],
        "has_more_duplicates": len(shown) > SHOWN,
        "told_apart": told_apart,
    }


@require_POST
@for_staff("say what is no duplicate")
def tell_apart(request: StaffRequest, pk: UUID) -> HttpResponse:
    def say(asset: Asset, other: Asset) -> None:
        near_duplicates.tell_apart(asset, other, person=request.user)

    return _said(request, pk, say)


@require_POST
@for_staff("take back what was said of duplicates")
def take_back(request: StaffRequest, pk: UUID) -> HttpResponse:
    return _said(request, pk, near_duplicates.take_back)


def _said(request: StaffRequest, pk: UUID, say: Callable[[Asset, Asset], None]) -> HttpResponse:
    seen = Asset.objects.visible_to(request.user)
    asset = get_object_or_404(seen, pk=pk)
    say(asset, get_object_or_404(seen.exclude(pk=pk), pk=_other(request)))
    return redirect(f"{asset.get_absolute_url()}#near-duplicates")


def _other(request: StaffRequest) -> UUID:
    try:
        return UUID(request.POST.get("other", ""))
    except ValueError:
        raise Http404("There is no such asset.") from None
