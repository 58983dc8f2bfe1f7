"""Who may do what with collections, as curators and superusers set it in the admin."""

import pytest
from django.urls import reverse

from search.models import Collection, Grant, Group
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db
LIST = reverse("admin:search_collection_changelist")
ADD = reverse("admin:search_collection_add")


def form_of(grants: list[dict[str, object]], **fields) -> dict[str, object]:
    """What the page of a collection sends."""
    data: dict[str, object] = {"name": "Embargo", "slug": "embargo"} | fields
    for prefix, rows in (("grants", grants), ("terms", []), ("Collection_assets", [])):
        data |= {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": 0}
        for number, row in enumerate(rows):
            data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


def change(collection: Collection) -> str:
    return reverse("admin:search_collection_change", args=[collection.pk])


@pytest.fixture
def embargo() -> Collection:
    return Collection.objects.create(name="Embargo", slug="embargo", is_open=False)


def test_a_collection_is_open_to_everyone_unless_a_curator_says_otherwise(curator_client):
    assert 'name="is_open"' in curator_client.get(ADD).content.decode()
    curator_client.post(ADD, form_of([], is_open="on"))
    assert Collection.objects.get().is_open


def test_whoever_makes_a_collection_that_is_not_open_may_manage_it(curator_client):
    curator_client.post(ADD, form_of([]))
    grant = Grant.objects.get(collection__slug="embargo")
    assert (grant.person.username, grant.level) == ("curator", "manage")


def test_a_curator_gives_a_collection_to_a_group_and_the_list_says_so(curator_client):
    press = Group.objects.create(name="Press")
    rows = [{"group": press.pk, "level": "view"}]
    curator_client.post(ADD, form_of(rows))
    assert "Press may view it, curator may manage it" in curator_client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"level": "manage"}, "A grant is either to a group or to a person."),
        ({"both": True, "level": "view"}, "A grant is either to a group or to a person."),
        ({"level": "own"}, "Select a valid choice"),
    ],
)
def test_a_grant_to_nobody_to_both_or_of_no_level_is_refused(curator_client, row, sentence):
    given = dict(row)
    if given.pop("both", False):
        press = Group.objects.create(name="Press")
        given |= {"group": press.pk, "person": make_user().pk}
    page = curator_client.post(ADD, form_of([given], is_open="on"))
    assert sentence in page.content.decode()
    assert not Collection.objects.exists()


def test_a_curator_who_may_only_view_a_collection_changes_nothing_of_it(curator_client, embargo):
    Grant.objects.create(collection=embargo, person=make_user("curator"))
    assert curator_client.post(change(embargo), form_of([], name="Mine")).status_code != 200
    embargo.refresh_from_db()
    assert embargo.name == "Embargo"


def test_a_collection_that_a_curator_does_not_see_is_on_no_page_of_the_admin(
    curator_client, embargo
):
    embargo.assets.add(make_asset())
    assert curator_client.get(change(embargo)).status_code == 302
    for path in (LIST, reverse("admin:search_asset_changelist")):
        assert "Embargo" not in curator_client.get(path).content.decode()


def test_assets_are_added_to_no_collection_that_one_may_not_add_to(curator_client, embargo):
    Grant.objects.create(collection=embargo, person=make_user("curator"))
    asset = make_asset()
    data = {"action": "add_to_collection", "collection": embargo.pk}
    curator_client.post(
        reverse("admin:search_asset_changelist"), data | {"_selected_action": [asset.pk]}
    )
    assert not embargo.assets.exists()
    Grant.objects.update(level="contribute")
    curator_client.post(
        reverse("admin:search_asset_changelist"), data | {"_selected_action": [asset.pk]}
    )
    assert embargo.assets.get() == asset


def test_superusers_make_groups_and_say_who_is_in_them(staff_client):
    person = make_user("ann")
    data = {
        "name": "Press",
        "User_groups-TOTAL_FORMS": 1,
        "User_groups-INITIAL_FORMS": 0,
        "User_groups-0-user": person.pk,
        "grants-TOTAL_FORMS": 0,
        "grants-INITIAL_FORMS": 0,
    }
    staff_client.post(reverse("admin:search_group_add"), data)
    assert person.groups.get().name == "Press"
    assert "Press" in staff_client.get(reverse("admin:search_group_changelist")).content.decode()


def test_a_group_that_is_deleted_takes_its_grants_along_and_leaves_its_people(
    staff_client, embargo
):
    press, person = Group.objects.create(name="Press"), make_user("ann")
    person.groups.add(press)
    Grant.objects.create(collection=embargo, group=press)
    path = reverse("admin:search_group_delete", args=[press.pk])
    page = staff_client.get(path).content.decode()
    assert "Its people stay: 1." in page and "Embargo (may view it)" in page
    staff_client.post(path, {"post": "yes"})
    assert not Grant.objects.exists()
    assert type(person).objects.filter(pk=person.pk).exists()
