"""The workers' steps, run in this process with the encoder that knows colours."""

import shutil

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.db.models.functions import Now
from PIL import Image

from search.library import originals
from search.models import Asset, Embedding, Encoder, Rendition
from search.models.lease import MAX_ATTEMPTS
from tests.support.factories import make_asset, make_encoder
from workers import writes
from workers.look_around import look_around
from workers.tasks import queries, renditions

pytestmark = pytest.mark.django_db


def damage(asset) -> None:
    with asset.original.storage.open(asset.original.name, "wb") as original:
        original.write(b"\x89PNG\r\n\x1a\n and then nothing")


def test_everything_that_waits_is_embedded(fake_encoder):
    make_encoder()
    for number in range(20):
        make_asset(title=f"asset {number}")

    look_around()

    assert [e.state for e in Embedding.objects.all()] == ["done"] * 20


def test_renditions_fit_their_boxes_and_keep_proportions():
    asset = make_asset(size=(2000, 1000))
    renditions.do()
    sizes = {r.spec: Image.open(r.file).size for r in asset.renditions.all()}
    assert sizes == {"thumbnail": (640, 320), "preview": (1600, 800)}


def test_a_small_picture_is_not_enlarged():
    asset = make_asset(size=(60, 40))
    renditions.do()
    assert {Image.open(r.file).size for r in asset.renditions.all()} == {(60, 40)}


def test_a_damaged_original_fails_with_a_sentence_and_the_others_go_on(fake_encoder):
    make_encoder()
    broken, whole = make_asset(title="broken"), make_asset(title="whole")
    damage(broken)

    look_around()

    assert Embedding.objects.get(asset=broken).sentence.endswith(".")
    assert Embedding.objects.get(asset=whole).state == "done"
    assert Rendition.objects.filter(asset=broken).failed().count() == 2


def test_a_missing_original_fails_with_a_sentence(fake_encoder):
    make_encoder()
    asset = make_asset()
    asset.original.storage.delete(asset.original.name)
    look_around()
    assert Embedding.objects.get().sentence == "The original is missing from the storage."


def test_a_storage_that_can_not_be_read_is_tried_again_later(fake_encoder, monkeypatch):
    make_encoder()
    make_asset()

    def unreadable(*args, **kwargs):
        raise PermissionError("mount lost")

    monkeypatch.setattr(originals, "open_original", unreadable)
    for _ in range(MAX_ATTEMPTS + 2):
        look_around()
        promises = [Embedding.objects.get(), *Rendition.objects.all()]
        assert [(p.state, p.attempts, p.next_try_at is None) for p in promises] == [
            ("waiting", 0, False)
        ] * 3
        for queryset in (Embedding.objects, Rendition.objects):
            queryset.update(next_try_at=None)


def test_where_the_storage_is_not_mounted_nothing_is_given_up(fake_encoder, tmp_path):
    """An empty folder: each original looks as if it were missing for good."""
    make_encoder()
    make_asset()
    Asset.objects.update(phash=None)
    shutil.move(tmp_path / "media", tmp_path / "elsewhere")
    look_around()
    assert Embedding.objects.get().state == "waiting"
    assert Asset.objects.get().phash is None

    shutil.rmtree(tmp_path / "media", ignore_errors=True)
    shutil.move(tmp_path / "elsewhere", tmp_path / "media")
    for queryset in (Embedding.objects, Rendition.objects):
        queryset.update(next_try_at=None)
    look_around()

    assert Embedding.objects.get().state == "done"


def test_an_encoder_that_is_gone_or_retired_has_no_work(fake_encoder):
    make_encoder(state=Encoder.State.RETIRED)
    look_around()
    queries.encode_text(12345, "red", "here")
    assert cache.get("here") is None


def test_running_twice_changes_nothing(fake_encoder):
    make_encoder()
    make_asset()
    look_around()
    before = Embedding.objects.values().get()
    look_around()
    assert Embedding.objects.values().get() == before


def test_a_write_is_repeated_while_the_database_restarts(monkeypatch):
    monkeypatch.setattr(writes.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(connection, "close", lambda: None)
    answers = [OperationalError("restarting"), OperationalError("restarting"), True]

    def write():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert writes.persist(write)
    assert answers == []


def test_the_vector_of_a_text_is_put_where_somebody_waits_for_it(fake_encoder):
    queries.encode_text(make_encoder().pk, "red", "here")
    assert cache.get("here")["vector"][0] > 0.5


def test_a_vector_never_appears_without_its_time():
    make_encoder()
    make_asset()
    from django.db import IntegrityError

    with pytest.raises(IntegrityError, match="fulfilled_means_a_vector"):
        Embedding.objects.update(fulfilled=Now())
