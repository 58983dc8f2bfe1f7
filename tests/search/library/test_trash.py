"""The trash: what is deleted comes back with all that was its own, or goes for good with files."""

import hashlib
import threading
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.utils import timezone

from search.library import ingest, near_duplicates, storage, trash, upgrade
from search.library.fsck import breaches
from search.library.merging import merge_collections
from search.library.ownership import hand_over
from search.models import (
    Asset,
    AssetLabel,
    Collection,
    Embedding,
    Encoder,
    JudgedQuery,
    Judgement,
    NotDuplicate,
    Rendition,
    TrashedEmbedding,
    User,
)
from search.models.lease import lease_end
from search.models.trash import TrashedEmbeddingQuerySet
from tests.support.factories import file_of, make_asset, make_encoder, make_user
from tests.support.killed import die, is_killed
from tests.support.promises import only_in_full
from workers import look_around
from workers.tasks import cleaning

pytestmark = pytest.mark.django_db


def put(*assets: Asset):
    pks = [asset.pk for asset in assets]
    return trash.put(Asset.objects.filter(pk__in=pks), by=make_user("curator", staff=True))


def everything() -> trash.AssetQuerySet:
    return Asset.everything.in_trash()


def vector_of(asset: Asset):
    return Embedding.objects.get(asset=asset).vector


def upload() -> SimpleUploadedFile:
    return SimpleUploadedFile("red.png", file_of("PNG", "red", (60, 40)))


def count(rows, desc="", total=0):
    return rows


def test_who_put_it_there_and_when_is_kept():
    asset, before = make_asset(), timezone.now() - timedelta(seconds=5)
    moment = put(asset)
    [row] = everything()
    assert (row.trashed, row.trashed_by.username) == (moment, "curator")
    assert moment > before
    assert not Asset.objects.exists()


def test_restored_it_has_all_that_was_its_own():
    asset, other = make_asset(labels=("farm",), collection="water", embedded=True), make_asset()
    person = make_user()
    judged = JudgedQuery.objects.create(key="1", words="red")
    Judgement.objects.create(query=judged, asset=asset, grade=1, person=person)
    NotDuplicate.objects.remember(asset, other, person=person)
    vector, updated = vector_of(asset), asset.updated

    put(asset)
    assert trash.restore(everything()) == (1, [])

    asset.refresh_from_db()
    assert (asset.trashed, asset.trashed_by, asset.updated) == (None, None, updated)
    assert list(vector_of(asset)) == list(vector)
    assert [str(each) for each in AssetLabel.objects.filter(asset=asset)] == ["farm"]
    assert [c.slug for c in asset.collections.all()] == ["water"]
    assert Judgement.objects.filter(asset=asset).exists()
    assert NotDuplicate.objects.of(asset).exists()


def test_a_vector_lies_nowhere_that_a_search_reads_and_comes_back_as_it_was(fake_encoder):
    asset = make_asset(embedded=True)
    row = Embedding.objects.filter(asset=asset)
    before = row.values("vector", "fulfilled", "sha256", "backfill", "attempts").get()
    put(asset)
    assert not Embedding.objects.exists()
    trash.restore(everything())
    assert row.values("vector", "fulfilled", "sha256", "backfill", "attempts").get() == before


def test_whoever_embeds_it_meanwhile_comes_too_late_and_what_is_owed_is_owed_again():
    asset = make_asset()
    make_encoder()
    Embedding.objects.promise(asset)
    [claimed] = Embedding.objects.claim_fresh(1)
    put(asset)
    assert not claimed.fulfil(vector=[1, 0, 0, 0])
    assert not Embedding.objects.whose_turn().exists()

    trash.restore(everything())
    promise = Embedding.objects.get()
    assert (promise.state, promise.token) == ("waiting", None)
    assert Embedding.objects.whose_turn().exists()


def test_an_encoder_that_came_meanwhile_gets_a_promise():
    asset = make_asset(embedded=True)
    put(asset)
    other = make_encoder(slug="other", revision="2", state=Encoder.State.READY, promised=None)
    while Embedding.objects.promise_next(other):
        pass
    assert not Embedding.objects.exists()  # A backfill passes over the trash.

    trash.restore(everything())
    states = {e.encoder.slug: e.state for e in Embedding.objects.select_related("encoder")}
    assert states == {"fake": "done", "other": "waiting"}


def test_of_very_many_the_rest_comes_back_by_a_worker(monkeypatch):
    monkeypatch.setattr(trash, "AT_ONCE", 2)
    assets = [make_asset(title=f"barn {n}", embedded=True) for n in range(5)]
    put(*assets)
    trash.restore(everything())
    assert Embedding.objects.done().count() == 2
    assert [str(b.sentence) for b in breaches(count) if "promise" in b.sentence] == []
    look_around.look_around()
    assert Embedding.objects.done().count() == 5
    assert not TrashedEmbedding.objects.exists()


