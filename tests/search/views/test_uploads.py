import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from search.formats.sniff import UndecodableImage
from search.library import trash, versions
from search.models import Asset, Embedding
from tests.support import pictures
from tests.support.factories import embed, make_asset, make_encoder, make_user

pytestmark = pytest.mark.django_db
UPLOAD = reverse("upload")


def text(response):
    return response.content.decode()


def send(client, *files, **headers):
    """Upload (name, content) pairs in one request."""
    data = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post(UPLOAD, {"files": data}, headers=headers)


def rows(response):
    return [(row.filename, row.state) for row in response.context["rows"]]


# Who may upload


def test_readers_are_told_whom_to_ask(reader_client):
    response = reader_client.get(UPLOAD)

    assert response.status_code == 403
    assert "Only contributors and curators may upload pictures" in text(response)


def test_readers_cannot_post_either(reader_client):
    assert send(reader_client, ("a.png", pictures.png())).status_code == 403
    assert not Asset.objects.exists()


def test_strangers_sign_in_first(client):
    assert client.get(UPLOAD).url == "/sign-in/?next=/upload/"


# What becomes of each file


def test_each_file_gets_a_row(staff_client):
    response = send(staff_client, ("a.png", pictures.png()), ("b.jpg", pictures.jpeg()))

    assert response.status_code == 200
    assert rows(response) == [("a.png", "stored"), ("b.jpg", "stored")]


def test_a_refused_file_is_named_and_the_others_go_in(staff_client):
    response = send(staff_client, ("notes.jpg", b"just words"), ("b.png", pictures.png()))

    assert response.status_code == 200
    assert rows(response) == [("notes.jpg", "refused"), ("b.png", "stored")]
    assert "This is text, not a picture." in text(response)
    assert Asset.objects.count() == 1


def test_the_same_picture_twice_is_already_in_the_library(staff_client):
    send(staff_client, ("a.png", pictures.png()))

    response = send(staff_client, ("again.png", pictures.png()))

    assert "Already in the library, as <bdi>a</bdi>" in text(response)
    assert Asset.objects.count() == 1


def test_in_a_batch_a_duplicate_keeps_the_name_that_was_sent(staff_client):
    make_encoder()
    response = send(staff_client, ("a.png", pictures.png()), ("b.png", pictures.png()))

    assert rows(response) == [("a.png", "stored"), ("b.png", "stored")]
    assert [row.is_new for row in response.context["rows"]] == [True, False]
    assert text(response).count("Already in the library") == 1
    assert "Searchable" not in text(response)


def test_a_duplicate_stays_one_once_it_is_searchable(staff_client):
    make_encoder()
    barn = make_asset(colour="red", embedded=True, owner=make_user("curator"))

    new, again = (
        staff_client.get(reverse("upload_status"), {name: str(barn.pk)})
        for name in ("ids", "again")
    )

    assert "Searchable" in text(new) and "Already" not in text(new)
    assert "Already in the library, as <bdi>barn</bdi>" in text(again)
    assert "Searchable" not in text(again) and "soon" not in text(again)


def test_without_script_looking_again_asks_for_each_in_its_place(staff_client):
    make_encoder()
    response = send(staff_client, ("a.png", pictures.png()), ("b.png", pictures.png()))
    pk = Asset.objects.get().pk

    assert f"?ids={pk},&amp;again={pk}," in text(response)
    again = staff_client.get(f"{reverse('upload_status')}?ids={pk},&again={pk},")
    assert [row.is_new for row in again.context["rows"]] == [True, False]


@pytest.mark.parametrize(
    ("code", "may_pass"),
    [("decoding_takes_too_long", True), ("decoding_failed", True), ("file_is_empty", False)],
)
def test_only_what_may_pass_can_be_sent_again(staff_client, monkeypatch, code, may_pass):
    def refuse(*args, **kwargs):
        raise UndecodableImage(code)

    monkeypatch.setattr("search.views.uploads.ingest", refuse)

    assert (
        "data-may-pass" in text(send(staff_client, ("a.png", b"x"))).split("<template")[0]
    ) is may_pass


def test_htmx_gets_the_rows_alone(staff_client):
    response = send(staff_client, ("a.png", pictures.png()), **{"HX-Request": "true"})

    assert text(response).strip().startswith('<li class="row" data-state="stored"')


