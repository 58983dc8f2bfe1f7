from uuid import uuid4

import pytest
from django.urls import reverse

from tests.support.factories import make_asset

pytestmark = pytest.mark.django_db


def look(client, asset):
    return client.get(reverse("look", args=[asset.pk]))


def test_it_says_what_is_known(reader_client):
    barn = make_asset(
        title="Red barn", labels=("farm",), collection="market", description="By the road."
    )

    answer = look(reader_client, barn).content.decode()

    for words in ("Red barn", "farm", "market", "By the road.", "60 × 40 px", "PNG", "owner"):
        assert words in answer


def test_it_is_a_fragment_that_leads_on_to_the_asset(reader_client):
    barn = make_asset()

    answer = look(reader_client, barn).content.decode()

    assert "<html" not in answer
    assert f'href="{barn.get_absolute_url()}"' in answer


def test_it_shows_the_preview_or_the_colour_until_there_is_one(reader_client):
    made, waits = make_asset(thumbnail=True), make_asset(colour="red")

    assert f'src="/assets/{made.pk}/preview/"' in look(reader_client, made).content.decode()
    assert 'fill="#dc2828"' in look(reader_client, waits).content.decode()


def test_titles_are_shown_as_text(reader_client):
    barn = make_asset(title="<script>alert(1)</script>")

    assert "<script>alert" not in look(reader_client, barn).content.decode()


def test_it_needs_an_account(client):
    assert look(client, make_asset()).url.startswith("/sign-in/")


def test_public_search_opens_it(client, settings):
    settings.PUBLIC_SEARCH = True

    assert look(client, make_asset()).status_code == 200


def test_an_asset_that_a_person_may_not_see_is_a_404(reader_client, monkeypatch):
    barn = make_asset()
    monkeypatch.setattr(
        "search.models.asset.AssetQuerySet.visible_to", lambda self, user: self.none()
    )

    assert look(reader_client, barn).status_code == 404


def test_an_unknown_asset_is_a_404(reader_client):
    assert reader_client.get(reverse("look", args=[uuid4()])).status_code == 404


def test_it_only_reads(reader_client):
    assert reader_client.post(reverse("look", args=[make_asset().pk])).status_code == 405


def test_it_costs_few_queries(reader_client, django_assert_max_num_queries):
    barn = make_asset(embedded=True, labels=("farm", "red"), collection="market")

    with django_assert_max_num_queries(7):
        look(reader_client, barn)