def test_put_there_again_before_all_is_back_it_stays_whole(monkeypatch):
    monkeypatch.setattr(trash, "AT_ONCE", 0)
    asset = make_asset(embedded=True)
    for _ in range(2):
        put(asset)
        trash.restore(everything())
    put(asset)
    look_around.look_around()
    assert not Embedding.objects.exists()
    monkeypatch.setattr(trash, "AT_ONCE", 50)
    trash.restore(everything())
    assert Embedding.objects.done().count() == 1


def test_those_that_were_like_it_are_compared_anew():
    first = make_asset(phash="1" * 64)
    other = make_asset(phash="1" * 64)
    Asset.objects.update(cluster=first.pk)
    put(first)
    assert set(Asset.everything.values_list("cluster", flat=True)) == {None}
    look_around.look_around()
    other.refresh_from_db()
    assert other.cluster == other.pk


# The same file again


def test_the_same_file_sent_again_is_offered_back():
    owner = make_user("curator", staff=True)
    asset, _ = ingest.ingest(upload(), owner=owner)
    put(asset)
    with pytest.raises(ingest.InTrash) as refusal:
        ingest.ingest(upload(), owner=owner)
    assert refusal.value.asset == asset
    assert "This file is in the trash since" in str(refusal.value)
    assert everything().count() == Asset.everything.count() == 1


def test_asked_for_it_becomes_an_asset_of_its_own_beside_which_the_other_stays_in_the_trash():
    owner = make_user("curator", staff=True)
    asset, _ = ingest.ingest(upload(), owner=owner)
    put(asset)
    again, is_new = ingest.ingest(upload(), owner=owner, own_copy=True)
    assert (is_new, again.pk != asset.pk) == (True, True)
    assert trash.restore(everything()) == (0, [asset])
    assert [a.pk for a in Asset.objects.all()] == [again.pk]


def test_of_two_of_one_file_the_later_comes_back():
    owner = make_user("curator", staff=True)
    first, _ = ingest.ingest(upload(), owner=owner)
    put(first)
    second, _ = ingest.ingest(upload(), owner=owner, own_copy=True)
    put(second)
    assert trash.restore(everything()) == (1, [first])
    assert Asset.objects.get() == second


@pytest.mark.parametrize("is_owner", [False, True])
def test_whoever_may_not_edit_it_hears_nothing_of_it(is_owner, settings):
    settings.LIBRARY_OPEN = False
    asset, _ = ingest.ingest(upload(), owner=make_user("ana"))
    put(asset)
    again, is_new = ingest.ingest(upload(), owner=make_user("ana" if is_owner else "bo"))
    assert (is_new, again.pk != asset.pk) == (True, True)


# For good


def let_pass(days: float) -> None:
    Asset.everything.in_trash().update(trashed=timezone.now() - timedelta(days=days))


def files() -> set[str]:
    return {name for folder in storage.FOLDERS for name in storage.stored_files(folder)}


def test_after_its_days_it_goes_with_its_files(django_capture_on_commit_callbacks):
    asset, stays = make_asset(thumbnail=True, embedded=True), make_asset(thumbnail=True)
    put(asset)
    let_pass(29.9)
    with django_capture_on_commit_callbacks(execute=True):
        cleaning.clean_up()
    assert everything().count() == 1
    let_pass(30.1)
    with django_capture_on_commit_callbacks(execute=True):
        cleaning.clean_up()
    assert list(Asset.everything.all()) == [stays]
    left = {stays.original.name, *Rendition.objects.values_list("file", flat=True)}
    assert files() == left
    assert not TrashedEmbedding.objects.exists()


def test_the_number_of_days_is_a_setting(settings):
    settings.TRASH_DAYS = 1
    put(make_asset())
    let_pass(1.1)
    assert trash.empty() == 1


def test_it_is_emptied_in_small_batches(monkeypatch):
    monkeypatch.setattr(trash, "BATCH", 2)
    put(*(make_asset() for _ in range(5)))
    let_pass(31)
    assert trash.empty() == 5


def test_what_is_in_the_library_is_not_deleted_by_the_trash():
    asset = make_asset()
    assert trash.delete(Asset.everything.all()) == 0
    assert Asset.objects.get() == asset


def test_a_kill_between_row_and_files_leaves_what_the_cleaning_finds(monkeypatch):
    asset = make_asset(thumbnail=True)
    put(asset)
    trash.delete(everything())  # Whose transaction commits in no test: no file is removed.
    assert files()
    monkeypatch.setattr(storage, "YOUNG", timedelta(0))
    storage.remove_orphans()
    assert files() == set()


# Who knows of it


def test_its_files_are_no_rubbish(monkeypatch):
    monkeypatch.setattr(storage, "YOUNG", timedelta(0))
    asset = make_asset(thumbnail=True)
    put(asset)
    assert storage.remove_orphans() == 0
    assert default_storage.exists(asset.original.name)


