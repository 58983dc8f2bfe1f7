"""Versions: another original, and all that is made of one is that one's from one moment on."""

import hashlib
import io
from datetime import timedelta
from functools import cache

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

from search.formats.facts import inspect_and_derive
from search.formats.sniff import UndecodableImage
from search.library import ingest, storage, trash, versions
from search.library.fsck import breaches
from search.library.versions import NotReplaced
from search.models import Asset, AssetLabel, Embedding, Encoder, Rendition, Version
from search.query import Query, answer
from tests.support.factories import file_of, make_asset, make_encoder, make_user
from tests.support.killed import die, die_after, is_killed
from tests.support.promises import only_in_full
from workers import look_around

pytestmark = pytest.mark.django_db
RED, BLUE = (
    file_of("PNG", colour, size) for colour, size in (("red", (60, 40)), ("blue", (90, 60)))
)
SIDES = Rendition.Spec.sides()


@cache
def examined(data: bytes):
    """In the sandbox, once for all tests: 75 ms of CPU each."""
    return inspect_and_derive(io.BytesIO(data), SIDES, 64)


@pytest.fixture(autouse=True)
def examined_once(monkeypatch):
    for module in (ingest, versions):
        monkeypatch.setattr(
            module, "inspect_and_derive", lambda file, *sides: examined(_all_of(file))
        )


def _all_of(file) -> bytes:
    file.seek(0)
    return file.read()


@pytest.fixture
def asset(fake_encoder):
    """A red picture that has been embedded, with a label of a person's and a collection."""
    make_encoder()
    asset, _ = ingest.ingest(file(RED, "red.png"), owner=make_user("ana"), title="barn")
    AssetLabel.objects.create(asset=asset, label_id=_label("farm"))
    AssetLabel.objects.create(asset=asset, label_id=_label("red"), source="encoder", score=0.9)
    look_around.look_around()
    assert Embedding.objects.done().count() == 1
    return Asset.objects.get()


def _label(name: str) -> int:
    from search.models import Label

    return Label.objects.create(name=name).pk


def file(data: bytes, name: str = "blue.png") -> ContentFile:
    return ContentFile(data, name=name)


def replace(asset: Asset, data: bytes = BLUE, note: str = "") -> Version:
    version = versions.replace(asset, file(data), person=make_user("bo"), note=note)
    asset.refresh_from_db()
    return version


def bytes_of(asset: Asset) -> bytes:
    with asset.original.open() as original:
        return original.read()


def files() -> set[str]:
    return {name for folder in storage.FOLDERS for name in storage.stored_files(folder)}


def is_found(asset: Asset, words: str) -> bool:
    hits = answer(Query.of(words).but(everything=True), make_user("ana")).hits
    return asset.pk in {hit.asset.pk for hit in hits}


def sentences() -> list[str]:
    rows = breaches(lambda rows, total=0, desc="": rows, strict=True)
    return [b.sentence for b in rows if "belongs to no asset" not in b.sentence]


def test_the_new_original_is_that_of_the_asset_and_the_earlier_one_is_kept(asset):
    replace(asset, note="at night")
    assert bytes_of(asset) == BLUE
    assert (asset.width, asset.height, asset.colour_name, asset.version) == (90, 60, "blue", 2)
    assert asset.filename == "blue.png"
    second, first = Version.objects.all()
    assert (first.number, first.width, first.person.username) == (1, 60, "ana")
    assert (second.number, second.note, second.person.username) == (2, "at night", "bo")
    assert first.original.read() == RED
    assert default_storage.exists(first.thumbnail.name)


def test_all_that_points_to_it_stays(asset):
    replace(asset)
    people = AssetLabel.objects.filter(source="person")
    assert [str(label) for label in people] == ["farm"]
    assert (asset.title, asset.owner.username) == ("barn", "ana")


def test_no_old_vector_answers_from_then_on_and_words_do(asset):
    assert is_found(asset, "red")
    replace(asset)
    assert not Embedding.objects.done().exists()
    assert not AssetLabel.objects.filter(source="encoder").exists()
    assert not is_found(asset, "red")
    assert is_found(asset, "barn")
    look_around.look_around()
    assert is_found(asset, "blue")
    assert sentences() == []


