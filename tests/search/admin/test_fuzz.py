"""What no page of the admin sends: a sentence, never a fault."""

from itertools import product
from uuid import uuid4

import pytest
from django.urls import reverse

from search.admin.site import site
from search.models import Asset, Collection, Label
from tests.support.factories import make_asset, make_encoder

pytestmark = pytest.mark.django_db
ASSETS = reverse("admin:search_asset_changelist")
MODELS = sorted(site._registry, key=lambda model: model.__name__)
JUNK = ("", "x", "-1", "9" * 30, "\0", "é" * 3000, "null", str(uuid4()), "1e3", "../../etc")
EXTRAS = (
    {},
    {"select_across": "1"},
    {"index": "x"},
    {"index": "-7", "select_across": "x"},
    {"post": "yes", "confirmed": "x", "collection": "x"},
)


@pytest.fixture(autouse=True)
def library(monkeypatch):
    for module in ("asset", "label", "encoder", "training"):
        monkeypatch.setattr(f"search.admin.{module}.ring", lambda *args: None)
    make_encoder()
    make_asset(labels=("farm",), collection="water")
    Label.objects.create(name="sea")


def page_of(model, name, *args):
    return reverse(f"admin:search_{model._meta.model_name}_{name}", args=args)


def names_of_actions(model, request) -> list[str]:
    return [*site._registry[model].get_actions(request), "", "nosuch", "delete_selected", "\0"]


@pytest.fixture
def staff_request(staff_client, rf):
    request = rf.get("/")
    request.user = staff_client.get(ASSETS).wsgi_request.user
    return request


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_no_action_breaks_by_what_is_sent(staff_client, staff_request, model):
    names = names_of_actions(model, staff_request)
    # Rows are looked at before the action is: each junk once.
    sent = [*product(names, [[], [*JUNK]]), *product(names[:1], ([junk] for junk in JUNK))]
    for action, chosen in sent:
        fields = {"action": action, "_selected_action": chosen, "select_across": "1"}
        response = staff_client.post(page_of(model, "changelist"), fields)
        assert response.status_code in (200, 302, 400, 403), fields


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_no_action_breaks_by_what_is_missing(staff_client, staff_request, model):
    row = model.objects.first()
    for action, extra in product(names_of_actions(model, staff_request), EXTRAS):
        if action == "delete_selected" and "post" in extra:
            continue
        fields = {"action": action, "_selected_action": [row.pk] if row else []} | extra
        response = staff_client.post(page_of(model, "changelist"), fields)
        assert response.status_code in (200, 302, 400, 403), fields


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
@pytest.mark.parametrize("name", ["change", "delete", "history"])
def test_no_page_of_a_row_breaks_by_its_id(staff_client, model, name):
    for junk in filter(None, JUNK):
        response = staff_client.get(page_of(model, name, junk))
        assert response.status_code in (302, 400, 403, 404), junk


def add_to(client, asset, **fields):
    chosen = {"action": "add_to_collection", "_selected_action": asset.pk, "select_across": "1"}
    return client.post(ASSETS, chosen | fields)


def test_assets_without_a_collection_to_add_them_to_are_a_400_with_a_sentence(staff_client):
    response = add_to(staff_client, make_asset(title="new"))

    assert response.status_code == 400
    assert "The collection to add them to is missing." in response.content.decode()
    assert not Asset.objects.get(title="new").collections.exists()


@pytest.mark.parametrize("collection", ["x", "999999", "\0"])
def test_assets_are_added_to_no_collection_that_there_is_not(staff_client, collection):
    assert add_to(staff_client, make_asset(title="new"), collection=collection).status_code == 302
    assert not Asset.objects.get(title="new").collections.exists()


def test_control_assets_are_added_to_a_collection_that_there_is(staff_client):
    asset, water = make_asset(), Collection.objects.get()
    fields = {"action": "add_to_collection", "_selected_action": asset.pk, "collection": water.pk}

    assert staff_client.post(ASSETS, fields).status_code == 302
    assert asset.collections.get() == water


def test_rows_that_can_not_be_are_a_400_with_a_sentence(staff_client):
    response = staff_client.post(ASSETS, {"action": "embed_again", "_selected_action": "x"})

    assert response.status_code == 400
    assert "Some of the rows that were chosen" in response.content.decode()