def sentences(*, strict: bool = True) -> list[str]:
    return [breach.sentence for breach in breaches(count, strict=strict)]


def test_a_library_with_a_trash_is_whole():
    sha256 = hashlib.sha256(file_of("PNG", "red", (60, 40))).hexdigest()
    for owner in ("ana", "bo"):
        make_asset(embedded=True, thumbnail=True, sha256=sha256, owner=make_user(owner))
    put(Asset.objects.first())
    assert sentences() == []


def test_a_lost_original_in_the_trash_is_named():
    asset = make_asset(title="barn", embedded=True, thumbnail=True)
    put(asset)
    default_storage.delete(asset.original.name)
    assert [s for s in sentences() if "barn" in s and "is missing" in s]


def test_a_vector_of_what_is_in_the_trash_is_found_and_put_there():
    asset = make_asset(embedded=True, thumbnail=True)
    Asset.objects.update(trashed=timezone.now())
    [breach] = [b for b in breaches(count) if "in the trash" in b.sentence]
    assert breach.mend()
    assert (Embedding.objects.count(), TrashedEmbedding.objects.count()) == (0, 1)
    Asset.everything.update(trashed=None)
    [breach] = [b for b in breaches(count) if "in the trash" in b.sentence]
    assert breach.mend()
    assert trash.give_back(1) == 1
    assert Embedding.objects.get().asset == asset


def test_merged_collections_hold_what_was_in_the_trash():
    asset = make_asset(collection="water")
    put(asset)
    sea = Collection.objects.create(name="Sea", slug="sea")
    merge_collections(sea, [Collection.objects.get(slug="water")])
    trash.restore(everything())
    assert list(sea.assets.all()) == [asset]


def test_an_account_hands_over_its_trash_too():
    ana, bo = make_user("ana"), make_user("bo")
    put(make_asset(owner=ana, sha256="1" * 64))
    make_asset(owner=bo, sha256="1" * 64)
    assert hand_over(ana, bo) == 0
    ana.delete()
    assert everything().get().owner == bo


def test_it_outlasts_the_account_that_put_it_there():
    put(make_asset())
    make_user("other", staff=True)
    User.objects.get(username="curator").delete()
    assert everything().get().trashed_by is None


def test_what_is_in_the_trash_is_not_read_anew():
    put(make_asset(rules=0))
    assert not upgrade.read_next()


@pytest.mark.django_db(transaction=True)
def test_a_backfill_under_way_leaves_no_vector_of_what_is_put_there_meanwhile():
    """It has seen the asset in the library, and adds its promise once the asset is in the trash."""
    asset = make_asset()
    encoder = make_encoder(promised=None, promised_to="00000000-0000-0000-0000-000000000000")
    began, ended = threading.Event(), threading.Event()

    def promise() -> None:
        began.wait()
        Embedding.objects.promise_next(encoder)
        connection.close()
        ended.set()

    thread = threading.Thread(target=promise)
    thread.start()
    with transaction.atomic():
        put(asset)
        began.set()
        assert not ended.wait(0.3)  # It waits for the asset.
    thread.join()
    assert not Embedding.objects.exists()


def test_a_lease_that_runs_meanwhile_is_no_lease_of_what_came_back():
    asset = make_asset(embedded=True)
    Embedding.objects.update(
        vector=None, fulfilled=None, claims=1, token="1" * 32, leased_until=lease_end()
    )
    put(asset)
    trash.restore(everything())
    assert Embedding.objects.claimable().count() == 1


# Killed at each step

DEEDS = {
    "put": lambda: put(*Asset.objects.all()),
    "restore": lambda: trash.restore(everything()),
    "delete": lambda: trash.delete(everything()),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("deed", "where", "name", "is_as_before"),
    [
        ("put", near_duplicates, "leave", True),
        ("put", TrashedEmbeddingQuerySet, "take", True),
        ("restore", trash, "_promise_again", True),
        ("restore", trash, "give_back", True),
        ("restore", trash, "ring", False),
        ("delete", default_storage.__class__, "delete", False),
    ],
)
@only_in_full
def test_killed_at_any_step_it_is_there_or_here_and_whole(
    deed, where, name, is_as_before, monkeypatch
):
    asset = make_asset(embedded=True, thumbnail=True)
    asset_file = asset.original.name
    if deed != "put":
        put(asset)
    with monkeypatch.context() as patch:
        patch.setattr(where, name, die)
        assert is_killed(DEEDS[deed])

    was_there = deed != "put"
    assert Asset.everything.count() == (0 if deed == "delete" else 1)
    assert everything().exists() == (deed != "delete" and was_there == is_as_before)
    assert Embedding.objects.exists() == Asset.objects.exists()
    assert TrashedEmbedding.objects.exists() == everything().exists()
    monkeypatch.setattr(storage, "YOUNG", timedelta(0))
    storage.remove_orphans()
    assert default_storage.exists(asset_file) == Asset.everything.exists()