def test_its_pictures_are_those_of_the_new_one_at_addresses_of_its_own(asset, client):
    client.force_login(make_user("bo"))
    plain = reverse("thumbnail", args=[asset.pk])
    before = client.get(plain)
    assert "immutable" in before["Cache-Control"]
    replace(asset)
    page = client.get(asset.get_absolute_url()).content.decode()
    assert f"{reverse('preview', args=[asset.pk])}?v=2" in page
    after = client.get(f"{plain}?v=2")
    assert b"".join(before) != b"".join(after)
    assert "immutable" in after["Cache-Control"]
    for name in ("thumbnail", "original"):
        address = reverse(name, args=[asset.pk])
        assert client.get(address)["Cache-Control"] == "private, no-cache"
        assert client.get(f"{address}?v=1")["Cache-Control"] == "private, no-cache"


def test_going_back_is_the_same_with_the_roles_exchanged(asset):
    replace(asset)
    versions.go_back(asset, Version.objects.get(number=1))
    asset.refresh_from_db()
    assert (bytes_of(asset), asset.version, asset.colour_name) == (RED, 1, "red")
    assert not Embedding.objects.done().exists()
    assert Version.objects.count() == 2
    assert replace(asset, file_of("PNG", "green", (50, 50))).number == 3
    look_around.look_around()
    assert sentences() == []


def test_the_file_of_an_earlier_version_is_that_version_again(asset):
    replace(asset)
    assert replace(asset, RED).number == 1
    assert Version.objects.count() == 2


def test_a_person_s_word_of_the_date_stays_and_a_camera_s_goes(asset):
    day = timezone.make_aware(timezone.datetime(2020, 5, 1))
    Asset.objects.update(taken=day, taken_source="camera")
    asset.refresh_from_db()
    replace(asset)
    assert asset.taken is None
    Asset.objects.update(taken=day, taken_source="person")
    replace(asset, RED)
    assert asset.taken == day


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(RED, "the very bytes"), (b"no picture at all", "not a picture"), (b"", "empty")],
)
def test_what_can_t_become_its_original_is_refused_and_nothing_changes(asset, data, sentence):
    before = files()
    if data != RED:  # In earnest, in the sandbox.
        versions.inspect_and_derive = inspect_and_derive
    with pytest.raises((NotReplaced, UndecodableImage), match=sentence):
        replace(asset, data)
    assert (files(), Version.objects.count()) == (before, 0)
    assert Embedding.objects.done().count() == 1


def test_what_its_owner_has_as_another_asset_is_refused(asset):
    make_asset(owner=asset.owner, sha256=hashlib.sha256(BLUE).hexdigest())
    before = files()
    with pytest.raises(NotReplaced, match="as another asset"):
        replace(asset)
    assert files() == before


def test_whoever_comes_second_is_told(asset):
    stale = Asset.objects.get(pk=asset.pk)
    replace(asset)
    before = files()
    with pytest.raises(NotReplaced, match="Somebody else"):
        versions.replace(
            stale, file(file_of("PNG", "green", (50, 50))), person=make_user(), note=""
        )
    assert files() == before


def test_a_failure_of_the_database_leaves_nothing_behind(asset, monkeypatch):
    def fail(*args):
        raise DatabaseError

    monkeypatch.setattr(versions, "_make_anew", fail)
    before = files()
    with pytest.raises(DatabaseError):
        versions.replace(asset, file(BLUE), person=make_user())
    asset.refresh_from_db()
    assert (files(), asset.version, Version.objects.count()) == (before, 1, 0)


def test_whoever_is_at_work_on_the_old_original_comes_too_late(asset):
    Embedding.objects.all().reset()
    Rendition.objects.all().reset()
    [embedding] = Embedding.objects.claim_fresh(1)
    rendition = Rendition.objects.claim_fresh(2)[0]
    replace(asset)
    assert not embedding.fulfil(vector=[1, 0, 0, 0])
    assert not rendition.store(b"jpeg")
    assert Embedding.objects.get().state == "waiting"


