"""The workers' steps, run in this process with the encoder that knows colours."""

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.db.models.functions import Now
from kombu.exceptions import OperationalError as MessageNotSent
from PIL import Image

from search.models import Embedding, Encoder, Rendition
from tests.support.factories import make_asset, make_encoder
from workers import bell, tasks

pytestmark = pytest.mark.django_db


def damage(asset) -> None:
    with asset.original.storage.open(asset.original.name, "wb") as original:
        original.write(b"\x89PNG\r\n\x1a\n and then nothing")


def test_everything_that_waits_is_embedded(fake_encoder):
    make_encoder()
    for number in range(20):
        make_asset(title=f"asset {number}")

    tasks.embed_waiting()

    assert [e.state for e in Embedding.objects.all()] == ["done"] * 20


def test_renditions_fit_their_boxes_and_keep_proportions():
    asset = make_asset(size=(2000, 1000))
    tasks.make_renditions()
    sizes = {r.spec: Image.open(r.file).size for r in asset.renditions.all()}
    assert sizes == {"thumbnail": (640, 320), "preview": (1600, 800)}


def test_a_small_picture_is_not_enlarged():
    asset = make_asset(size=(60, 40))
    tasks.make_renditions()
    assert {Image.open(r.file).size for r in asset.renditions.all()} == {(60, 40)}


def test_a_damaged_original_fails_with_a_sentence_and_the_others_go_on(fake_encoder):
    make_encoder()
    broken, whole = make_asset(title="broken"), make_asset(title="whole")
    damage(broken)

    tasks.embed_waiting()

    assert Embedding.objects.get(asset=broken).error.endswith(".")
    assert Embedding.objects.get(asset=whole).state == "done"
    assert Rendition.objects.filter(asset=broken).failed().count() == 2


def test_a_missing_original_fails_with_a_sentence(fake_encoder):
    make_encoder()
    asset = make_asset()
    asset.original.storage.delete(asset.original.name)
    tasks.embed_waiting()
    assert Embedding.objects.get().error == "The original is missing from the storage."


def test_a_storage_that_can_not_be_read_is_tried_again_later(fake_encoder, monkeypatch):
    make_encoder()
    make_asset()

    def unreadable(*args, **kwargs):
        raise PermissionError("mount lost")

    monkeypatch.setattr(tasks.decode, "decode", unreadable)
    tasks.embed_waiting()

    assert Embedding.objects.get().state == "waiting"
    assert Embedding.objects.get().next_try_at is not None


def test_an_encoder_that_is_gone_or_retired_has_no_work(fake_encoder):
    make_encoder(state=Encoder.State.RETIRED)
    tasks.embed_waiting()
    tasks.encode_text(12345, "red", "here")
    assert cache.get("here") is None


def test_running_twice_changes_nothing(fake_encoder):
    make_encoder()
    make_asset()
    tasks.embed_waiting()
    before = Embedding.objects.values().get()
    tasks.embed_waiting()
    assert Embedding.objects.values().get() == before


def test_a_write_is_repeated_while_the_database_restarts(monkeypatch):
    monkeypatch.setattr(tasks.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(connection, "close", lambda: None)
    answers = [OperationalError("restarting"), OperationalError("restarting"), True]

    def write():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert tasks.keep(write)
    assert answers == []


@pytest.fixture
def rung(monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.make_renditions, "delay", lambda: sent.append("renditions"))
    monkeypatch.setattr(tasks.embed_waiting, "delay", lambda: sent.append("embeddings"))
    return sent


def test_the_bell_rings_only_for_work(rung):
    make_encoder()
    tasks.ring_bell()
    assert rung == []


def test_the_bell_says_what_kind_of_work_there_is(rung):
    make_encoder()
    make_asset()
    tasks.ring_bell()
    assert rung == ["renditions", "embeddings"]


def test_the_bell_does_not_ring_for_what_someone_is_doing(rung):
    make_encoder()
    make_asset()
    Embedding.objects.claim_fresh(1)
    Rendition.objects.claim_fresh(2)
    tasks.ring_bell()
    assert rung == []


def test_a_silent_redis_is_no_error(monkeypatch):
    def unsent():
        raise MessageNotSent("Redis is away")

    make_asset()
    monkeypatch.setattr(tasks.make_renditions, "delay", unsent)
    tasks.ring_bell()


@pytest.mark.django_db(transaction=True)
def test_only_one_worker_rings_at_a_time(rung):
    from django.db import connections

    make_asset()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [bell.ADVISORY_LOCK])
        bell.ring_once()
        assert rung == []
        cursor.execute("SELECT pg_advisory_unlock(%s)", [bell.ADVISORY_LOCK])
    other.close()
    bell.ring_once()
    assert rung == ["renditions"]


def test_the_vector_of_a_text_is_put_where_somebody_waits_for_it(fake_encoder):
    tasks.encode_text(make_encoder().pk, "red", "here")
    assert cache.get("here")["vector"][0] > 0.5


def test_a_vector_never_appears_without_its_time():
    make_encoder()
    make_asset()
    from django.db import IntegrityError

    with pytest.raises(IntegrityError, match="fulfilled_means_a_vector"):
        Embedding.objects.update(fulfilled=Now())
