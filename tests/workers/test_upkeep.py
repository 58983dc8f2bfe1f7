"""What encoders need besides embedding, each step cut off and taken again."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from search.models import Asset, Embedding, Encoder
from tests.support.elsewhere import elsewhere
from tests.support.factories import make_asset, make_encoder, make_user
from workers import look_around, upkeep
from workers.tasks import embeddings

pytestmark = pytest.mark.django_db
NEW = {"slug": "new", "revision": "2", "state": "building", "promised": None}


@pytest.fixture
def unrung(monkeypatch):
    """Nothing is embedded: the bell is not heard."""
    monkeypatch.setattr(upkeep, "ring", lambda: None)


def make_library(count: int = 5) -> Encoder:
    """A library that the serving encoder has embedded, and a new encoder without a promise."""
    for number in range(count):
        make_asset(title=f"asset {number}", embedded=True)
    return make_encoder(**NEW)


def state(encoder: Encoder) -> str:
    encoder.refresh_from_db()
    return encoder.state


# Promises ----------------------------------------------------------------------------------------


def test_a_new_encoder_is_promised_the_whole_library_as_backfill(unrung):
    encoder = make_library()

    upkeep.advance_encoders()

    promises = Embedding.objects.filter(encoder=encoder)
    assert [p.backfill for p in promises] == [True] * 5
    assert {p.asset_id for p in promises} == set(Asset.objects.values_list("pk", flat=True))


def test_each_chunk_goes_on_where_the_last_one_ended():
    encoder = make_library()

    assert Embedding.objects.promise_next(encoder, chunk=2)
    encoder.refresh_from_db()
    assert (encoder.embeddings.count(), encoder.promised) == (2, None)
    assert encoder.promised_to == sorted(Asset.objects.values_list("pk", flat=True))[1]

    while Embedding.objects.promise_next(encoder, chunk=2):
        pass
    encoder.refresh_from_db()
    assert encoder.embeddings.count() == 5
    assert encoder.promised is not None


def test_a_killed_backfill_repeats_nothing(unrung):
    encoder = make_library()
    Embedding.objects.promise_next(encoder, chunk=2)
    first = set(encoder.embeddings.values_list("pk", flat=True))

    upkeep.advance_encoders()

    assert first < set(encoder.embeddings.values_list("pk", flat=True))
    assert encoder.embeddings.count() == 5


def test_an_upload_during_the_backfill_is_promised_once_and_as_fresh(unrung):
    encoder = make_library()
    Embedding.objects.promise_next(encoder, chunk=2)
    fresh = make_asset(title="fresh")

    upkeep.advance_encoders()

    assert not Embedding.objects.get(asset=fresh, encoder=encoder).backfill


def test_a_retired_encoder_is_promised_nothing_more(unrung):
    encoder = make_library()
    encoder.retire()

    upkeep.advance_encoders()

    assert not encoder.embeddings.exists()


# Fresh before backfill ---------------------------------------------------------------------------


@pytest.fixture
def order(fake_encoder, monkeypatch):
    """The encoders and titles of each batch, as they are embedded."""
    batches = []
    embed = embeddings.embed

    def noted(claimed, encoder):
        if claimed:
            batches.append((claimed[0].encoder.slug, [e.asset.title for e in claimed]))
        embed(claimed, encoder)

    monkeypatch.setattr(embeddings, "embed", noted)
    fake_encoder.batch_size = 2
    return batches


def test_an_upload_during_the_backfill_waits_for_one_batch_at_most(order, monkeypatch):
    make_library(6)
    encoder = Encoder.objects.get(slug="new")
    while Embedding.objects.promise_next(encoder):
        pass
    embed = embeddings.embed

    def with_an_upload(claimed, loaded):
        embed(claimed, loaded)
        if claimed and len(order) == 1:
            make_asset(title="upload")

    monkeypatch.setattr(embeddings, "embed", with_an_upload)
    look_around.look_around()

    assert [slug for slug, _ in order] == ["new", "fake", "new", "new", "new"]
    assert order[1] == ("fake", ["upload"])
    # Then for the new encoder, ahead of its own backfill.
    assert "upload" in order[2][1]


def test_control_in_the_order_of_their_keys_the_upload_would_come_last(order, monkeypatch):
    make_library(6)
    encoder = Encoder.objects.get(slug="new")
    while Embedding.objects.promise_next(encoder):
        pass
    make_asset(title="upload")
    monkeypatch.setattr(type(Embedding.objects.all()), "claim_order", ("pk",))
    look_around.look_around()

    assert "upload" in order[-1][1]


def test_the_serving_encoder_comes_first_among_those_with_uploads():
    make_encoder(slug="older", revision="0", state="ready")
    make_encoder()
    make_asset()

    assert [e.slug for e in Embedding.objects.whose_turn()] == ["fake", "older"]


def test_looking_for_uploads_does_not_read_the_backfill():
    with connection.cursor() as cursor:  # As many pages as 2,000 rows: of few it reads all.
        cursor.execute("ALTER TABLE search_embedding SET (fillfactor = 10)")
    encoder, owner = make_library(0), make_user()
    Asset.objects.bulk_create(
        Asset(owner=owner, sha256=f"{number:064}", width=1, height=1, bytes=1)
        for number in range(200)
    )
    while Embedding.objects.promise_next(encoder):
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE search_embedding")

    fresh = Embedding.objects.filter(encoder=encoder).claimable().filter(claims=0, backfill=False)

    condition = "Index Cond: ((encoder_id = {}) AND (claims = 0) AND (backfill = false))"
    assert condition.format(encoder.pk) in fresh.explain()


def test_an_encoder_that_cannot_be_used_does_not_stop_the_others(order, monkeypatch):
    make_library(3)
    upkeep.advance(Encoder.objects.get(slug="new"))
    make_asset(title="upload")
    loading_error(monkeypatch, "fake")

    look_around.look_around()

    assert {slug for slug, _ in order} == {"new"}
    assert Encoder.objects.get(slug="fake").problem_sentence == "Its files are gone."
    assert Embedding.objects.get(asset__title="upload", encoder__slug="fake").state == "waiting"


def loading_error(monkeypatch, slug: str) -> None:
    from workers import encoder_cache
    from workers.encoders.protocol import CheckpointError

    load = encoder_cache._checked

    def refuse(row, **options):
        if row.slug == slug:
            raise CheckpointError("text", text="Its files are gone.")
        return load(row, **options)

    monkeypatch.setattr(encoder_cache, "_checked", refuse)


# Ready -------------------------------------------------------------------------------------------


def test_building_ends_when_the_backfill_has_come_through(fake_encoder):
    encoder = make_library()

    upkeep.advance_encoders()
    assert state(encoder) == "building" or not encoder.embeddings.waiting().exists()
    look_around.look_around()
    upkeep.advance_encoders()

    assert state(encoder) == "ready"


def test_building_goes_on_while_backfill_waits(unrung):
    encoder = make_library()
    upkeep.advance_encoders()
    upkeep.advance_encoders()
    assert state(encoder) == "building"


def test_what_has_failed_and_what_has_just_come_in_hold_nothing_up(unrung):
    encoder = make_library(1)
    upkeep.advance_encoders()
    encoder.embeddings.update(error="This is no picture.")
    make_asset(title="fresh")

    upkeep.advance_encoders()

    assert state(encoder) == "ready"


def test_an_encoder_without_its_index_is_not_ready(unrung):
    encoder = make_library(0)
    Embedding.objects.promise_next(encoder)
    encoder.drop_index()

    upkeep.become_ready(encoder)

    assert state(encoder) == "building"


# Indexes -----------------------------------------------------------------------------------------


def test_a_missing_index_is_built_again(unrung):
    encoder = make_encoder()
    encoder.drop_index()

    upkeep.advance_encoders()

    assert encoder.has_index()


def break_index(encoder: Encoder) -> None:
    """What a crash during CREATE INDEX CONCURRENTLY leaves behind."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass(%s)",
            [encoder.index_name],
        )


