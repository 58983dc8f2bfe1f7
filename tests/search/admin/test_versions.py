"""The page of an asset's versions: replace its original, compare, download, go back."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from search.library import versions
from search.models import Asset, Collection, Grant, Version
from tests.search.library.test_versions import (
    BLUE,
    RED,
    asset,  # noqa: F401
    examined_once,  # noqa: F401
    replace,
)
from tests.support import pictures
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db


def page_of(asset, name="versions", *args):  # noqa: F811
    return reverse(f"admin:search_asset_{name}", args=[asset.pk, *args])


def send(client, asset, data=BLUE, note=""):  # noqa: F811
    upload = SimpleUploadedFile("blue.png", data)
    return client.post(page_of(asset), {"file": upload, "note": note}, follow=True)


def text(response):
    return response.content.decode()


def test_a_new_original_is_sent_by_its_form(curator_client, asset):  # noqa: F811
    form = reverse("admin:search_asset_change", args=[asset.pk])
    assert page_of(asset) in text(curator_client.get(form))
    page = text(send(curator_client, asset, note="at night"))
    assert "Version 2 is the original now." in page
    assert "“<bdi>at night</bdi>”" in page
    assert "by <bdi>curator</bdi>" in page
    assert "Pixels: 60 x 40, now 90 x 60." in page
    assert f"{reverse('thumbnail', args=[asset.pk])}?v=2" in page
    assert page_of(asset, "version_thumbnail", 1) in page
    assert "2 originals" in text(curator_client.get(form))


def test_one_without_versions_has_but_the_form(curator_client, asset):  # noqa: F811
    page = text(curator_client.get(page_of(asset)))
    assert "Replace the original" in page
    assert "Version 1" not in page


@pytest.mark.parametrize(
    ("data", "sentence"), [(RED, "These are the very bytes"), (b"", "This file is empty.")]
)
def test_what_is_refused_is_said_beside_the_field(curator_client, asset, data, sentence):  # noqa: F811
    response = send(curator_client, asset, data)
    assert response.status_code == 400
    assert sentence in text(response)
    assert not Version.objects.exists()


def test_without_a_file_there_is_a_sentence(curator_client, asset):  # noqa: F811
    assert "Choose a picture." in text(curator_client.post(page_of(asset)))


def test_earlier_ones_are_shown_and_downloaded(curator_client, asset):  # noqa: F811
    replace(asset)
    thumbnail = curator_client.get(page_of(asset, "version_thumbnail", 1))
    assert (thumbnail.status_code, thumbnail["Content-Type"]) == (200, "image/jpeg")
    original = curator_client.get(page_of(asset, "version_original", 1))
    assert b"".join(original) == RED
    assert original["Content-Disposition"].startswith("attachment")
    assert original["X-Content-Type-Options"] == "nosniff"
    for name, number in (("version_thumbnail", 2), ("version_original", 3)):
        assert curator_client.get(page_of(asset, name, number)).status_code == 404


def test_an_earlier_one_becomes_that_of_now_by_its_button(curator_client, asset):  # noqa: F811
    replace(asset)
    back = page_of(asset, "version_restore", 1)
    assert back in text(curator_client.get(page_of(asset)))
    assert "Version 1 is the original now." in text(curator_client.post(back, follow=True))
    assert Asset.objects.get().version == 1
    assert "These are the very bytes" in text(curator_client.post(back, follow=True))
    assert curator_client.get(back).status_code == 405


@pytest.mark.parametrize(("level", "status"), [(None, 404), ("view", 403), ("contribute", 200)])
def test_they_are_for_who_may_edit_the_asset(client, asset, settings, level, status):  # noqa: F811
    settings.LIBRARY_OPEN = False
    replace(asset)
    curator = make_user("cleo", role="curator")
    secret = Collection.objects.create(name="Secret", slug="secret", is_open=False)
    secret.assets.add(asset)
    if level:
        Grant.objects.create(collection=secret, person=curator, level=level)
    client.force_login(curator)
    paths = [
        page_of(asset),
        *(page_of(asset, f"version_{n}", 1) for n in ("original", "thumbnail")),
    ]
    assert {client.get(path).status_code for path in paths} == {status}
    assert client.post(page_of(asset, "version_restore", 1)).status_code in (status, 302)
    assert Asset.objects.get().version == (1 if status == 200 else 2)


def test_a_picture_of_many_megabytes_may_be_sent(curator_client, asset, monkeypatch):  # noqa: F811
    monkeypatch.setattr(versions, "replace", lambda asset, file, **kwargs: Version(number=2))
    assert "Version 2 is" in text(send(curator_client, asset, pictures.png() + b"\0" * 3_000_000))
