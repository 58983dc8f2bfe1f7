"""How pages travel: compressed, and kept by nobody but the browser of the person."""

import gzip

import pytest
from django.urls import reverse

from tests.support.factories import make_asset

pytestmark = pytest.mark.django_db
TAKES_GZIP = {"HTTP_ACCEPT_ENCODING": "gzip"}


def test_a_page_is_compressed_for_who_takes_it(reader_client):
    response = reader_client.get("/", **TAKES_GZIP)

    assert b"<main" in gzip.decompress(response.content)
    assert response["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in reader_client.get("/").headers


def test_a_picture_is_not_compressed_again(reader_client):
    asset = make_asset(thumbnail=True)

    response = reader_client.get(reverse("thumbnail", args=[asset.pk]), **TAKES_GZIP)

    assert "Content-Encoding" not in response.headers
    assert b"".join(response.streaming_content).startswith(b"\xff\xd8")


@pytest.mark.parametrize("address", ["/", "/?q=red", "/saved/"])
def test_back_may_show_a_page_again_and_nobody_else_keeps_it(reader_client, address):
    assert reader_client.get(address)["Cache-Control"] == "private, max-age=0"


def test_what_is_not_to_be_kept_at_all_is_not(curator_client):
    page = curator_client.get(reverse("admin:search_asset_changelist"))
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize("address", ["sign_out", "admin:logout"])
def test_who_signs_out_leaves_nothing_in_the_browser_s_cache(curator_client, address):
    assert curator_client.post(reverse(address))["Clear-Site-Data"] == '"cache"'
