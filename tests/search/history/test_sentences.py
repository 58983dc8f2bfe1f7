"""Changes as people read them."""

import pytest
from django.contrib.auth.models import Group

from search.history import reading, sentences
from search.history.context import acting
from search.library import trash
from search.models import Asset, AssetLabel, Change, Collection, Grant, Label, Rights, Term, User
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db


def by(name: str = "Ann", page: str = ""):
    return acting(lambda: {"person": {"id": 1, "name": name}, "page": page})


def read(number: int = 1, *, here=None, user: User | None = None) -> list[str]:
    """The last sentences, the newest first."""
    user = user or make_user("admin", staff=True)
    changes, _ = reading.page(reading.visible_to(user), None, number)
    return [line.sentence for line in sentences.lines(changes, user, here=here)]


def last(asset: Asset | None = None, **options) -> str:
    make_user("admin", staff=True)
    here = ("asset", asset.pk) if asset else None
    kinds = Change.objects.exclude(kind="account").order_by("-id")[:1]
    user = User.objects.get(username="admin")
    return sentences.lines(list(kinds), user, here=here)[0].sentence


def test_a_change_of_a_title():
    asset = make_asset(title="Cup")
    with by("Ann"):
        Asset.objects.update(title="Blue cup")
    assert last(asset) == "Ann changed the title from “Cup” to “Blue cup”."
    assert last() == "Ann changed “Blue cup”: the title from “Cup” to “Blue cup”."


def test_several_fields_and_values_that_were_not_there():
    asset = make_asset(title="Cup", description="old")
    with by("Ann"):
        Asset.objects.update(
            description="", taken="2020-05-01T10:00:00Z", taken_source="person", title="Mug"
        )
    assert last(asset) == (
        "Ann changed the title from “Cup” to “Mug”, the description from “old” to nothing"
        " and the date taken to 1 May 2020, 10:00."
    )


def test_a_long_value_is_shortened():
    asset = make_asset(description="")
    with by("Ann"):
        Asset.objects.update(description="word " * 100)
    assert len(last(asset)) < 130 and last(asset).endswith("word…”.")


def test_a_value_from_right_to_left_does_not_turn_the_sentence():
    asset = make_asset(title="Cup")
    with by("Ann"):
        Asset.objects.update(title="כוס")
    assert last(asset) == "Ann changed the title from “Cup” to “\u2068כוס\u2069”."


def test_an_owner_is_named():
    asset = make_asset()
    with by("Ann"):
        Asset.objects.update(owner=make_user("ben"))
    assert last(asset) == "Ann changed the owner from “owner” to “ben”."


def test_the_trash():
    asset = make_asset()
    with by("Ann"):
        trash.put(Asset.objects.all(), by=make_user())
    assert last(asset) == "Ann moved it to the trash."


def test_labels():
    asset, red = make_asset(title="Cup"), Label.objects.create(name="red")
    with by("Ann"):
        AssetLabel.objects.create(asset=asset, label=red)
    assert last(asset) == "Ann gave it the label “red”."
    with by("Ann"):
        AssetLabel.objects.all().delete()
    assert last() == "Ann took the label “red” from “Cup”."


def test_a_bulk_action_says_of_how_many():
    first, second = make_asset(), make_asset()
    with by("Ann"):
        Collection.objects.create(name="Spring", slug="spring").assets.add(first, second)
    assert last(first if last(first).startswith("Ann added it") else second) == (
        "Ann added it to the collection “Spring” by a bulk action of 2 assets."
    )


def test_what_is_deleted_has_its_last_name():
    asset, spring = make_asset(), Collection.objects.create(name="Spring", slug="spring")
    spring.assets.add(asset)
    Collection.objects.update(name="Summer")
    spring.delete()
    links = list(Change.objects.filter(kind="in_collection"))
    user = make_user("admin", staff=True)
    assert sentences.lines(links, user)[0].sentence == (
        "Somebody, in the database itself, added “barn” to the collection “Summer”."
    )


def test_rights_of_groups_and_people():
    spring, press = Collection.objects.create(name="Spring"), Group.objects.create(name="Press")
    with by("Ann"):
        Grant.objects.create(collection=spring, group=press, level="manage")
    assert last() == (
        "Ann gave the group “Press” a grant to the collection “Spring”: “may manage it”."
    )
    with by("Ann"):
        make_user("ben").groups.add(press)
    assert last() == "Ann put “ben” into the group “Press”."


def test_terms_and_rights_are_said_as_they_stand():
    asset = make_asset()
    with by("Ann"):
        Term.objects.create(asset=asset, effect="deny", reason="embargo")
    assert last(asset) == "Ann set a use term of it: “May not be used”."
    with by("Ann"):
        Rights.objects.create(asset=asset, creator="Eve")
    assert last(asset) == "Ann stated the rights in it: creator “Eve”."


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ({"command": "ingest"}, "The command ingest"),
        ({"task": "look_around"}, "The task look_around"),
        ({"person": None, "page": "x"}, "Somebody who had not signed in"),
    ],
)
def test_who_else_it_may_have_been(who, words):
    asset = make_asset(title="Cup")
    with acting(lambda: who):
        Asset.objects.update(title="Mug")
    assert last(asset) == f"{words} changed the title from “Cup” to “Mug”."


def test_whoever_was_deleted_is_named_as_they_were():
    asset, ann = make_asset(title="Cup"), make_user("ann")
    with by("ann"):
        Asset.objects.update(title="Mug")
    ann.delete()
    assert last(asset).startswith("ann changed")


def test_a_field_that_is_no_more_has_a_sentence():
    asset = make_asset()
    Change.objects.filter(asset=asset.pk).update(
        deed="update", before={"old_field": 1}, after={"old_field": 2}
    )
    assert "changed the old field from “1” to “2”" in last(asset)


def test_a_closed_collection_is_not_named_to_those_who_do_not_see_it(settings):
    asset, closed = make_asset(), Collection.objects.create(name="Secret", is_open=False)
    curator = make_user("curator", role="curator")
    closed.assets.add(asset)
    changes = reading.of("asset", asset.pk, curator)
    assert not changes.filter(kind="in_collection").exists()
    assert reading.of("asset", asset.pk, make_user("admin", staff=True)).filter(
        kind="in_collection"
    )


def test_nobody_but_administrators_reads_of_accounts():
    make_user("ben")
    curator, admin = make_user("curator", role="curator"), make_user("admin", staff=True)
    assert not reading.visible_to(curator).filter(kind="account").exists()
    assert reading.visible_to(admin).filter(kind="account").exists()
