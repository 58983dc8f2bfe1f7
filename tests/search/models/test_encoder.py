"""Encoders side by side: their states, and that no search sees another one's rows."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from django.db import DataError, IntegrityError, connection, transaction

from search.models import Asset, Embedding, Encoder, vector_index
from search.models.encoder import WrongState
from search.models.vector_index import VectorIndex, progress_text
from tests.support.factories import make_asset, make_encoder

pytestmark = pytest.mark.django_db


def states() -> dict[str, str]:
    return dict(Encoder.objects.values_list("slug", "state"))


# States ------------------------------------------------------------------------------------------


def test_promoting_leaves_the_other_ready():
    make_encoder(slug="old", revision="0")
    make_encoder(slug="new", state="ready").promote()
    assert states() == {"old": "ready", "new": "serving"}


def test_one_that_served_before_it_had_every_vector_goes_on_building():
    make_encoder(slug="old", revision="0")
    make_asset()
    Embedding.objects.update(backfill=True)
    make_encoder(slug="new", state="ready").promote()
    assert states() == {"old": "building", "new": "serving"}


def test_a_ready_encoder_is_promised_uploads_so_that_it_can_be_gone_back_to():
    make_encoder(slug="old", revision="0", state="ready")
    make_encoder(slug="new")
    make_asset()
    assert Embedding.objects.filter(encoder__slug="old").exists()


@pytest.mark.parametrize("state", ["building", "retired"])
def test_only_a_ready_encoder_is_promoted(state):
    make_encoder(slug="old", revision="0")
    with pytest.raises(WrongState, match=f"new is {state}"):
        make_encoder(slug="new", state=state).promote()
    assert states() == {"old": "serving", "new": state}


def test_promoting_by_hand_ends_what_was_to_happen_by_itself():
    make_encoder(slug="old", revision="0", state="ready").ask_promotion()
    make_encoder(slug="new", revision="1", state="ready").promote()
    assert not Encoder.objects.filter(promote_when_ready=True).exists()


def test_the_first_encoder_serves_at_once_and_the_next_does_not():
    assert make_encoder(slug="first", revision="0", state="building").serve()
    assert not make_encoder(slug="second", state="building").serve()
    assert states() == {"first": "serving", "second": "building"}


def test_two_never_serve():
    make_encoder()
    with pytest.raises(IntegrityError, match="one_serving_encoder"):
        make_encoder(slug="two", revision="2")


def test_asking_for_a_removal_twice_starts_no_new_wait():
    encoder = make_encoder(state="ready")
    encoder.ask_removal()
    requested = encoder.removal_requested
    encoder.ask_removal()
    assert encoder.removal_requested == requested


def test_the_one_that_serves_comes_without_its_probes_and_has_them_when_asked():
    """Each page looks it up, and they are its largest part by far."""
    make_encoder(probes={"texts": [[1.0]]})
    serving = Encoder.objects.serving()
    assert serving.get_deferred_fields() == {"probes"}
    assert serving.probes == {"texts": [[1.0]]}


@pytest.mark.django_db(transaction=True)
def test_two_promotions_at_once_leave_one_serving():
    make_encoder(slug="old", revision="0")
    both = [make_encoder(slug=f"{n}", revision=f"{n}", state="ready") for n in (1, 2)]
    together = threading.Barrier(2)

    def promote(encoder):
        together.wait()
        try:
            encoder.promote()
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        list(pool.map(promote, both))

    assert sorted(states().values()) == ["ready", "ready", "serving"]


# Two encoders of different dimensions in one table -----------------------------------------------

SHORT, LONG = [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]


@pytest.fixture
def two():
    """A dozen assets, each embedded by both encoders, in opposite orders."""
    short = make_encoder(slug="short", revision="1", dimensions=4)
    long = make_encoder(slug="long", revision="2", dimensions=6, state="ready")
    for number in range(12):
        asset = make_asset(title=f"{number}")
        angle = 0.1 * number
        keep(asset, short, [np.cos(angle), np.sin(angle), 0, 0])
        keep(asset, long, [0, 0, 0, 0, np.cos(angle), np.sin(angle)])
    return short, long


def keep(asset, encoder, vector) -> None:
    assert Embedding.objects.get(asset=asset, encoder=encoder).fulfil(vector=vector)


def titles(vector, encoder) -> list[str]:
    return [hit.title for hit in Asset.objects.nearest(vector, encoder)[:12]]


@pytest.fixture
def sorting_off():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")


def test_each_encoder_uses_its_own_index_and_no_other(two, sorting_off):
    short, long = two
    plans = [
        Asset.objects.nearest(SHORT, short)[:5].explain(),
        Asset.objects.nearest(LONG, long)[:5].explain(),
    ]
    assert short.index_name in plans[0] and long.index_name not in plans[0]
    assert long.index_name in plans[1] and short.index_name not in plans[1]


@pytest.mark.parametrize("sorting", ["on", "off"])
def test_each_encoder_ranks_by_its_own_vectors(two, sorting):
    short, long = two
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL enable_sort = {sorting}")
    assert titles(SHORT, short) == [str(number) for number in range(12)]
    assert titles(LONG, long) == [str(number) for number in reversed(range(12))]


def test_hits_do_not_change_when_another_encoder_s_rows_do(two):
    short, long = two
    before = titles(SHORT, short)
    Embedding.objects.filter(encoder=long).delete()
    assert titles(SHORT, short) == before


def test_control_without_the_encoder_in_the_filter_the_comparison_is_an_error(two):
    """PostgreSQL refuses vectors of two lengths, so a search can't mix them up unnoticed."""
    distances = "SELECT vector::halfvec(4) <=> '[1,0,0,0]' FROM search_embedding"
    with pytest.raises(DataError, match="expected 4 dimensions, not 6"), transaction.atomic():
        connection.cursor().execute(distances)


