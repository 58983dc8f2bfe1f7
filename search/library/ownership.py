"""Ownership: what an account leaves to another, before it is deleted or without."""

from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from search.models import (
    Asset,
    Departure,
    Grant,
    Judgement,
    Preference,
    SavedSearch,
    TrainingRun,
    User,
)
from search.models.asset import AssetQuerySet
from search.refusals import Refusal

# Maximum of assets of one statement, since triggers note each change and its terms: 5,000 took 6 to
# 8 s on a busy machine, 100,000 61 s, and a statement of the site may take 15.
STEP = 2_000
LEVELS = Grant.Level.values
# What is equal, of two judgements or preferences, where one person may have but one.
OF_ONE_PERSON: dict[type[Any], tuple[str, ...]] = {
    Judgement: ("query", "asset"),
    Preference: ("query", "left", "right"),
}


class BothHave(Refusal):
    """Some files stay with whoever was to leave, since the heir has the same."""


class Belongings(NamedTuple):
    """How much of each kind an account has."""

    assets: int
    in_trash: int
    shared: int
    private: int
    grants: int
    trainings: int
    judgements: int


def belongings(person: User) -> Belongings:
    searches = SavedSearch.objects.filter(owner=person)
    return Belongings(
        assets=Asset.everything.filter(owner=person).count(),
        in_trash=Asset.everything.in_trash().filter(owner=person).count(),
        shared=searches.filter(shared=True).count(),
        private=searches.filter(shared=False).count(),
        grants=Grant.objects.filter(person=person).count(),
        trainings=TrainingRun.objects.filter(person=person).count(),
        judgements=sum(kind.objects.filter(person=person).count() for kind in OF_ONE_PERSON),
    )


def both_have(person: User, to: User) -> int:
    """How many assets of a person the other has, too: of one owner no two have the same bytes."""
    return Asset.objects.filter(owner=person, sha256__in=_files(to)).count()


def hand_over(person: User, to: User) -> int:
    """Make another account the owner of all that a person has, but for searches of their own.

    What the other one has too, a file or a shared search of the same name, stays where it is: each
    has words of its own. What lies in the trash goes to the other in any case. Returns the number
    of assets that stay.
    """
    with transaction.atomic():
        for assets in _movable(person, to):
            assets.update(owner=to)
        hand_over_rest(person, to)
    return Asset.objects.filter(owner=person).count()


def hand_over_some(person: User, to: User) -> int:
    """Hand over at most STEP assets; how many it were."""
    for assets in _movable(person, to):
        pks = list(assets.values_list("pk", flat=True)[:STEP])
        if pks:
            return Asset.everything.filter(pk__in=pks, owner=person).update(owner=to)
    return 0


def hand_over_rest(person: User, to: User) -> None:
    """All but assets: shared searches, grants, trainings, and what was judged."""
    names = SavedSearch.objects.filter(owner=to).values("name")
    shared = SavedSearch.objects.filter(owner=person, shared=True)
    shared.exclude(name__in=names).update(owner=to)
    TrainingRun.objects.filter(person=person).update(person=to)
    for grant in Grant.objects.filter(person=person).order_by("pk"):
        _give(grant, to)
    for kind, fields in OF_ONE_PERSON.items():
        same = kind.objects.filter(person=to, **{field: OuterRef(field) for field in fields})
        kind.objects.filter(~Exists(same), person=person).update(person=to)


def depart(departure: Departure) -> bool:
    """Take a step of a departure; whether it is over. Raises BothHave before it deletes.

    The last step is one transaction: what is left, and what becomes of the account.
    """
    if hand_over_some(departure.person, departure.heir):
        return False
    with transaction.atomic():
        # Whoever leaves has uploaded nothing since, unless they stay.
        stay = hand_over(departure.person, departure.heir)
        if departure.then == Departure.Then.DELETED:
            if stay:
                raise BothHave("both_have", heir=str(departure.heir), number=stay)
            departure.person.delete()
        departure.mine().delete()
    return True


def begin(departure: Departure) -> bool:
    """Have an account leave: at once, where it has little; else store the row that is owed.

    Whether it is over. From now on the account can't sign in, unless it stays. Raises BothHave.
    """
    with transaction.atomic():
        number = both_have(departure.person, departure.heir)
        if number and departure.then == Departure.Then.DELETED:
            raise BothHave("both_have", heir=str(departure.heir), number=number)
        if departure.then != Departure.Then.STAYS:
            User.objects.filter(pk=departure.person.pk).update(is_active=False)
        Departure.objects.filter(person=departure.person).delete()
        departure.save()
        if Asset.everything.filter(owner=departure.person).count() > STEP:
            return False
        hand_over(departure.person, departure.heir)
        if departure.then == Departure.Then.DELETED:
            departure.person.delete()
        else:
            departure.delete()
    return True


def _movable(person: User, to: User) -> list[AssetQuerySet]:
    theirs = Asset.objects.filter(owner=person).exclude(sha256__in=_files(to))
    return [theirs, Asset.everything.in_trash().filter(owner=person)]


def _files(person: User) -> QuerySet[Any, Any]:
    return Asset.objects.filter(owner=person).values("sha256")


def _give(grant: Grant, to: User) -> None:
    """Give a grant to somebody, who may have one to the same collection: the higher one stays."""
    theirs = Grant.objects.filter(person=to, collection=grant.collection).first()
    if theirs is None:
        Grant.objects.filter(pk=grant.pk).update(person=to)
        return
    if LEVELS.index(grant.level) > LEVELS.index(theirs.level):
        Grant.objects.filter(pk=theirs.pk).update(level=grant.level)
    grant.delete()
