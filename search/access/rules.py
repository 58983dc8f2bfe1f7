"""What a person may do with a thing: the one question that pages ask.

The answers stand beside the rows, as conditions inside of every statement that reads them
(AssetQuerySet and CollectionQuerySet): what a list leaves out is refused by itself, too.
"""

from typing import Any, Literal

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from search.access.requests import StaffRequest
from search.models import Asset, Collection, User

Deed = Literal["see", "edit"]


def may(user: User | AnonymousUser, deed: Deed, thing: Asset | Collection) -> bool:
    rows: Any = type(thing).objects
    allowed = rows.visible_to(user) if deed == "see" else rows.editable_by(user)
    return allowed.filter(pk=thing.pk).exists()


def refuse_unless_editable(request: StaffRequest, asset: Asset) -> None:
    """Raises PermissionDenied."""
    if not may(request.user, "edit", asset):
        raise PermissionDenied("Only those who may edit one of its collections may change this.")
