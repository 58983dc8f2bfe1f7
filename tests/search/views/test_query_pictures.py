import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image
from redis.exceptions import ConnectionError as RedisIsAway

from tests.support import factories, pictures
from tests.support.factories import make_asset

pytestmark = pytest.mark.django_db
ASK = reverse("query_pictures")


def text(response):
    return response.content.decode()


def ask(client, content, name="mine.png", **fields):
    return client.post(ASK, {"picture": SimpleUploadedFile(name, content), **fields})


def red_picture():
    data = io.BytesIO()
    factories.picture("red").save(data, "PNG")
    return data.getvalue()


def test_a_picture_becomes_a_url_that_ranks(reader_client, fake_encoder):
    make_asset(title="sea", colour="blue", embedded=True)
    make_asset(title="barn", colour="red", embedded=True)

    redirect = ask(reader_client, red_picture())
    response = reader_client.get(redirect.url)

    assert redirect.url.startswith("/?like=")
    assert [hit.asset.title for hit in response.context["answer"].hits] == ["barn", "sea"]
    assert response.context["answer"].hits[0].score > 0.99


def test_the_picture_is_its_owners_alone(reader_client, staff_client, fake_encoder):
    make_asset(title="barn", embedded=True)
    url = ask(reader_client, red_picture()).url

    assert "no longer kept; please choose it again" in text(staff_client.get(url))
    assert staff_client.get(f"/query-pictures/{url.split('like=')[1]}/").status_code == 404


def test_the_picture_stands_in_the_field_and_can_be_removed(reader_client, fake_encoder):
    make_asset(embedded=True, labels=("farm",))
    url = ask(reader_client, red_picture(), label="farm").url
    token = url.split("like=")[1].split("&")[0]

    page = text(reader_client.get(url))

    assert f'src="/query-pictures/{token}/"' in page
    assert 'href="/?label=farm" title="Remove this picture"' in page


def test_the_picture_itself_is_a_sealed_jpeg(reader_client):
    token = ask(reader_client, red_picture()).url.split("like=")[1]

    response = reader_client.get(reverse("query_picture", args=[token]))

    assert Image.open(io.BytesIO(response.content)).format == "JPEG"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_forgotten_picture_says_so(reader_client):
    make_asset(embedded=True)
    token = "0" * 32

    response = reader_client.get("/", {"like": token})

    assert "no longer kept; please choose it again" in text(response)
    assert reader_client.get(reverse("query_picture", args=[token])).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (b"", 400, "This file is empty."),
        (b"just words", 415, "This is text, not a picture."),
        (pictures.jpeg()[:200], 400, "This JPEG file is damaged or incomplete."),
        (pictures.png_of_size(30_000, 30_000), 413, "megapixels"),
    ],
)
def test_what_is_no_picture_is_refused_by_its_name(reader_client, content, status, sentence):
    response = ask(reader_client, content, name="mine\u202e.png")

    assert response.status_code == status
    assert "<bdi>mine.png</bdi>: " in text(response)
    assert sentence in text(response)


def test_a_picture_over_the_limit_is_refused(reader_client, settings):
    settings.MAX_UPLOAD_MB = 0.1

    assert ask(reader_client, bytes(300_000)).status_code == 413


def test_without_a_picture_there_is_a_sentence(reader_client):
    response = reader_client.post(ASK)

    assert response.status_code == 400
    assert "Choose a picture to search by." in text(response)


def test_while_redis_is_away_there_is_a_sentence(reader_client, monkeypatch):
    def fail(*args, **kwargs):
        raise RedisIsAway

    monkeypatch.setattr("search.query.pictures.cache.set", fail)

    response = ask(reader_client, red_picture())

    assert response.status_code == 503
    assert "Searching by a picture is resting" in text(response)


def test_asking_needs_an_account_unless_search_is_public(client, settings):
    assert ask(client, red_picture()).url.startswith("/sign-in/")

    settings.PUBLIC_SEARCH = True

    assert ask(client, red_picture()).url.startswith("/?like=")


def test_what_an_upload_refuses_is_refused_to_search_by(staff_client):
    content = pictures.animation("GIF", 501, size=(8, 8))
    file = SimpleUploadedFile("mine.gif", content)

    uploaded = staff_client.post(reverse("upload"), {"files": file})
    searched = ask(staff_client, content, "mine.gif")

    sentence = "This animation has 501 frames; 500 are allowed."
    assert uploaded.status_code == searched.status_code == 413
    assert sentence in text(uploaded) and sentence in text(searched)