def test_an_index_that_a_crash_left_invalid_is_built_again(unrung):
    encoder = make_encoder()
    break_index(encoder)
    # The control: that it is there by its name alone proves nothing.
    assert not encoder.has_index()

    upkeep.advance_encoders()

    assert encoder.has_index()


def test_the_index_of_a_retired_encoder_is_left_alone(unrung):
    encoder = make_encoder(state="retired")
    encoder.drop_index()
    upkeep.advance_encoders()
    assert not encoder.has_index()


@pytest.mark.django_db(transaction=True)
def test_only_one_process_tends_at_a_time():
    encoder = make_encoder(**NEW)
    with elsewhere("upkeep"):
        upkeep.advance_encoders()
        assert state(encoder) == "building"
    upkeep.advance_encoders()
    assert state(encoder) == "ready"


# Promotion ---------------------------------------------------------------------------------------


def test_one_that_is_to_serve_does_so_once_a_query_worker_has_loaded_it(fake_encoder):
    encoder = make_library()
    encoder.ask_promotion()

    upkeep.advance_encoders()
    look_around.look_around()
    upkeep.advance_encoders()

    assert state(encoder) == "serving"
    assert Encoder.objects.get(slug="fake").state == "ready"


def test_without_a_query_worker_the_other_goes_on_serving(fake_encoder, monkeypatch):
    make_encoder()
    encoder = make_encoder(slug="new", revision="2", state="ready")
    encoder.ask_promotion()
    monkeypatch.setattr(upkeep.encode_text, "delay", lambda *given: None)

    upkeep.advance_encoders()

    assert state(encoder) == "ready"


def test_a_warm_up_counts_once(fake_encoder, monkeypatch):
    encoder = make_encoder()
    cache.set(f"warm:{encoder.pk}", {"vector": [1]})
    monkeypatch.setattr(upkeep.encode_text, "delay", lambda *given: None)
    assert upkeep.is_warm(encoder)
    assert not upkeep.is_warm(encoder)


# Removal -----------------------------------------------------------------------------------------


def removed_long_ago(encoder: Encoder) -> None:
    encoder.ask_removal()
    Encoder.objects.filter(pk=encoder.pk).update(
        removal_requested=timezone.now() - timedelta(minutes=1)
    )


def test_what_is_removed_stays_as_long_as_a_search_may_be_using_it(unrung):
    encoder = make_library()
    upkeep.advance_encoders()
    encoder.ask_removal()

    upkeep.advance_encoders()

    assert state(encoder) == "retired"
    assert encoder.embeddings.count() == 5
    assert encoder.has_index()


def test_then_vectors_index_and_row_are_gone_and_no_other_encoder_s(unrung):
    encoder = make_library()
    upkeep.advance_encoders()
    removed_long_ago(encoder)

    upkeep.advance_encoders()

    assert not encoder.has_index()
    assert [e.slug for e in Encoder.objects.all()] == ["fake"]
    assert Embedding.objects.done().count() == 5


def test_a_killed_removal_is_ended_by_the_next(unrung, monkeypatch):
    encoder = make_library()
    upkeep.advance_encoders()
    removed_long_ago(encoder)
    encoder.drop_index()
    assert Embedding.objects.take_away(encoder, chunk=2) == 2

    upkeep.advance_encoders()

    assert not Encoder.objects.filter(slug="new").exists()
