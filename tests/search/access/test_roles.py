"""What each role may do: viewers look, contributors edit what is theirs."""

import pytest
from django.db import IntegrityError
from django.urls import reverse

from search.access.rules import may
from search.models import Asset, AssetLabel, Collection, Grant, Label, User
from search.models.user import flags
from tests.support import pictures
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db
LIST = reverse("admin:search_asset_changelist")


@pytest.fixture
def superuser_client(client):
    client.force_login(make_user("boss", role="administrator"))
    return client


@pytest.fixture
def contributor(contributor_client):
    return User.objects.get(username="contributor")


def change(asset: Asset) -> str:
    return reverse("admin:search_asset_change", args=[asset.pk])


def form_of(labels=(), collections=(), **fields) -> dict[str, object]:
    """What the page of an asset sends."""
    data: dict[str, object] = {"title": "barn", "description": ""} | fields
    rows = {"asset_labels": ("label", labels), "Collection_assets": ("collection", collections)}
    rows |= {"rights": ("", ()), "terms": ("", ())}
    for prefix, (name, values) in rows.items():
        data |= {f"{prefix}-TOTAL_FORMS": len(values), f"{prefix}-INITIAL_FORMS": 0}
        data |= {f"{prefix}-{n}-{name}": value.pk for n, value in enumerate(values)}
    return data


@pytest.mark.parametrize("role", User.Role.values)
def test_a_role_is_what_it_was_set_to(role):
    assert make_user("ann", role=role).role == role
    assert User.objects.in_role(role).get().username == "ann"


@pytest.mark.parametrize("also", ["is_staff", "is_superuser"])
def test_no_account_has_two_roles(also):
    with pytest.raises(IntegrityError, match="an_account_has_one_role"):
        User.objects.create(username="ann", **flags("contributor") | {also: True})


@pytest.mark.parametrize(
    ("role", "edits", "others"),
    [
        ("viewer", False, False),
        ("contributor", True, False),
        ("curator", True, True),
        ("administrator", True, True),
    ],
)
def test_each_role_edits_more_than_the_one_before(role, edits, others):
    person, travel = make_user("ann", role=role), {"collection": "travel"}
    assert may(person, "edit", make_asset(owner=person)) == edits
    assert may(person, "edit", make_asset(title="another", **travel)) == others
    assert may(person, "edit", Collection.objects.get()) == others


def test_a_contributor_adds_to_open_collections_and_to_those_given_to_them(contributor):
    given, closed = (Collection.objects.create(name=n, slug=n, is_open=False) for n in "ab")
    travel = Collection.objects.create(name="travel", slug="travel")
    Grant.objects.create(collection=given, person=contributor, level="contribute")
    Grant.objects.create(collection=closed, person=contributor)
    assert set(Collection.objects.contributable_by(contributor)) == {given, travel}


def test_a_contributor_uploads(contributor_client, contributor, fake_encoder):
    assert "Upload" in contributor_client.get("/").content.decode()
    contributor_client.post("/upload/", {"files": pictures.upload(pictures.jpeg())})
    assert Asset.objects.get().owner == contributor


def test_a_contributor_finds_their_own_assets_in_the_admin_and_no_others(
    contributor_client, contributor
):
    make_asset(title="mine", owner=contributor)
    other = make_asset(title="of somebody", owner=make_user("strange"))
    page = contributor_client.get(LIST).content.decode()
    assert "mine" in page
    assert "of somebody" not in page and "strange" not in page
    assert contributor_client.get(change(other)).status_code == 302


def test_a_contributor_edits_their_own(contributor_client, contributor):
    asset, farm = make_asset(owner=contributor), Label.objects.create(name="farm")
    travel = Collection.objects.create(name="travel", slug="travel")
    data = form_of(title="red barn", labels=[farm], collections=[travel])
    assert contributor_client.post(change(asset), data).status_code == 302
    asset.refresh_from_db()
    assert asset.title == "red barn"
    assert (asset.asset_labels.get().label, asset.collections.get()) == (farm, travel)


