"""The states that an asset may be in, as far as they decide who is answered what about it."""

from collections.abc import Callable
from datetime import timedelta

from django.core.files.base import ContentFile
from django.utils import timezone

from search.library import trash, versions
from search.models import Asset, Collection, Grant, Group, Term, User
from tests.support import pictures
from tests.support.routes import ROLES, Doors
from tests.support.terms import deny

# A viewer and a curator beside the others, of the group that the collection is given to.
MEMBERS = {"member": "viewer", "editor": "curator"}
PEOPLE = (*ROLES, *MEMBERS)


def be_of_a_group(asset: Asset, settings) -> None:
    settings.LIBRARY_OPEN = False
    closed = Collection.objects.create(name="Closed", slug="closed", is_open=False)
    group = Group.objects.get(name="press")
    Grant.objects.create(collection=closed, group=group, level=Grant.Level.CONTRIBUTE)
    closed.assets.add(asset)
    for name in MEMBERS:
        User.objects.get(username=name).groups.add(group)


def be_embargoed(asset: Asset, settings) -> None:
    deny(asset, until=timezone.now() + timedelta(days=1))


def expire(asset: Asset, settings) -> None:
    over = timezone.now() - timedelta(days=1)
    Term.objects.create(asset=asset, effect=Term.Effect.ALLOW, until=over, ends_use=True)


def be_refused(asset: Asset, settings) -> None:
    deny(asset, display=Term.Display.REFUSED)


def lie_in_the_trash(asset: Asset, settings) -> None:
    trash.put(Asset.objects.filter(pk=asset.pk), by=asset.owner)


def be_replaced(asset: Asset, settings) -> None:
    file = ContentFile(pictures.jpeg(colour="blue"), name="new.jpg")
    versions.replace(asset, file, person=asset.owner)


STATES: dict[str, Callable[[Asset, object], None]] = {
    "of a group": be_of_a_group,
    "embargoed": be_embargoed,
    "expired": expire,
    "not cleared": be_refused,
    "in the trash": lie_in_the_trash,
    "replaced": be_replaced,
}


def admit_members(doors: Doors) -> None:
    for name, role in MEMBERS.items():
        person, _ = User.objects.get_or_create(username=name)
        person.role = role
        person.save()
        doors.admit(name, person)
