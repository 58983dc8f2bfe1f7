"""A full disk says so, leaves nothing behind, and heals; what is stored is on the disk."""

import io
import os
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.core.management import CommandError, call_command
from django.urls import reverse

from search import disk
from search.disk import DiskFull
from search.models import Asset, Embedding, Rendition
from tests.support import pictures
from tests.support.factories import make_asset, make_encoder, make_user
from tests.support.full_disk import NO_SPACE, database_is_full, fill_up
from workers.tasks import embeddings, renditions

pytestmark = pytest.mark.django_db
FULL = "The library’s disk is full, so nothing was stored"


@pytest.fixture
def no_room(settings):
    settings.MIN_FREE_MB = 10**12


def files() -> list[str]:
    """Every file in the library's folder, whole or not."""
    return [str(path) for path in Path(default_storage.path("")).rglob("*") if path.is_file()]


def send(client, name="a.png"):
    picture = SimpleUploadedFile(name, pictures.png())
    return client.post(reverse("upload"), {"files": [picture]})


# What the storage does


def test_a_write_that_finds_no_room_leaves_nothing(monkeypatch):
    fill_up(monkeypatch)

    with pytest.raises(DiskFull, match="disk is full"):
        default_storage.save("originals/aa/one", ContentFile(bytes(1000)))

    assert files() == []


def test_nor_does_one_that_fails_otherwise(monkeypatch):
    def fail(part, content):
        part.write_bytes(b"some of it")
        raise OSError("the disk has gone")

    monkeypatch.setattr(disk, "_fill", fail)

    with pytest.raises(OSError, match="gone"):
        default_storage.save("originals/aa/one", ContentFile(bytes(1000)))

    assert files() == []


def test_below_the_floor_nothing_is_stored(no_room):
    with pytest.raises(DiskFull):
        default_storage.save("originals/aa/one", ContentFile(b"a"))

    assert files() == []


