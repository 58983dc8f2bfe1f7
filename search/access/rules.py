"""What a person may do with a thing: the one question that pages ask.

The answers stand beside the rows, as conditions inside of every statement that reads them
(AssetQuerySet and CollectionQuerySet): what a list leaves out is refused by itself, too.
"""

from typing import Any, Literal

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from search.access.requests import StaffRequest
from search.models import Asset, Collection, Term, User

Deed = Literal["see", "edit"]


def may(user: User | AnonymousUser, deed: Deed, thing: Asset | Collection | Term) -> bool:
    rows: Any = type(thing).objects
    allowed = rows.visible_to(user) if deed == "see" else rows.editable_by(user)
    return allowed.filter(pk=thing.pk).exists()


def about_visible(rows: QuerySet[Any, Any], user: User | AnonymousUser) -> QuerySet[Any, Any]:
    """Those of rows about assets whose asset this person may see."""
    if user.is_superuser:
        return rows.filter(asset__trashed=None)
    return rows.filter(asset__in=Asset.objects.visible_to(user))


def may_download(user: User | AnonymousUser, asset: Asset) -> bool:
    """Whether terms of use let this person have the original of an asset with_clearance()."""
    return asset.is_cleared or may(user, "edit", asset)


def refuse_unless_cleared(user: User | AnonymousUser, asset: Asset) -> None:
    """Raises PermissionDenied."""
    if not may_download(user, asset):
        raise PermissionDenied("This picture is not cleared for use, so it can’t be downloaded.")


def refuse_unless_editable(request: StaffRequest, asset: Asset) -> None:
    """Raises PermissionDenied."""
    if not may(request.user, "edit", asset):
        raise PermissionDenied(
            "Only its owner, and curators who may edit one of its collections, may change this."
        )