def test_a_contributor_changes_nothing_of_others(contributor_client):
    asset = make_asset(owner=make_user("strange"))
    contributor_client.post(change(asset), form_of(title="mine now"))
    contributor_client.post(
        LIST, {"action": "delete_selected", "_selected_action": [asset.pk], "post": "yes"}
    )
    assert Asset.objects.get().title == "barn"


def test_a_contributor_has_the_workers_do_nothing_again(contributor_client, contributor):
    make_asset(owner=contributor)
    page = contributor_client.get(LIST).content.decode()
    assert 'value="embed_again"' not in page
    assert 'value="add_to_collection"' in page


def test_a_contributor_sees_no_way_to_pages_that_are_closed_to_them(
    contributor_client, contributor
):
    page = contributor_client.get(change(make_asset(owner=contributor))).content.decode()
    for closed in ("search/label/", "search/collection/", "search/encoder/", "search/user/"):
        assert f"/admin/{closed}" not in page, closed


def test_a_contributor_chooses_among_labels_that_they_may_see(
    contributor_client, contributor, settings
):
    settings.LIBRARY_OPEN = False
    make_asset(owner=contributor, labels=("farm",))
    secret = make_asset(title="x", owner=make_user("strange"), labels=("fakir",))
    fields = {"app_label": "search", "model_name": "assetlabel", "field_name": "label"}
    found = contributor_client.get("/admin/autocomplete/", fields | {"term": "fa"}).json()
    assert [row["text"] for row in found["results"]] == ["farm"]
    hidden = AssetLabel.objects.get(asset=secret).label
    own = make_asset(title="y", owner=contributor)
    contributor_client.post(change(own), form_of(labels=[hidden]))
    assert not own.asset_labels.exists()


@pytest.mark.parametrize(
    ("model", "field"), [("user_groups", "user"), ("grant", "person"), ("grant", "group")]
)
def test_a_contributor_looks_up_nothing_but_what_assets_have(contributor_client, model, field):
    fields = {"app_label": "search", "model_name": model, "field_name": field, "term": ""}
    assert contributor_client.get("/admin/autocomplete/", fields).status_code == 403


def test_a_contributor_says_whether_a_label_fits_their_own_and_no_more(
    contributor_client, contributor
):
    farm = Label.objects.create(name="farm")
    own, other = make_asset(owner=contributor), make_asset(title="other", owner=make_user("ann"))
    says = {"label": farm.pk, "fits": "yes"}
    assert contributor_client.post(f"/assets/{own.pk}/suggestion/", says).status_code == 302
    assert contributor_client.post(f"/assets/{other.pk}/suggestion/", says).status_code == 403
    assert AssetLabel.objects.get().asset == own


def test_a_viewer_has_neither_upload_nor_edit(reader_client):
    asset = make_asset(owner=make_user("reader"))
    page = reader_client.get(asset.get_absolute_url()).content.decode()
    assert "Upload" not in reader_client.get("/").content.decode()
    assert "/admin/" not in page


# In the admin --------------------------------------------------------------------------------


def test_the_role_is_one_choice_on_the_page_of_an_account(superuser_client):
    person = make_user("ann")
    path = reverse("admin:search_user_change", args=[person.pk])
    assert "Contributor: may also upload" in superuser_client.get(path).content.decode()
    superuser_client.post(path, {"username": "ann", "role": "curator", "is_active": "on"})
    person.refresh_from_db()
    assert (person.role, person.is_staff, person.is_superuser) == ("curator", True, False)


def test_a_role_that_there_is_not_is_refused_in_a_sentence(superuser_client):
    person = make_user("ann")
    path = reverse("admin:search_user_change", args=[person.pk])
    page = superuser_client.post(path, {"username": "ann", "role": "king", "is_active": "on"})
    assert "Select a valid choice" in page.content.decode()
    person.refresh_from_db()
    assert person.role == "viewer"


@pytest.mark.parametrize(("role", "name"), [("contributor", "ann"), ("administrator", "boss")])
def test_accounts_are_filtered_by_role(superuser_client, role, name):
    make_user("ann", role="contributor")
    page = superuser_client.get(reverse("admin:search_user_changelist"), {"role": role})
    assert [person.username for person in page.context["cl"].result_list] == [name]
