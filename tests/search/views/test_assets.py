import io
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from PIL import Image

from search.models import Asset, Embedding, Rendition
from tests.support import pictures
from tests.support.factories import make_asset, make_encoder, make_renditions, make_user

pytestmark = pytest.mark.django_db
FILES = ("thumbnail", "preview", "original")


def text(response):
    return response.content.decode()


def url(name, asset):
    return reverse(name, args=[asset.pk])


# The page


def test_the_page_shows_what_is_known(reader_client):
    barn = make_asset(
        title="Red barn", labels=("farm",), collection="market", description="By the road."
    )

    page = text(reader_client.get(barn.get_absolute_url()))

    for words in ("Red barn", "farm", "market", "By the road.", "60 × 40 px", "PNG", "owner"):
        assert words in page


def test_similar_assets_stand_below(reader_client):
    barn = make_asset(title="barn", colour="red", embedded=True)
    make_asset(title="sea", colour="blue", embedded=True)

    response = reader_client.get(barn.get_absolute_url())

    assert [hit.asset.title for hit in response.context["answer"].hits] == ["sea"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Waiting to be embedded"),
        ({"error": "This picture can't be decoded."}, "Not searchable: This picture can&#x27;t be"),
    ],
)
def test_an_asset_without_a_vector_says_why(reader_client, changes, words):
    make_encoder()
    barn = make_asset()
    Embedding.objects.update(**changes)

    page = text(reader_client.get(barn.get_absolute_url()))

    assert words in page
    assert "still being embedded" in page or changes


def test_an_embedded_asset_is_searchable(reader_client):
    barn = make_asset(embedded=True)

    assert "Searchable" in text(reader_client.get(barn.get_absolute_url()))


def test_the_page_of_a_waiting_asset_asks_again(reader_client):
    make_encoder()
    barn = make_asset()

    assert 'hx-select="#embeddings"' in text(reader_client.get(barn.get_absolute_url()))


def test_only_staff_see_the_link_that_edits(reader_client, staff_client):
    barn = make_asset()
    edit = reverse("admin:search_asset_change", args=[barn.pk])

    assert edit in text(staff_client.get(barn.get_absolute_url()))
    assert edit not in text(reader_client.get(barn.get_absolute_url()))


def test_titles_are_shown_as_text(reader_client):
    barn = make_asset(title="<script>alert(1)</script>")

    for page in (barn.get_absolute_url(), "/"):
        assert "<script>alert" not in text(reader_client.get(page))


@pytest.mark.parametrize(
    ("source", "words"),
    [("camera", ""), ("", ""), ("file", "(uncertain)"), ("person", "(entered by hand)")],
)
@pytest.mark.parametrize("page", ["asset", "look"])
def test_when_and_with_what_it_was_taken_is_shown(reader_client, settings, page, source, words):
    settings.TIME_ZONE = "Asia/Tokyo"  # A camera's clock is no matter of the site's zone.
    camera = {"model": "Canon EOS R5", "lens": "RF 50mm", "exposure": "1/250 s, f/8"}
    taken = datetime(2024, 5, 3, 23, 30, tzinfo=UTC)
    barn = make_asset(taken=taken, taken_source=source, camera=camera)

    html = text(reader_client.get(reverse(page, args=[barn.pk])))

    assert '<time datetime="2024-05-03T23:30:00">3 May 2024, 23:30</time>' in html
    assert words in html and ("uncertain" in html) is (source == "file")
    for fact in camera.values():
        assert fact in html


def test_what_a_file_does_not_say_has_no_line(reader_client):
    html = text(reader_client.get(make_asset().get_absolute_url()))

    for name in ("Taken", "Camera", "Lens", "Exposure"):
        assert f"<dt>{name}</dt>" not in html


# Its files


def test_a_rendition_is_a_jpeg_that_may_be_kept(reader_client):
    barn = make_asset(thumbnail=True)

    response = reader_client.get(url("thumbnail", barn))

    assert response["Content-Type"] == "image/jpeg"
    assert "private" in response["Cache-Control"] and "immutable" in response["Cache-Control"]
    assert b"".join(response.streaming_content).startswith(b"\xff\xd8")