def test_file_and_folder_are_on_the_disk_before_a_save_returns(monkeypatch):
    synced, sync = [], os.fsync

    def record(handle):
        synced.append(Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        sync(handle)

    monkeypatch.setattr(disk.os, "fsync", record)

    default_storage.save("originals/aa/one", ContentFile(b"a"))
    default_storage.save("originals/aa/two", ContentFile(b"b"))

    # A new folder's name is in the one above it.
    first, second = synced[: synced.index("two.part")], synced[synced.index("two.part") :]
    assert first[-3:] == ["originals", "one.part", "aa"]
    assert second == ["two.part", "aa"]


def test_what_can_be_made_anew_is_not_waited_for(monkeypatch):
    default_storage.save("renditions/aa/one.jpg", ContentFile(b"a"))
    monkeypatch.setattr(disk.os, "fsync", None)

    default_storage.save("renditions/aa/two.jpg", ContentFile(b"a"))


def test_an_upload_is_moved_to_its_place():
    folder = Path(default_storage.path("uploads"))
    folder.mkdir(parents=True)
    with TemporaryUploadedFile("a.png", "image/png", 3, None) as upload:
        upload.write(b"abc")
        upload.seek(0)
        number = os.stat(upload.temporary_file_path()).st_ino
        default_storage.save("originals/aa/one", upload)

    assert os.stat(default_storage.path("originals/aa/one")).st_ino == number
    assert Path(default_storage.path("originals/aa/one")).read_bytes() == b"abc"


def test_from_another_disk_it_is_copied(monkeypatch):
    move = os.rename

    def cross(source, target):
        if "uploads" in str(source):
            raise OSError("Invalid cross-device link")
        move(source, target)

    monkeypatch.setattr(disk.os, "rename", cross)
    Path(default_storage.path("uploads")).mkdir(parents=True)
    with TemporaryUploadedFile("a.png", "image/png", 3, None) as upload:
        upload.write(b"abc")
        upload.seek(0)
        default_storage.save("originals/aa/one", upload)

    assert Path(default_storage.path("originals/aa/one")).read_bytes() == b"abc"


@pytest.mark.parametrize(
    ("error", "full"),
    [(NO_SPACE, True), (DiskFull("disk_full"), True), (OSError("gone"), False), (None, False)],
)
def test_a_full_disk_is_told_from_other_faults(error, full):
    assert disk.is_full(error) == full


# What people see


def test_an_upload_to_a_full_disk_gets_a_sentence_and_leaves_nothing(staff_client, monkeypatch):
    fill_up(monkeypatch)

    response = send(staff_client)

    assert response.status_code == 507
    assert FULL in response.content.decode()
    assert files() == [] and not Asset.objects.exists()


def test_a_large_one_is_refused_before_it_is_read(staff_client, no_room):
    body = {"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "3000000", "CONTENT_TYPE": "text/plain"}

    response = staff_client.request(REQUEST_METHOD="POST", PATH_INFO="/upload/", **body)

    assert response.status_code == 507
    assert response["Retry-After"] == "60"
    assert FULL in response.content.decode()


def test_a_disk_that_fills_while_an_upload_arrives_says_so(staff_client, monkeypatch):
    def fail(self, data, start):
        raise NO_SPACE

    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", fail)
    staff_client.raise_request_exception = False

    response = send(staff_client)

    assert response.status_code == 507
    assert FULL in response.content.decode()
    assert files() == []


def test_a_full_database_says_so_and_leaves_nothing(staff_client, monkeypatch):
    monkeypatch.setattr(Asset, "save", database_is_full)

    response = send(staff_client)

    assert response.status_code == 507
    assert FULL in response.content.decode()
    assert files() == []


def test_it_says_so_on_every_page(reader_client, monkeypatch):
    monkeypatch.setattr("search.views.search.answer", database_is_full)
    reader_client.raise_request_exception = False

    assert reader_client.get("/", {"q": "red"}).status_code == 507


def test_with_room_again_the_same_upload_goes_in(staff_client, monkeypatch):
    with monkeypatch.context() as patch:
        fill_up(patch)
        send(staff_client)

    assert send(staff_client).status_code == 200
    assert Asset.objects.count() == 1


def test_a_command_ends_in_the_sentence(no_room, tmp_path):
    make_encoder()
    (tmp_path / "a.png").write_bytes(pictures.png())

    with pytest.raises(CommandError, match="disk is full"):
        call_command("ingest", str(tmp_path / "a.png"))


# What workers do


def come_back(promises):
    """As if the pause of what was put back were over."""
    assert promises.filter(next_try_at__isnull=False, token=None).exists()
    promises.update(next_try_at=None)


@pytest.mark.parametrize("times", [1, 5])
def test_renditions_wait_for_room_however_often_it_lacks(monkeypatch, times):
    make_encoder(), make_asset()
    before = files()
    with monkeypatch.context() as patch:
        fill_up(patch)
        for _ in range(times):
            assert renditions.do()
            assert files() == before
            come_back(Rendition.objects.all())
    assert list(Rendition.objects.values_list("error", "attempts")) == [("", 0)] * 2

    while renditions.do():
        pass

    assert Rendition.objects.done().count() == 2


def test_below_the_floor_none_is_tried(settings):
    make_encoder(), make_asset()
    settings.MIN_FREE_MB = 10**12

    assert not renditions.waits()


def test_with_room_one_is():
    make_encoder(), make_asset()

    assert renditions.waits()


def test_what_waits_for_room_is_tried_within_a_minute(monkeypatch, settings):
    from django.utils import timezone

    make_encoder(), make_asset()
    fill_up(monkeypatch)
    renditions.do()

    latest = Rendition.objects.latest("next_try_at").next_try_at
    assert (latest - timezone.now()).total_seconds() + settings.BELL_SECONDS < 60


@pytest.mark.parametrize("times", [1, 5])
def test_embeddings_wait_for_room_in_the_database(monkeypatch, fake_encoder, times):
    make_encoder(), make_asset()
    with monkeypatch.context() as patch:
        patch.setattr(Embedding, "fulfil", database_is_full)
        for _ in range(times):
            assert embeddings.do()
            come_back(Embedding.objects.all())
    assert list(Embedding.objects.values_list("error", "attempts")) == [("", 0)]

    assert embeddings.do()

    assert Embedding.objects.done().count() == 1


def test_a_rendition_leaves_no_file_where_the_database_is_full(monkeypatch):
    make_encoder(), make_asset()
    before = files()
    monkeypatch.setattr(Rendition, "fulfil", database_is_full)

    renditions.do()

    assert files() == before


def test_another_fault_of_a_write_is_loud(monkeypatch):
    def fail(part, content):
        part.write_bytes(b"some of it")
        raise OSError("the disk has gone")

    make_encoder(), make_asset()
    monkeypatch.setattr(disk, "_fill", fail)

    with pytest.raises(OSError, match="gone"):
        renditions.do()


def test_a_picture_that_stops_its_worker_is_still_found_out(monkeypatch):
    make_encoder(), make_asset(owner=make_user())
    Rendition.objects.update(attempts=2, claims=3)
    fill_up(monkeypatch)

    renditions.do()

    assert set(Rendition.objects.values_list("attempts", flat=True)) == {2}