def test_the_file_of_an_earlier_version_sent_as_an_upload_is_recognised(asset):
    replace(asset)
    with pytest.raises(ingest.IsVersion, match="is version 1 of “barn”"):
        ingest.ingest(file(RED), owner=make_user("curator", staff=True))
    again, is_new = ingest.ingest(file(RED), owner=make_user("curator"), own_copy=True)
    assert (is_new, again.pk != asset.pk) == (True, True)


def test_to_whoever_may_not_edit_the_asset_it_is_a_new_picture(asset):
    replace(asset)
    _, is_new = ingest.ingest(file(RED), owner=make_user("viewer"))
    assert is_new


def test_no_version_s_file_is_rubbish(asset, monkeypatch):
    replace(asset)
    monkeypatch.setattr(storage, "YOUNG", timedelta(0))
    storage.remove_orphans()
    assert sentences() == []
    assert {version.original.read() for version in Version.objects.all()} == {RED, BLUE}
    assert default_storage.exists(Version.objects.get(number=1).thumbnail.name)


def test_a_lost_or_altered_one_is_named(asset):
    replace(asset)
    default_storage.delete(Version.objects.get(number=1).original.name)
    Asset.objects.update(version=1)
    assert [s for s in sentences() if "The original of version 1 of barn" in s]
    assert [s for s in sentences() if "is not version 1" in s]


def test_deleted_for_good_all_of_its_files_go(asset, django_capture_on_commit_callbacks):
    replace(asset)
    trash.put(Asset.objects.all(), by=make_user())
    with django_capture_on_commit_callbacks(execute=True):
        trash.delete(Asset.everything.all())
    storage.YOUNG, young = timedelta(0), storage.YOUNG
    storage.remove_orphans()  # The renditions that were replaced.
    storage.YOUNG = young
    assert files() == set()


def test_restored_from_the_trash_it_has_its_versions(asset):
    replace(asset)
    trash.put(Asset.objects.all(), by=make_user())
    trash.restore(Asset.everything.in_trash())
    assert Version.objects.count() == 2
    assert Embedding.objects.get().state == "waiting"


# Killed at each step


STEPS = {
    "once the file is stored": ("_write", die),
    "once renditions are written": ("_keep", die),
    "once the version is stored": ("_change", die),
    "once facts are changed": ("_make_anew", die),
    "before the commit": ("_make_anew", die_after),
    "after the commit": ("ring", die),
}
QUICK = ("before the commit", "after the commit")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "step", [step if step in QUICK else pytest.param(step, marks=only_in_full) for step in STEPS]
)
def test_killed_at_any_step_nothing_is_lost_and_no_old_vector_answers(asset, monkeypatch, step):
    examined(BLUE)
    name, way = STEPS[step]
    with monkeypatch.context() as patch:
        patch.setattr(versions, name, way(getattr(versions, name)) if way is die_after else way)
        assert is_killed(lambda: replace(asset))

    now = Asset.objects.get()
    has_new = step == "after the commit"
    assert bytes_of(now) == (BLUE if has_new else RED)
    assert (now.version, Version.objects.count()) == ((2, 2) if has_new else (1, 0))
    if has_new:
        assert not Embedding.objects.done().exists()
    look_around.look_around()
    [embedding] = Embedding.objects.done()
    assert embedding.sha256 == now.sha256 == hashlib.sha256(bytes_of(now)).hexdigest()
    assert is_found(now, "blue" if has_new else "red")
    monkeypatch.setattr(storage, "YOUNG", timedelta(0))
    storage.remove_orphans()
    assert sentences() == []


def test_differences_are_said_in_sentences():
    asset = make_asset()
    one, other = (
        Version(asset=asset, number=n, width=60 * n, height=40, format=f, bytes=n * 10**6)
        for n, f in ((1, "PNG"), (2, "JPEG"))
    )
    assert versions.differences(one, other) == [
        "Pixels: 60 x 40, now 120 x 40.",
        "Size: 1.0 MB, now 2.0 MB.",
        "Format: PNG, now JPEG.",
    ]
    small, smaller = Version(asset=asset, bytes=64_000), Version(asset=asset, bytes=1_600)
    for version in (small, smaller):
        version.width = version.height = 1
    assert versions.differences(small, smaller) == ["Size: 64.0 kB, now 1.6 kB."]
    assert versions.differences(one, one) == ["Size, format, date and camera are those of now."]
    assert Encoder.objects.count() == 0