def test_an_unchanged_rendition_is_not_sent_again(reader_client):
    barn = make_asset(thumbnail=True)
    etag = reader_client.get(url("thumbnail", barn))["ETag"]

    response = reader_client.get(url("thumbnail", barn), headers={"If-None-Match": etag})

    assert response.status_code == 304


def test_a_rendition_that_is_made_anew_has_another_tag(reader_client):
    barn = make_asset(thumbnail=True)
    first = reader_client.get(url("thumbnail", barn))["ETag"]
    Rendition.objects.reset()
    make_renditions(barn)

    assert reader_client.get(url("thumbnail", barn))["ETag"] != first


def test_the_original_is_downloaded_under_its_name(reader_client):
    barn = make_asset(filename="red barn.png")

    response = reader_client.get(url("original", barn))

    assert response["Content-Disposition"] == 'attachment; filename="red barn.png"'
    assert b"".join(response.streaming_content) == barn.original.read()


def test_a_download_is_never_named_what_it_is_not(reader_client):
    barn = make_asset(filename="barn.html")

    header = reader_client.get(url("original", barn))["Content-Disposition"]

    assert header == 'attachment; filename="barn.png"'


def with_secret(owner="owner", name="PNG"):
    """An asset whose original says where it was taken."""
    asset = make_asset(owner=make_user(owner))
    asset.format = name
    texts = pictures.comment("taken at the SECRET place")
    asset.original.save("a", ContentFile(pictures.png(pnginfo=texts)))
    asset.save()
    return asset


def download(client, asset):
    response = client.get(url("original", asset))
    return b"".join(response.streaming_content) if response.status_code == 200 else b""


def test_whoever_neither_owns_nor_looks_after_it_learns_nothing_private(reader_client):
    asset = with_secret()
    with asset.original.open() as original:
        whole = original.read()

    copied = download(reader_client, asset)

    assert b"SECRET" in whole and b"SECRET" not in copied
    with Image.open(io.BytesIO(copied)) as ours, Image.open(io.BytesIO(whole)) as theirs:
        assert ours.tobytes() == theirs.tobytes()


def test_strangers_do_not_either(client, settings):
    settings.PUBLIC_SEARCH = True

    assert b"IDAT" in (copied := download(client, with_secret()))
    assert b"SECRET" not in copied


def test_the_owner_gets_it_as_it_was(reader_client):
    assert b"SECRET" in download(reader_client, with_secret(owner="reader"))


def test_staff_do_too(staff_client):
    assert b"SECRET" in download(staff_client, with_secret())


def test_so_does_everyone_where_the_site_says_so(reader_client, settings):
    settings.SHARE_METADATA = True

    assert b"SECRET" in download(reader_client, with_secret())


def test_a_copy_says_how_long_it_is_and_for_whom(reader_client):
    response = reader_client.get(url("original", with_secret()))

    assert int(response["Content-Length"]) == len(b"".join(response.streaming_content))
    assert "Cookie" in response["Vary"] and response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["TIFF", "AVIF"])
def test_what_can_not_be_taken_out_of_stays_with_its_owner(reader_client, name):
    response = reader_client.get(url("original", with_secret(name=name)))

    assert response.status_code == 403
    assert f"The original of a {name} picture is only for its owner" in text(response)


@pytest.mark.parametrize("name", ["TIFF", "AVIF"])
@pytest.mark.parametrize("page", ["asset", "look"])
def test_who_gets_no_original_is_offered_the_preview(reader_client, staff_client, name, page):
    barn = with_secret(name=name)
    address = reverse(page, args=[barn.pk])
    button = f'href="{url("original", barn)}"'
    preview = f'href="{url("preview", barn)}" download="barn.jpg"'

    assert button in text(staff_client.get(address))
    html = text(reader_client.get(address))
    assert button not in html and "Download" not in html  # Nothing is made yet.
    make_renditions(barn)
    html = text(reader_client.get(address))
    assert button not in html and preview in html
    assert f"The {name} original is only for its owner and for curators" in html