def test_without_a_file_there_is_a_sentence(staff_client):
    response = staff_client.post(UPLOAD)

    assert response.status_code == 400
    assert "Choose at least one picture." in text(response)


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (b"", 400, "This file is empty."),
        (b"just words", 415, "This is text, not a picture."),
        (b"<!doctype html><p>Hello", 415, "This is a web page, not a picture."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "This is an SVG drawing"),
        (b"%PDF-1.7", 415, "This is a PDF, not a picture."),
        (bytes(1000), 415, "This is not a picture that can be read"),
        (pictures.jpeg()[:200], 400, "This JPEG file is damaged or incomplete."),
        (pictures.png_with_damaged_pixels(), 400, "This PNG file is damaged or incomplete."),
        (pictures.png_of_size(30_000, 30_000), 413, "megapixels"),
        (pictures.webp_bomb(), 413, "megapixels"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(staff_client, content, status, sentence):
    response = send(staff_client, ("holiday.jpg", content))

    assert response.status_code == status
    assert rows(response) == [("holiday.jpg", "refused")]
    assert sentence in text(response)
    assert not Asset.objects.exists()


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000)])
def test_odd_sizes_are_accepted_and_shown(staff_client, size):
    send(staff_client, ("line.png", pictures.png(size)))
    asset = Asset.objects.get()

    assert (asset.width, asset.height) == size
    assert staff_client.get("/").status_code == 200
    assert staff_client.get(asset.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("value", range(1, 9))
def test_pictures_are_stored_upright(staff_client, value):
    size = (40, 60) if value > 4 else (60, 40)
    send(staff_client, ("a.jpg", pictures.jpeg(size, exif_orientation=value)))

    assert (Asset.objects.get().width, Asset.objects.get().height) == (60, 40)


@pytest.mark.parametrize(
    ("sent", "visible"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\pictures\\barn.png", "barn.png"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("a" * 300 + ".png", "a" * 251 + ".png"),
        ("<b>.png", "<b>.png"),
    ],
)
def test_any_name_is_shown_safely(staff_client, sent, visible):
    response = send(staff_client, (sent, pictures.png()))

    assert rows(response) == [(visible, "stored")]
    assert "<b>.png" not in text(response)


def test_a_name_with_nul_does_no_harm(staff_client):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a\0b.png"\r\n\r\n'
        + pictures.png()
        + b"\r\n--x--\r\n"
    )

    response = staff_client.post(UPLOAD, data=body, content_type="multipart/form-data; boundary=x")

    assert rows(response) == [("ab.png", "stored")]


# What somebody else has in the library already

KEEP = reverse("upload_keep")


@pytest.fixture
def of_ana(staff_client):
    """The answer to a file that ana has in the library too."""
    ana = Client()
    ana.force_login(make_user("ana", staff=True))
    send(ana, ("sea.png", pictures.png()))
    return send(staff_client, ("mine.png", pictures.png()), **{"HX-Request": "true"})


def claim_in(response):
    return re.search('name="claim" value="([^"]+)"', text(response))[1]


def test_whose_it_is_is_said_with_a_link_and_a_way_to_keep_it_too(of_ana):
    asset = Asset.objects.get()

    assert f'<a href="{asset.get_absolute_url()}">Already in the library, from <bdi>ana' in text(
        of_ana
    )
    assert "Keep mine too" in text(of_ana)
    assert rows(of_ana) == [("mine.png", "stored")]


def test_keeping_it_too_makes_an_asset_of_the_name_that_was_sent(staff_client, of_ana):
    response = staff_client.post(KEEP, {"claim": claim_in(of_ana)})

    assert [(row.filename, row.is_new, row.claim) for row in response.context["rows"]] == [
        ("mine.png", True, "")
    ]
    assert {(asset.owner.username, asset.title) for asset in Asset.objects.all()} == {
        ("ana", "sea"),
        ("curator", "mine"),
    }
    assert "as <bdi>mine</bdi>" in text(staff_client.post(KEEP, {"claim": claim_in(of_ana)}))


def test_only_whoever_sent_the_file_keeps_it(staff_client, of_ana):
    other = Client()
    other.force_login(make_user("other", staff=True))

    for client, claim in ((other, claim_in(of_ana)), (staff_client, "x"), (staff_client, "")):
        response = client.post(KEEP, {"claim": claim})
        assert response.status_code == 400
        assert "please send it" in text(response)
    assert Asset.objects.count() == 1


def test_what_has_left_the_library_meanwhile_has_to_be_sent_again(staff_client, of_ana):
    Asset.objects.all().delete()

    assert "please send the file again" in text(
        staff_client.post(KEEP, {"claim": claim_in(of_ana)})
    )


def test_looking_again_still_says_whose_it_is(staff_client, of_ana):
    again = staff_client.get(reverse("upload_status"), {"again": str(Asset.objects.get().pk)})

    assert "Already in the library, from <bdi>ana" in text(again)


# How much


@pytest.fixture
def in_trash(staff_client):
    """An asset that was put into the trash after it was sent."""
    send(staff_client, ("a.png", pictures.png()))
    trash.put(Asset.objects.all(), by=make_user("curator"))
    return Asset.everything.get()


def test_a_file_that_is_in_the_trash_is_offered_back(staff_client, in_trash):
    response = send(staff_client, ("again.png", pictures.png()))
    assert response.status_code == 409
    assert "This file is in the trash since" in text(response)
    assert Asset.everything.count() == 1

    claim = {"claim": response.context["rows"][0].claim}
    response = staff_client.post(reverse("upload_restore"), claim)
    assert rows(response) == [("again.png", "stored")]
    assert Asset.objects.get() == in_trash


