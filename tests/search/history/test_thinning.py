"""What stays of history that is old."""

from datetime import timedelta

import pghistory.models
import pytest
from django.utils import timezone

from search.history import sentences
from search.history.context import acting
from search.history.thinning import PARTS, thin
from search.models import Asset, Change, User
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db


def thin_all() -> None:
    for hour in range(PARTS):
        thin(hour)


def retitle(asset: Asset, title: str, *, days: int) -> None:
    """A change of a title, so many days ago."""
    with acting(lambda: {"person": {"id": 1, "name": "Ann"}}):
        Asset.objects.filter(pk=asset.pk).update(title=title)
    age(Change.objects.filter(pk=Change.objects.latest("id").pk), days)


def age(changes, days: int) -> None:
    # The 15th: all of one call are of one month.
    then = (timezone.now() - timedelta(days=days)).replace(day=15)
    contexts = pghistory.models.Context.objects.filter(changes__in=changes)
    contexts.update(created_at=then)
    changes.update(at=then)


def titles() -> list[str]:
    kept = Change.objects.filter(deed="update").order_by("id")
    return [change.after["title"] for change in kept]


def test_of_each_month_the_last_change_of_a_row_stays(settings):
    settings.HISTORY_DAYS = 100
    cup, jug = make_asset(), make_asset()
    for title, days in (("a", 400), ("b", 400), ("c", 300), ("d", 20), ("e", 20)):
        retitle(cup, title, days=days)
    retitle(jug, "f", days=400)
    thin_all()
    assert titles() == ["b", "c", "d", "e", "f"]
    thin_all()
    assert titles() == ["b", "c", "d", "e", "f"]


def test_who_made_it_is_forgotten_with_the_context(settings):
    settings.HISTORY_DAYS = 100
    cup = make_asset(title="Cup")
    retitle(cup, "Mug", days=400)
    retitle(cup, "Jug", days=20)
    thin_all()
    old, new = Change.objects.filter(deed="update").order_by("id")
    assert (old.context_id, new.context.metadata["person"]["name"]) == (None, "Ann")
    assert pghistory.models.Context.objects.count() == 1
    line = sentences.lines([old], make_user("admin", staff=True))[0]
    assert line.sentence.startswith("Somebody changed “Jug”: the title")


def test_of_accounts_nothing_that_is_old_stays(settings):
    settings.HISTORY_DAYS = 100
    make_user("ben")
    age(Change.objects.all(), 400)
    thin_all()
    assert not Change.objects.exists()


def test_names_and_address_of_a_deleted_account_go_at_once():
    ben = User.objects.create(username="ben", email="ben@example.org", first_name="Ben")
    User.objects.create(username="ann", email="ann@example.org")
    pk = ben.pk
    ben.delete()
    thin(0)
    of_ben, of_ann = Change.objects.filter(person=pk), Change.objects.exclude(person=pk)
    assert all("email" not in (c.before or c.after) for c in of_ben)
    assert {(c.before or c.after)["username"] for c in of_ben} == {"ben"}
    assert all("email" in (c.before or c.after) for c in of_ann)
