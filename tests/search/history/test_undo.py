"""What is taken back, and what is left alone."""

import pytest
from django.contrib.auth.models import Group

from search.history.context import acting
from search.history.undo import (
    BACK,
    CHANGED,
    CONFLICTS,
    FINAL,
    FORBIDDEN,
    GONE,
    MOVED,
    ORPHANED,
    USED,
    undo,
)
from search.library import label_suggestions, trash
from search.library.merging import merge_labels
from search.models import (
    Asset,
    AssetLabel,
    Change,
    Collection,
    Grant,
    Label,
    Rejection,
    User,
)
from tests.support.factories import make_asset, make_assets, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    return make_user("admin", staff=True)


class Deed:
    """What was changed within, as one bulk action."""

    def __init__(self) -> None:
        self.context = acting(lambda: {"command": "test"})

    def __enter__(self):
        self.before = Change.objects.order_by("-id").values_list("id", flat=True).first() or 0
        self.context.__enter__()
        return self

    def __exit__(self, *error):
        self.context.__exit__(*error)
        self.changes = list(Change.objects.filter(id__gt=self.before))

    def undo(self, user) -> tuple[int, list[str]]:
        outcome = undo(self.changes, user)
        return outcome.undone, [left.reason for left in outcome.left]


def test_a_title_is_what_it_was(admin):
    asset = make_asset(title="Cup")
    with Deed() as deed:
        Asset.objects.update(title="Mug")
    assert deed.undo(admin) == (1, [])
    assert Asset.objects.get(pk=asset.pk).title == "Cup"


def test_an_undoing_is_undone(admin):
    asset = make_asset(title="Cup")
    with Deed() as deed:
        Asset.objects.update(title="Mug")
    with Deed() as undoing:
        deed.undo(admin)
    assert undoing.undo(admin) == (1, [])
    assert Asset.objects.get(pk=asset.pk).title == "Mug"


def test_of_a_bulk_action_what_was_changed_since_is_left_alone(admin):
    assets = make_assets([{"title": "Cup"}, {"title": "Jug"}, {"title": "Pot"}])
    with Deed() as deed:
        Asset.objects.update(title="Mug", taken="2020-01-01T00:00:00Z")
    Asset.objects.filter(pk=assets[1].pk).update(title="Vase")
    assert deed.undo(admin) == (2, [CHANGED])
    titles = Asset.objects.values_list("title", "taken__year").order_by("title")
    assert list(titles) == [("Cup", None), ("Pot", None), ("Vase", 2020)]


def test_what_is_changed_twice_goes_back_to_the_beginning(admin):
    make_asset(title="Cup")
    with Deed() as deed:
        Asset.objects.update(title="Mug")
        Asset.objects.update(title="Vase")
    assert deed.undo(admin) == (2, [])
    assert Asset.objects.get().title == "Cup"


def test_links_that_were_made_go_and_those_that_went_come_back(admin):
    asset, spring = make_asset(), Collection.objects.create(name="Spring")
    with Deed() as deed:
        spring.assets.add(asset)
    assert deed.undo(admin) == (1, [])
    assert not spring.assets.exists()
    spring.assets.add(asset)
    with Deed() as deed:
        spring.assets.clear()
    assert deed.undo(admin) == (1, [])
    assert list(spring.assets.all()) == [asset]


def test_a_link_that_is_there_again_is_left_alone(admin):
    asset, spring = make_asset(), Collection.objects.create(name="Spring")
    spring.assets.add(asset)
    with Deed() as deed:
        spring.assets.clear()
    spring.assets.add(asset)
    assert deed.undo(admin) == (0, [CONFLICTS[""]])


def test_a_label_that_comes_back_is_no_longer_ruled_out(admin):
    asset, red = make_asset(), Label.objects.create(name="red")
    label_suggestions.confirm(asset, red)
    with Deed() as deed:
        AssetLabel.objects.get().delete()
        label_suggestions.reject(asset, red)
    removal = next(change for change in deed.changes if change.kind == "asset_label")
    assert undo([removal], admin).undone == 1
    assert AssetLabel.objects.get().source == "person" and not Rejection.objects.exists()


def test_a_deleted_collection_comes_back_with_what_was_in_it_and_who_sees_it(admin):
    asset, spring = make_asset(), Collection.objects.create(name="Spring", is_open=False)
    spring.assets.add(asset)
    Grant.objects.create(collection=spring, person=make_user("ben"))
    with Deed() as deed:
        spring.delete()
    assert deed.undo(admin) == (3, [])
    again = Collection.objects.get(name="Spring")
    assert (again.is_open, list(again.assets.all())) == (False, [asset])
    assert Asset.objects.visible_to(User.objects.get(username="ben")).exists()


