"""Ownership: what an account leaves to another before it is deleted."""

from django.db import transaction

from search.models import Asset, SavedSearch, User


def hand_over(person: User, to: User) -> int:
    """Make another account the owner of a person's assets, and of the searches that they share.

    What the other one has too, a file or a shared search of the same name, stays where it is: two
    assets of one owner never have the same bytes, and each has words of its own. What lies in the
    trash goes to the other in any case. Returns the number of assets that stay.
    """
    with transaction.atomic():
        originals = Asset.objects.filter(owner=to).values("sha256")
        Asset.objects.filter(owner=person).exclude(sha256__in=originals).update(owner=to)
        Asset.everything.in_trash().filter(owner=person).update(owner=to)
        names = SavedSearch.objects.filter(owner=to).values("name")
        shared = SavedSearch.objects.filter(owner=person, shared=True)
        shared.exclude(name__in=names).update(owner=to)
    return Asset.objects.filter(owner=person).count()
