"""Ingest: bytes to a stored asset with its promises, once, or nothing at all."""

import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import DatabaseError, OperationalError, connection

from search.disk import DiskFull
from search.formats.limits import TooLarge
from search.formats.sniff import UndecodableImage
from search.library import ingest as ingest_module
from search.library.ingest import display_name, ingest, title_from
from search.library.storage import orphans, stored_files
from search.models import Asset, Embedding, Encoder, Rendition
from search.models.asset import AssetQuerySet
from tests.support.factories import make_encoder, make_user, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def upload(tmp_path):
    """Makes an upload with a descriptor, as the site's upload handler does."""
    opened = []

    def make(name: str = "red_barn.png", *, colour: str = "red", data: bytes | None = None) -> File:
        path = tmp_path / "upload"
        if data is None:
            picture(colour).save(path, "PNG")
        else:
            path.write_bytes(data)
        opened.append(path.open("rb"))
        return File(opened[-1], name=name)

    yield make
    for file in opened:
        file.close()


def stored() -> list[str]:
    return list(stored_files("originals"))


def test_the_original_is_kept_as_it_was_uploaded(upload):
    file = upload()
    asset, is_new = ingest(file, owner=make_user())

    file.seek(0)
    assert asset.original.read() == file.read()
    assert is_new
    assert (asset.width, asset.height, asset.format) == (60, 40, "PNG")
    assert asset.title == "red barn"


def test_the_name_in_the_storage_tells_nothing(upload):
    asset, _ = ingest(upload("secret-project.png"), owner=make_user())
    assert "secret" not in asset.original.name
    assert asset.sha256 not in asset.original.name


def test_it_promises_a_vector_for_each_live_encoder_and_has_each_rendition(upload):
    make_encoder()
    make_encoder(slug="next", revision="2", state=Encoder.State.BUILDING)
    make_encoder(slug="old", revision="3", state=Encoder.State.RETIRED)

    asset, _ = ingest(upload(), owner=make_user())

    promised = Embedding.objects.filter(asset=asset).values_list("encoder__slug", flat=True)
    assert set(promised) == {"fake", "next"}
    assert Rendition.objects.filter(asset=asset).done().count() == len(Rendition.Spec)