def test_asked_to_be_added_anew_it_becomes_another_asset(staff_client, in_trash):
    response = send(staff_client, ("again.png", pictures.png()))
    claim = {"claim": response.context["rows"][0].claim}
    staff_client.post(reverse("upload_keep"), claim)
    assert Asset.objects.get().filename == "again.png"
    assert Asset.everything.count() == 2
    response = staff_client.post(reverse("upload_restore"), claim)
    assert "It has left the library meanwhile" in text(response)


def test_a_file_that_was_replaced_is_said_with_a_way_to_add_it_anew(staff_client):
    send(staff_client, ("a.png", pictures.png()))
    asset = Asset.objects.get()
    other = ContentFile(pictures.jpeg(), name="b.jpg")
    versions.replace(asset, other, person=make_user("curator"))

    response = send(staff_client, ("again.png", pictures.png()))
    assert "This file is version 1 of" in text(response)
    assert reverse("admin:search_asset_versions", args=[asset.pk]) in text(response)
    claim = {"claim": response.context["rows"][0].claim}
    response = staff_client.post(reverse("upload_keep"), claim)
    assert rows(response) == [("again.png", "stored")]
    assert Asset.objects.exclude(pk=asset.pk).get().format == "PNG"


def test_of_the_trash_of_others_nothing_is_said(curator_client, in_trash, settings):
    settings.LIBRARY_OPEN = False
    Asset.everything.update(owner=make_user("ana"))
    response = send(curator_client, ("b.png", pictures.png()))
    assert rows(response) == [("b.png", "stored")]
    assert "trash" not in text(response).split("<main")[1]


def test_a_file_over_the_limit_is_refused_and_the_others_go_in(staff_client, settings):
    settings.MAX_UPLOAD_MB = 0.1

    response = send(staff_client, ("big.jpg", bytes(300_000)), ("a.png", pictures.png()))

    assert rows(response) == [("big.jpg", "refused"), ("a.png", "stored")]
    assert "This file has 0.3 MB; 0.1 MB are allowed." in text(response)


def test_alone_it_is_a_413(staff_client, settings):
    settings.MAX_UPLOAD_MB = 0.1

    assert send(staff_client, ("big.jpg", bytes(300_000))).status_code == 413


def test_of_a_file_over_the_limit_little_reaches_the_disk(settings):
    from search.views.upload_handler import LimitedUploadHandler

    settings.MAX_UPLOAD_MB = 0.1
    handler = LimitedUploadHandler()
    handler.new_file("files", "big.jpg", "image/jpeg", None)
    for start in range(0, 1_000_000, 50_000):
        handler.receive_data_chunk(bytes(50_000), start)
    file = handler.file_complete(1_000_000)

    assert file.size == 1_000_000
    assert len(file.read()) <= 150_000


def test_a_request_that_carries_too_much_is_a_413(staff_client, settings):
    settings.MAX_UPLOAD_MB = 0.01

    response = send(staff_client, ("big.jpg", bytes(300_000)))

    assert response.status_code == 413
    assert "please send fewer pictures at once" in text(response)


def test_too_many_files_are_a_400(staff_client, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2

    response = send(staff_client, *[("a.png", pictures.png())] * 3)

    assert response.status_code == 400
    assert "At most 2 files can be sent at once." in text(response)


def test_a_body_that_is_no_form_is_a_400(staff_client):
    response = staff_client.post(
        UPLOAD, data=b"nonsense", content_type="multipart/form-data; boundary="
    )

    assert response.status_code == 400


# Rows as they are now


def status(client, *assets, **headers):
    ids = ",".join(str(asset.pk) for asset in assets)
    return client.get(reverse("upload_status"), {"ids": ids}, headers=headers)


def test_a_row_goes_from_stored_to_searchable(staff_client):
    make_encoder()
    barn = make_asset(colour="red")
    assert rows(status(staff_client, barn)) == [("barn.png", "stored")]

    embed(barn, "red")

    assert rows(status(staff_client, barn)) == [("barn.png", "searchable")]


def test_a_failed_row_gives_the_reason(staff_client):
    make_encoder()
    barn = make_asset()
    Embedding.objects.update(error="This PNG file is damaged.")

    response = status(staff_client, barn, **{"HX-Request": "true"})

    assert rows(response) == [("barn.png", "failed")]
    assert "Stored, but not searchable: This PNG file is damaged." in text(response)


def test_what_is_no_id_has_no_row(staff_client):
    response = staff_client.get(reverse("upload_status"), {"ids": "barn,-,\0," + "-" * 36})

    assert response.status_code == 200
    assert rows(response) == []


def test_a_summary_counts_the_rows(staff_client):
    response = send(staff_client, ("notes.jpg", b"just words"), ("b.png", pictures.png()))

    assert "<b>1</b> on their way" in text(response)
    assert "<b>1</b> refused" in text(response)
