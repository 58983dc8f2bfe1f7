"""What a person may do with a thing: the one question that pages ask.

The answers stand beside the rows, as conditions inside of every statement that reads them
(AssetQuerySet and CollectionQuerySet): what a list leaves out is refused by itself, too.
"""

from typing import Any, Literal

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from search.access.requests import StaffRequest
from search.models import Asset, Collection, User
from search.models.audience import sees_all

Deed = Literal["see", "edit"]


def may(user: User | AnonymousUser, deed: Deed, thing: Asset | Collection) -> bool:
    rows: Any = type(thing).objects
    allowed = rows.visible_to(user) if deed == "see" else rows.editable_by(user)
    return allowed.filter(pk=thing.pk).exists()


def about_visible(rows: QuerySet[Any, Any], user: User | AnonymousUser) -> QuerySet[Any, Any]:
    """Those of rows about assets whose asset this person may see."""
    return rows if sees_all(user) else rows.filter(asset__in=Asset.objects.visible_to(user))


def refuse_unless_editable(request: StaffRequest, asset: Asset) -> None:
    """Raises PermissionDenied."""
    if not may(request.user, "edit", asset):
        raise PermissionDenied("Only those who may edit one of its collections may change this.")