def test_control_everyone_is_offered_what_everyone_gets(reader_client):
    barn = with_secret()

    assert f'href="{url("original", barn)}"' in text(reader_client.get(barn.get_absolute_url()))


@pytest.mark.parametrize("name", ['a"b.png', "שלום.png", "a;b.png", "a" * 255])
def test_any_name_makes_a_sound_header(reader_client, name):
    barn = make_asset(filename=name)

    header = reader_client.get(url("original", barn))["Content-Disposition"]

    assert header.startswith("attachment; filename")
    assert "\n" not in header and header.isascii()


@pytest.mark.parametrize("file", FILES)
def test_files_can_neither_run_nor_be_guessed_at(reader_client, file):
    response = reader_client.get(url(file, make_asset(thumbnail=True)))

    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_gone_is_a_404(reader_client, file):
    barn = make_asset(thumbnail=True)
    for stored in (barn.original, *(r.file for r in Rendition.objects.all())):
        stored.storage.delete(stored.name)

    assert reader_client.get(url(file, barn)).status_code == 404


# Renditions that wait


def test_a_tile_without_a_thumbnail_shows_its_colour_and_asks_again(reader_client):
    barn = make_asset(colour="red")

    page = text(reader_client.get("/"))

    assert f'hx-get="/assets/{barn.pk}/picture/thumbnail/?pause=2"' in page
    assert 'fill="#dc2828"' in page
    assert "<img" not in page


def test_it_asks_ever_more_slowly(reader_client):
    again = reverse("picture", args=[make_asset().pk, "thumbnail"])

    assert "load delay:4s" in text(reader_client.get(again, {"pause": 2}))
    assert "load delay:32s" in text(reader_client.get(again, {"pause": 32}))
    assert "load delay:2s" in text(reader_client.get(again, {"pause": "soon"}))


def test_it_stops_once_the_thumbnail_is_there_or_has_failed(reader_client):
    made, failed = make_asset(thumbnail=True), make_asset()
    failed.renditions.update(error="This picture can't be decoded.")

    for asset in (made, failed):
        answer = text(reader_client.get(reverse("picture", args=[asset.pk, "thumbnail"])))
        assert "hx-get" not in answer


def test_a_rendition_that_waits_is_a_404(reader_client):
    assert reader_client.get(url("thumbnail", make_asset())).status_code == 404


# Who may see them

PAGES = ("asset", *FILES)


@pytest.mark.parametrize("name", PAGES)
def test_every_way_to_an_asset_needs_an_account(client, name):
    response = client.get(url(name, make_asset(thumbnail=True)))

    assert response.status_code == 302
    assert response.url.startswith("/sign-in/")


@pytest.mark.parametrize("name", PAGES)
def test_public_search_opens_every_way_to_an_asset(client, settings, name):
    settings.PUBLIC_SEARCH = True

    assert client.get(url(name, make_asset(thumbnail=True))).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_an_asset_that_a_person_may_not_see_is_a_404(reader_client, monkeypatch, name):
    barn = make_asset(thumbnail=True)
    monkeypatch.setattr(
        "search.models.asset.AssetQuerySet.visible_to", lambda self, user: self.none()
    )

    assert reader_client.get(url(name, barn)).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_an_unknown_asset_is_a_404(reader_client, name):
    response = reader_client.get(reverse(name, args=[uuid4()]))

    assert response.status_code == 404
    assert "There is nothing at this address" in text(response)


def test_an_id_that_is_none_is_a_404(reader_client):
    assert reader_client.get("/assets/barn/").status_code == 404


def test_the_page_reads_no_vector(reader_client, django_assert_max_num_queries):
    barn = make_asset(embedded=True)

    with django_assert_max_num_queries(21) as queries:
        reader_client.get(barn.get_absolute_url())

    assert Asset.objects.exists()
    assert sum("vector" in query["sql"].split("FROM")[0] for query in queries) <= 2