def test_what_belongs_to_something_that_is_gone_does_not_come_back(admin):
    spring = Collection.objects.create(name="Spring")
    grant = Grant.objects.create(collection=spring, group=Group.objects.create(name="press"))
    with Deed() as deed:
        grant.delete()
    spring.delete()
    assert deed.undo(admin) == (0, [ORPHANED])


def test_merged_labels_are_two_again(admin):
    asset = make_asset(labels=("crimson",))
    crimson, red = Label.objects.get(), Label.objects.create(name="red")
    with Deed() as deed:
        merge_labels(red, [crimson])
    assert deed.undo(admin) == (len(deed.changes), [])
    assert AssetLabel.objects.get().label.name == "crimson"
    assert Label.objects.get(name="red").synonyms == []
    assert AssetLabel.objects.get().asset == asset


def test_a_name_that_another_has_by_now_is_left_alone(admin):
    spring = Collection.objects.create(name="Spring", slug="spring")
    other = Collection.objects.create(name="Autumn", slug="autumn")
    with Deed() as deed:
        Collection.objects.filter(pk=spring.pk).update(name="Summer")
        Collection.objects.filter(pk=other.pk).update(name="Winter")
    Collection.objects.create(name="Spring", slug="another")
    assert deed.undo(admin) == (1, [CONFLICTS[""]])
    assert set(Collection.objects.values_list("name", flat=True)) == {"Summer", "Autumn", "Spring"}


def test_a_label_that_was_made_goes_unless_it_is_in_use(admin):
    with Deed() as deed:
        red = Label.objects.create(name="red")
        Label.objects.create(name="blue")
    AssetLabel.objects.create(asset=make_asset(), label=red)
    assert deed.undo(admin) == (1, [USED])
    assert list(Label.objects.values_list("name", flat=True)) == ["red"]


def test_what_is_no_longer_there_has_a_sentence(admin):
    asset = make_asset()
    with Deed() as deed:
        Asset.objects.update(title="Mug")
    asset.delete()
    assert deed.undo(admin) == (0, [GONE])


def test_what_was_moved_to_the_trash_comes_back(admin):
    make_assets([{"title": "Cup"}, {"title": "Jug"}])
    with Deed() as deed:
        trash.put(Asset.objects.all(), by=admin)
    assert not Asset.objects.exists()
    with Deed() as undoing:
        assert deed.undo(admin) == (2, [])
    assert Asset.objects.count() == 2
    assert undoing.undo(admin) == (0, [MOVED, MOVED])


def test_an_asset_comes_neither_back_nor_goes(admin):
    with Deed() as deed:
        make_asset(owner=make_user())
        Asset.objects.all().delete()
    _, reasons = deed.undo(admin)
    assert {FINAL["asset", "insert"], FINAL["asset", "delete"]} <= set(reasons)


def test_the_last_administrator_stays_one(admin):
    ben = make_user("ben")
    with Deed() as deed:
        User.objects.filter(pk=ben.pk).update(is_staff=True, is_superuser=True)
    User.objects.filter(pk=admin.pk).update(is_superuser=False)
    assert deed.undo(User.objects.get(pk=ben.pk)) == (0, ["there would be no administrator"])


def test_a_role_that_was_given_is_taken_back(admin):
    ben = make_user("ben")
    with Deed() as deed:
        User.objects.filter(pk=ben.pk).update(is_staff=True, is_superuser=True)
    assert deed.undo(admin) == (1, [])
    assert User.objects.get(pk=ben.pk).role == "viewer"


def test_a_curator_takes_back_what_they_may_edit_and_no_more(settings):
    settings.LIBRARY_OPEN = False
    curator = make_user("curator", role="curator")
    mine, other = make_asset(title="Cup", owner=curator), make_asset(title="Jug")
    with Deed() as deed:
        Asset.objects.update(title="Mug")
    assert deed.undo(curator) == (1, [FORBIDDEN])
    assert Asset.objects.get(pk=mine.pk).title == "Cup"
    assert Asset.objects.get(pk=other.pk).title == "Mug"


def test_a_curator_brings_back_a_collection_that_they_deleted_and_no_other():
    ann, ben = (make_user(name, role="curator") for name in ("ann", "ben"))
    spring = Collection.objects.create(name="Spring", is_open=False)
    Grant.objects.create(collection=spring, person=ann, level="manage")
    with acting(lambda: {"person": {"id": ann.pk, "name": "ann"}}), Deed() as deed:
        spring.delete()
    assert deed.undo(ben) == (0, [FORBIDDEN, FORBIDDEN])
    assert deed.undo(ann) == (2, [])
    assert deed.undo(ann) == (0, [BACK, BACK])
