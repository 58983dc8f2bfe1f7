"""What the bench of training on shows an encoder."""

import numpy as np
import pytest

from bench import curios
from bench.finetune import recall, verdict
from workers.studio import pen, things


def test_the_studio_knows_no_curio():
    assert not set(curios.KINDS) & set(things.KINDS)
    assert not set(curios.COLOURS) & set(pen.COLOURS)


@pytest.mark.parametrize("kind", curios.KINDS)
def test_each_is_drawn_within_its_box_with_enough_of_its_own_colour(kind):
    own = pen.Pen(200)
    curios.KINDS[kind](own)
    shape = np.asarray(own.shape()) > 0
    assert 0.1 < shape.mean() < 0.7
    painted = np.asarray(own.painted("red", (206, 34, 42), "plain").convert("RGB")).astype(int)
    is_red = painted[..., 0] > painted[..., 1] + 40
    assert is_red[shape].mean() > 0.2


def test_it_knows_none_either_once_some_were_drawn():
    before = list(things.KINDS), list(pen.COLOURS)
    assert len(list(curios.curios(3, 0, longer=32))) == 3
    assert (list(things.KINDS), list(pen.COLOURS)) == before


def test_the_same_seed_draws_the_same():
    (one, picture), (other, same) = (next(curios.curios(1, 5, longer=32)) for _ in range(2))
    assert one == other and picture.tobytes() == same.tobytes()


def test_any_picture_that_fits_is_found_and_one_as_near_is_ahead():
    scores = np.array([[0.1, 0.9, 0.5], [0.2, 0.7, 0.7]])
    fits = np.array([[True, True, False], [False, True, False]])
    assert recall(scores, fits) == {"R@1": 0.5, "R@10": 1.0}


def test_the_verdict_compares_new_with_new_and_old_with_old():
    shares = [
        {"new, among what is held out": {"R@10": new}, "old, among themselves": {"R@10": old}}
        for new, old in ((0.2, 0.95), (0.9, 0.94))
    ]
    sentence = verdict({"before": shares[0], "after": shares[1]})
    assert "4.5 times" in sentence and "-0.010" in sentence
