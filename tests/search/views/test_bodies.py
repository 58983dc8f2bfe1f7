"""What a request may carry, by who sends it: refused by its length, before anything reads it."""

import io
import os
import time
from pathlib import Path

import pytest
from django.urls import get_resolver, reverse

from search.library import storage

pytestmark = pytest.mark.django_db
UPLOAD, ASK, SIGN_IN = reverse("upload"), reverse("query_pictures"), reverse("sign_in")
MEGABYTE = 1_000_000
FORM = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'


class Body(io.BytesIO):
    """A body that says how much of it was read."""

    taken = 0

    def read(self, size=-1):
        data = super().read(size)
        self.taken += len(data)
        return data


def post(client, address, length):
    """The answer to a request of that length, and how many of its bytes were read."""
    body = Body(PART + bytes(length - len(PART)))
    response = client.generic("POST", address, b"", FORM)  # Of a form's size: it passes.
    assert response.status_code != 413
    extra = {"wsgi.input": body, "CONTENT_LENGTH": str(length), "CONTENT_TYPE": FORM}
    response = client.request(REQUEST_METHOD="POST", PATH_INFO=address, **extra)
    return response, body.taken


@pytest.mark.parametrize("address", [SIGN_IN, UPLOAD, ASK, "/", "/admin/", "/saved/"])
def test_nothing_large_of_a_stranger_is_read(client, address, settings):
    settings.PUBLIC_SEARCH = True

    response, taken = post(client, address, 3 * MEGABYTE)

    assert (response.status_code, taken) == (413, 0)
    assert "please sign in first" in response.content.decode()


@pytest.mark.parametrize("address", [SIGN_IN, UPLOAD, "/", "/saved/"])
def test_nor_of_a_reader_who_may_not_upload(reader_client, address):
    response, taken = post(reader_client, address, 3 * MEGABYTE)

    assert (response.status_code, taken) == (413, 0)


def test_no_address_of_the_site_takes_more_from_a_stranger(client):
    sizes = {
        address: post(client, address, 3 * MEGABYTE)[0].status_code
        for pattern in get_resolver("search.urls").url_patterns
        if "<" not in (address := f"/{pattern.pattern}")
    }

    assert len(sizes) > 10
    assert set(sizes.values()) == {413}


def test_a_reader_may_ask_by_a_large_picture(reader_client):
    response, taken = post(reader_client, ASK, 3 * MEGABYTE)

    assert response.status_code == 400  # It is no picture.
    assert taken >= 3 * MEGABYTE - len(PART)


def test_staff_may_upload_a_large_picture(staff_client):
    response, taken = post(staff_client, UPLOAD, 3 * MEGABYTE)

    assert "files" in response.content.decode()
    assert taken >= 3 * MEGABYTE - len(PART)


def test_what_declares_two_gigabytes_is_refused_unread(staff_client):
    body = Body(PART)
    extra = {"wsgi.input": body, "CONTENT_LENGTH": str(2000 * MEGABYTE), "CONTENT_TYPE": FORM}

    response = staff_client.request(REQUEST_METHOD="POST", PATH_INFO=UPLOAD, **extra)

    assert (response.status_code, body.taken) == (413, 0)
    assert "please send fewer pictures at once" in response.content.decode()


def test_a_body_without_a_length_is_not_read(client):
    body = Body(PART + bytes(3 * MEGABYTE))
    extra = {"wsgi.input": body, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": FORM}

    client.request(REQUEST_METHOD="POST", PATH_INFO=SIGN_IN, **extra)

    assert body.taken == 0


# Where it lies meanwhile


def test_an_upload_lies_in_the_folder_of_uploads_and_leaves_nothing(staff_client, settings, spy):
    post(staff_client, UPLOAD, MEGABYTE)

    assert [folder for folder in spy if folder != settings.FILE_UPLOAD_TEMP_DIR] == []
    assert spy and not list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir())


@pytest.fixture
def spy(monkeypatch):
    """The folders that temporary files of uploads were made in."""
    import tempfile

    from django.core.files import uploadedfile

    folders = []

    def record(*args, **kwargs):
        folders.append(kwargs["dir"])
        return tempfile.NamedTemporaryFile(*args, **kwargs)

    monkeypatch.setattr(uploadedfile.tempfile, "NamedTemporaryFile", record)
    return folders


def test_what_a_killed_process_left_is_swept_once_it_is_old(settings):
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    folder.mkdir(parents=True)
    for name in ("left", "arriving"):
        (folder / name).write_bytes(b"some of a picture")
    yesterday = time.time() - 25 * 3600
    os.utime(folder / "left", (yesterday, yesterday))

    assert storage.remove_left_uploads() == 1
    assert [path.name for path in folder.iterdir()] == ["arriving"]
