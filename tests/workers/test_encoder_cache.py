"""Encoders in a process: loaded once, checked, and refused with a sentence that is kept."""

import threading

import pytest

from search.models import Encoder
from tests.support.factories import make_encoder
from tests.support.fake_encoder import FakeEncoder
from workers import encoder_cache
from workers.encoders.protocol import CheckpointError
from workers.encoders.self_check import probe

pytestmark = pytest.mark.django_db


@pytest.fixture
def loads(monkeypatch):
    """Counts what is loaded; `loads.error` is what loading raises."""

    class Loads:
        count, error, encoder = 0, None, FakeEncoder()

        def __call__(self, *given, **options):
            self.count += 1
            if self.error:
                raise self.error
            return self.encoder

    counter = Loads()
    monkeypatch.setattr(encoder_cache, "load_encoder", counter)
    return counter


def problem() -> str:
    return Encoder.objects.get().problem_sentence


def as_added() -> Encoder:
    """An encoder with what was kept of it when it was added."""
    return make_encoder(manifest=FakeEncoder.manifest, probes=probe(FakeEncoder()))


def test_an_encoder_is_loaded_and_checked_once_per_process(loads, monkeypatch):
    row, checks = as_added(), []
    monkeypatch.setattr(encoder_cache, "verify", lambda *given: checks.append(given))

    assert encoder_cache.encoder_of(row) is encoder_cache.encoder_of(row)

    assert (loads.count, len(checks)) == (1, 1)


def test_one_that_means_what_it_meant_is_used(loads):
    assert encoder_cache.encoder_of(as_added()) is loads.encoder


def test_one_whose_vectors_have_moved_is_refused_with_a_sentence(loads, monkeypatch):
    row, images = as_added(), FakeEncoder.encode_images
    monkeypatch.setattr(FakeEncoder, "encode_images", lambda self, given: -images(self, given))

    with pytest.raises(CheckpointError):
        encoder_cache.encoder_of(row)
    assert problem().endswith(".")


def test_one_whose_files_have_changed_is_refused_with_a_sentence(loads):
    row = as_added()
    loads.encoder.manifest = {"model.safetensors": "1" * 64}

    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        encoder_cache.encoder_of(row)
    assert "model.safetensors" in problem()


def test_a_refusal_stands_for_a_while_then_the_checkpoint_is_looked_at_again(loads, monkeypatch):
    row = make_encoder()
    loads.error = CheckpointError("text", text="Its files are gone.")
    for _ in range(3):
        with pytest.raises(CheckpointError):
            encoder_cache.encoder_of(row)
    assert loads.count == 1

    loads.error = None
    monkeypatch.setattr(encoder_cache, "REFUSAL_SECONDS", 0)

    assert encoder_cache.encoder_of(row)
    assert problem() == ""


@pytest.mark.django_db(transaction=True)
def test_work_for_others_goes_on_while_an_encoder_is_loaded(loads, monkeypatch, settings):
    other, go_on = make_encoder(), threading.Event()
    row = make_encoder(slug="new", revision="2", state="ready")
    encoder_cache.encoder_of(other)
    settings.CELERY_TASK_ALWAYS_EAGER = False
    monkeypatch.setattr(encoder_cache, "note", lambda *given: None)
    monkeypatch.setattr(
        encoder_cache, "load_encoder", lambda *given, **o: go_on.wait(10) and loads()
    )

    assert encoder_cache.at_hand(row) is None
    assert encoder_cache.at_hand(row) is None
    # In the same thread: were it to wait for the load, the load would never end.
    assert encoder_cache.at_hand(other) is loads.encoder
    go_on.set()
    for thread in threading.enumerate():
        if thread.name.endswith("(_load_beside)"):
            thread.join(10)

    assert encoder_cache.at_hand(row) is loads.encoder
    assert loads.count == 2


def test_one_whose_files_change_under_it_is_loaded_anew_and_checked_again(loads, monkeypatch):
    row = as_added()
    encoder_cache.encoder_of(row)
    monkeypatch.setattr(loads.encoder, "is_altered", lambda: True)
    loads.encoder = FakeEncoder()
    loads.encoder.manifest = {"model.safetensors": "1" * 64}

    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        encoder_cache.encoder_of(row)
    assert loads.count == 2
    assert "model.safetensors" in problem()


def test_what_computes_it_is_stored_and_why_it_is_slow(loads, monkeypatch):
    monkeypatch.setattr(loads.encoder, "engine", "torch", raising=False)
    reason = CheckpointError("engine_slow", engine="oneDNN", times=40.0)
    monkeypatch.setattr(loads.encoder, "fallback", reason, raising=False)

    encoder_cache.encoder_of(make_encoder())

    row = Encoder.objects.get()
    assert row.engine == "torch"
    assert row.fallback_sentence.startswith("oneDNN takes 40.0 times as long as torch here")
