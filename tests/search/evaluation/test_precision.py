"""8 bits are added where this library's searches lose next to nothing by them."""

import numpy as np
import pytest

from search.evaluation import precision
from search.models.encoder import WrongState
from tests.support.factories import make_asset, make_encoder
from tests.support.fake_encoder import FakeEncoder
from workers.encoders.protocol import CheckpointError

pytestmark = pytest.mark.django_db


class Int8(FakeEncoder):
    """The fake encoder in 8 bits: `turn` is applied to each of its vectors."""

    precision, turn = "int8", np.eye(4, dtype=np.float32)

    def encode_texts(self, texts):
        return super().encode_texts(texts) @ self.turn

    def encode_images(self, images):
        return super().encode_images(images).reshape(-1, 4) @ self.turn


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A hit is one that is the first, so that a library of four has hits and others."""
    monkeypatch.setattr(precision, "load_encoder", lambda *given, **options: FakeEncoder())
    monkeypatch.setattr(precision, "LEAST", 4)
    monkeypatch.setattr(precision, "FIRST", 1)


@pytest.fixture
def library():
    make_encoder()
    for colour in ("red", "green", "blue", "yellow"):
        make_asset(title=f"a {colour} wall", colour=colour, embedded=True)


def test_what_loses_nothing_is_proved(library):
    proof = precision.prove(Int8())
    assert (proof["recall"], proof["before"], proof["lost"], proof["same"]) == (1, 1, 0, 1)
    assert proof["moved"] < 0.01 and proof["assets"] == 4 and proof["queries"] >= 4


def test_what_finds_other_pictures_is_refused_with_both_figures(library):
    encoder = Int8()
    encoder.encode_texts = lambda texts: -Int8.encode_texts(encoder, texts)
    refusal = r"loses too much in 8 bits here: its recall@10 of words is 0\.\d+, in fp32 1\.000"
    with pytest.raises(WrongState, match=refusal):
        precision.prove(encoder)


def test_moved_thresholds_are_refused(library, monkeypatch):
    monkeypatch.setattr(precision, "moved", lambda ours, theirs: 0.2)
    with pytest.raises(WrongState, match=r"and thresholds move by 0\.20\."):
        precision.prove(Int8())


def test_thresholds_move_with_the_spread_of_the_scores():
    scores = np.random.default_rng(0).normal(size=(5, 100)).astype(np.float32)
    assert precision.moved(scores, scores) == 0
    assert precision.moved(1.1 * scores, scores) == pytest.approx(0.4, abs=0.05)


def test_without_single_precision_there_is_nothing_to_measure_by():
    with pytest.raises(WrongState, match="measured against itself in single precision"):
        precision.prove(Int8())


def test_a_library_of_a_few_pictures_proves_nothing():
    make_encoder()
    with pytest.raises(WrongState, match="has embedded 0 pictures that can be read: at least 4"):
        precision.prove(Int8())


def test_where_8_bits_are_no_faster_they_are_refused(library):
    encoder = Int8()
    encoder.fallback = CheckpointError("int8_without_instructions")
    with pytest.raises(WrongState, match="This processor has no instructions"):
        precision.prove(encoder)
