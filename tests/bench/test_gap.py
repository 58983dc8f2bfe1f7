"""The vectors that recall is measured on: the gap between words and pictures."""

import numpy as np
import pytest

from bench.gap import gap


@pytest.fixture(scope="module")
def drawn():
    return gap(3_000, 200, seed=1)


def test_all_are_unit_vectors(drawn):
    for vectors in (drawn.library, drawn.pictures, drawn.words):
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_words_are_far_from_even_their_own_picture(drawn):
    true = (drawn.words * drawn.library[drawn.true]).sum(axis=1)
    assert 0.04 < np.median(true) < 0.1


def test_pictures_are_near_each_other_and_words_likewise(drawn):
    assert np.median(drawn.pictures @ drawn.library.T) > 0.3
    assert np.median(drawn.words @ drawn.words.T) > 0.6


def test_words_are_nearer_to_their_own_picture_than_to_most(drawn):
    scores = drawn.words @ drawn.library.T
    true = scores[np.arange(200), drawn.true]
    assert (scores < true[:, None]).mean() > 0.8


def test_pictures_of_one_cluster_are_the_nearest(drawn):
    same = drawn.clusters[:, None] == drawn.clusters
    scores = drawn.library @ drawn.library.T
    np.fill_diagonal(same, False)
    assert scores[same].mean() > scores.mean() + 0.2


def test_a_seed_gives_the_same_vectors_again(drawn):
    assert (gap(3_000, 200, seed=1).words == drawn.words).all()