def test_the_bell_is_rung_after_the_commit(upload, monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr(ingest_module, "ring", lambda: rung.append(1))
    with django_capture_on_commit_callbacks(execute=True):
        ingest(upload(), owner=make_user())
        assert not rung
    assert rung


def test_the_same_bytes_of_the_same_owner_are_stored_once(upload):
    first, _ = ingest(upload(), owner=make_user())
    second, is_new = ingest(upload("another name.png"), owner=make_user())
    assert (second, is_new) == (first, False)
    assert len(stored()) == 1


def test_the_same_bytes_of_another_owner_whom_all_see_are_stored_once(upload):
    first, _ = ingest(upload(), owner=make_user("anna"))
    second, is_new = ingest(upload(), owner=make_user("bert"))
    assert (second, is_new) == (first, False)
    assert len(stored()) == 1


def test_two_owners_may_hold_the_same_bytes_where_both_want_to(upload):
    first, _ = ingest(upload(), owner=make_user("anna"))
    second, is_new = ingest(upload(), owner=make_user("bert"), own_copy=True)
    again, _ = ingest(upload(), owner=make_user("bert"))
    assert is_new and first != second
    assert again == second


def test_what_an_owner_may_not_see_is_never_given_away(upload, monkeypatch):
    def only_their_own(assets, user):
        return assets.filter(owner=user)

    first, _ = ingest(upload(), owner=make_user("anna"))
    monkeypatch.setattr(AssetQuerySet, "visible_to", only_their_own)
    second, is_new = ingest(upload(), owner=make_user("bert"))
    assert is_new and first != second


@pytest.mark.parametrize(
    "data", [b"", b"just text", b"%PDF-1.7", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_what_is_no_picture_leaves_nothing_behind(upload, data):
    with pytest.raises(UndecodableImage, match=r"\.$"):
        ingest(upload("a.jpg", data=data), owner=make_user())
    assert not Asset.objects.exists()
    assert not stored()


def test_too_many_bytes_are_refused_with_both_figures(upload, settings):
    settings.MAX_UPLOAD_MB = 0.001
    with pytest.raises(TooLarge, match=r"2\.0 MB; 0\.001 MB"):
        ingest(upload(data=b"x" * 2_000_000), owner=make_user())


def test_a_database_error_leaves_no_file_behind(upload, monkeypatch):
    def fail(asset):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(Embedding.objects, "promise", fail)
    with pytest.raises(DatabaseError):
        ingest(upload(), owner=make_user())
    assert not Asset.objects.exists()
    assert not [*stored(), *stored_files("renditions")]


def test_where_there_is_no_room_for_renditions_they_are_promised(upload, monkeypatch):
    def refuse(rendition, jpeg):
        raise DiskFull("disk_full")

    monkeypatch.setattr(Rendition, "write", refuse)
    asset, _ = ingest(upload(), owner=make_user())
    assert asset.renditions.waiting().count() == len(Rendition.Spec)


def test_a_server_that_goes_as_it_has_committed_takes_no_original_with_it(upload, monkeypatch):
    @contextmanager
    def commit_and_go():
        yield
        raise OperationalError("server closed the connection unexpectedly")

    owner = make_user()
    with monkeypatch.context() as meanwhile:
        goes = SimpleNamespace(atomic=commit_and_go, on_commit=lambda *args, **options: None)
        meanwhile.setattr(ingest_module, "transaction", goes)
        with pytest.raises(OperationalError):
            ingest(upload(), owner=owner)

    asset, is_new = ingest(upload(), owner=owner)  # As whoever was told to try again does.
    assert not is_new
    assert stored() == [asset.original.name]


@pytest.mark.django_db(transaction=True)
def test_a_race_for_the_same_original_stores_it_once(tmp_path):
    picture("red").save(tmp_path / "a.png")
    owner, pks, meet = make_user(), [], threading.Barrier(4)

    def store() -> None:
        with (tmp_path / "a.png").open("rb") as file:
            meet.wait()
            pks.append(ingest(File(file, name="a.png"), owner=owner)[0].pk)
        connection.close()

    threads = [threading.Thread(target=store) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert len(set(pks)) == 1
    assert len(stored()) == 1
    assert not list(orphans())


# Joined by what has no width, or kept apart by it.
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467.png"
PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.png"


@pytest.mark.parametrize(
    ("name", "visible"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\Users\\me\\cat.png", "cat.png"),
        ("evil\x00name.png", "evilname.png"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("\u2067photo\u2069\u200f.png", "photo.png"),
        (
            "\U0001f468\u200d\U0001f469\u200d\U0001f467.png",
            "\U0001f468\u200d\U0001f469\u200d\U0001f467.png",
        ),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.png",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.png",
        ),
        ("tab\there\r\nand there.png", "tab here and there.png"),
        ("", "untitled"),
        ("..", "untitled"),
        ("猫 🐈.png", "猫 🐈.png"),
        ("x" * 300 + ".png", "x" * 251 + ".png"),
    ],
)
def test_a_file_name_is_made_fit_to_be_shown(name, visible):
    assert display_name(name) == visible


@pytest.mark.parametrize(
    ("filename", "title"),
    [("red_mug-2.jpg", "red mug 2"), (".jpg", ".jpg"), ("v1.2 final.png", "v1.2 final")],
)
def test_a_first_title_comes_from_the_file_name(filename, title):
    assert title_from(filename) == title


def test_a_file_without_a_row_is_removed_once_it_is_old(upload, monkeypatch):
    from search.library import storage

    asset, _ = ingest(upload(), owner=make_user())
    default_storage.save("originals/aa/left", File(upload(colour="blue")))

    assert storage.remove_orphans() == 0
    monkeypatch.setattr(storage, "is_young", lambda name: False)
    assert storage.remove_orphans() == 1

    assert stored() == [asset.original.name]