def test_an_index_refuses_a_vector_of_another_encoder_s_length(two):
    short, _ = two
    asset = make_asset(title="new")
    with pytest.raises(DataError, match="expected 4 dimensions, not 6"), transaction.atomic():
        keep(asset, short, LONG)


# The graph of the index ---------------------------------------------------------------------------


def options_of(index) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = %s", [index])
        return cursor.fetchone()[0]


def test_the_graph_has_the_links_that_words_need():
    assert options_of(make_encoder().index_name) == ["m=48", "ef_construction=256"]


@pytest.mark.parametrize(("memory", "warns"), [("1MB", True), ("64MB", False)])
def test_a_build_with_too_little_memory_says_how_much_it_takes(caplog, monkeypatch, memory, warns):
    monkeypatch.setattr(vector_index, "LINK_BYTES", 2_000_000)
    make_asset(embedded=True)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL maintenance_work_mem = '{memory}'")
    make_encoder().drop_index()
    make_encoder().build_index()
    assert ("takes 2 MB while it is built" in caplog.text) is warns


def test_an_index_that_was_built_otherwise_is_built_anew():
    encoder = make_encoder()
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER INDEX {encoder.index_name} SET (m = 16)")
    assert not encoder.has_index()
    encoder.build_index()
    assert encoder.has_index()


def test_until_it_is_built_anew_the_one_that_was_built_otherwise_serves(monkeypatch):
    encoder, there = make_encoder(), []
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER INDEX {encoder.index_name} SET (m = 16)")
    monkeypatch.setattr(
        VectorIndex,
        "_rename",
        lambda index: there.extend(map(options_of, (index.name, index.spare))),
    )
    encoder.build_index()
    assert there == [["ef_construction=256", "m=16"], ["m=48", "ef_construction=256"]]


def test_an_old_one_that_a_worker_left_when_it_was_killed_goes():
    index = make_encoder().index
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX {index.spare} ON search_embedding (id)")
    assert not index.is_there()
    make_encoder().build_index()
    assert index.is_there()


def test_an_index_that_is_being_built_says_how_far_it_is():
    assert progress_text("building index: loading tuples", 40, 99) == "loading tuples, 40 %"
    assert progress_text("building index: performing k-means", 0, 0) == "performing k-means"


@pytest.mark.django_db(transaction=True)
def test_while_it_waits_for_an_upload_the_index_says_so():
    encoder, uploaded, ended = make_encoder(), threading.Event(), threading.Event()
    encoder.drop_index()
    assert encoder.index.progress() == ""
    with ThreadPoolExecutor(2) as pool:
        pool.submit(upload_elsewhere, uploaded, ended)
        assert uploaded.wait(20)
        building = pool.submit(build_elsewhere, encoder)
        while not (progress := encoder.index.progress()) and not building.done():
            time.sleep(0.01)
        ended.set()
        building.result()

    assert progress == "waiting for writers before build"


def upload_elsewhere(uploaded, ended):
    with transaction.atomic():
        make_asset()
        uploaded.set()
        ended.wait(20)
    connection.close()


def build_elsewhere(encoder):
    try:
        encoder.index.build()
    finally:
        connection.close()
