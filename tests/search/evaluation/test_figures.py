"""The measures against cases computed by hand, and what chance has to do with them."""

import ir_measures
import numpy as np
import pytest
from ir_measures import AP, RR, Success, nDCG
from scipy import stats

from search.evaluation.chance import estimate, p_value
from search.evaluation.dataset import (
    PICTURES_TO_PICTURES,
    PICTURES_TO_WORDS,
    WORDS_TO_PICTURES,
    ZERO_SHOT,
    Task,
    both_ways,
)
from search.evaluation.figures import RETRIEVAL, measure, ranks_of, values

LOG2_OF_3 = np.log2(3)


def by_hand(*ranks):
    """The figures of one query whose right answers stand at these ranks, with these grades."""
    places, grades = np.array(ranks).T
    return {name: each[0] for name, each in measure([(places, grades)], RETRIEVAL).items()}


def ranks(scores, right):
    places, grades = ranks_of(np.array(scores, np.float32), right)
    return dict(zip(places.tolist(), grades.tolist(), strict=True))


def test_the_one_right_answer_is_first():
    figures = by_hand((1, 1))
    assert figures == dict.fromkeys(RETRIEVAL, 1)


def test_the_one_right_answer_is_second():
    figures = by_hand((2, 1))
    assert (figures["R@1"], figures["R@5"], figures["mAP"], figures["MRR"]) == (0, 1, 0.5, 0.5)
    assert figures["nDCG@10"] == pytest.approx(1 / LOG2_OF_3)


def test_the_tenth_answer_counts_and_the_eleventh_does_not():
    assert by_hand((10, 1))["R@10"] == 1
    assert by_hand((11, 1))["R@10"] == by_hand((11, 1))["nDCG@10"] == 0
    assert by_hand((11, 1))["mAP"] == pytest.approx(1 / 11)


def test_several_right_answers():
    """At 1, 3 and 20: precisions of 1/1, 2/3 and 3/20 there."""
    figures = by_hand((1, 1), (3, 1), (20, 1))
    assert figures["R@1"] == figures["MRR"] == 1
    assert figures["mAP"] == pytest.approx((1 + 2 / 3 + 3 / 20) / 3)
    assert figures["nDCG@10"] == pytest.approx((1 + 1 / 2) / (1 + 1 / LOG2_OF_3 + 1 / 2))


def test_grades_weigh_in_ndcg_alone():
    """The better answer comes second: (1 + 3 / log2(3)) of (3 + 1 / log2(3))."""
    figures = by_hand((1, 1), (2, 3))
    assert figures["R@1"] == figures["mAP"] == figures["MRR"] == 1
    assert figures["nDCG@10"] == pytest.approx((1 + 3 / LOG2_OF_3) / (3 + 1 / LOG2_OF_3))


def test_a_right_answer_that_is_no_candidate_is_missed():
    figures = by_hand((1, 1), (0, 1))
    assert figures["mAP"] == 0.5
    assert by_hand((0, 1)) == dict.fromkeys(RETRIEVAL, 0)


def drawn_ranks(rng):
    """Some right answers with grades, a few of which are not among the candidates."""
    count = rng.integers(1, 8)
    ranks = rng.choice(30, count, replace=False) + 1
    return np.where(rng.random(count) < 0.2, 0, ranks), rng.integers(1, 4, count)


def by_trec_eval(queries):
    """The same figures by the code of trec_eval; each answer is named by its rank."""
    measures = {Success @ k: f"R@{k}" for k in (1, 5, 10)}
    measures |= {AP: "mAP", RR: "MRR", nDCG @ 10: "nDCG@10"}
    qrels = {
        str(n): {f"{r or -place}": int(g) for place, (r, g) in enumerate(zip(*q, strict=True), 1)}
        for n, q in enumerate(queries)
    }
    run = {str(n): {str(rank): -float(rank) for rank in range(1, 32)} for n in range(len(queries))}
    figures = {name: np.zeros(len(queries)) for name in measures.values()}
    for metric in ir_measures.iter_calc(list(measures), qrels, run):
        figures[measures[metric.measure]][int(metric.query_id)] = metric.value
    return figures


def test_the_figures_are_those_of_trec_eval():
    rng = np.random.default_rng(3)
    queries = [drawn_ranks(rng) for _ in range(300)]
    figures, oracle = measure(queries, RETRIEVAL), by_trec_eval(queries)
    assert figures.keys() == oracle.keys()
    for name, of_queries in figures.items():
        assert of_queries == pytest.approx(oracle[name], abs=1e-9)


def test_an_answer_far_behind_counts_in_full_depth():
    assert by_hand((4000, 1))["mAP"] == pytest.approx(1 / 4000)


def test_ranks_follow_the_scores():
    assert ranks([0.1, 0.9, 0.5], {2: 1, 1: 1}) == {1: 1, 2: 1}


def test_among_equal_scores_the_worse_answers_come_first():
    assert ranks([0.5, 0.9, 0.5, 0.5, 0.1], {0: 2, 2: 1, 4: 3}) == {3: 1, 4: 2, 5: 3}


def test_an_encoder_that_tells_nothing_apart_finds_nothing():
    same = np.ones((3, 1), np.float32)
    task = Task(WORDS_TO_PICTURES, range(3), range(3), [{0: 1}, {1: 1}, {2: 1}])
    assert values(task, same, same)["R@1"].tolist() == [0, 0, 0]


def test_a_rounding_error_is_no_rank():
    task = Task(WORDS_TO_PICTURES, [0], range(2), [{0: 1}])
    vectors = np.array([[0.5], [0.5 - 2**-25]], np.float32)
    assert values(task, np.ones((1, 1), np.float32), vectors)["R@1"] == [0]


def test_a_picture_is_no_answer_to_itself():
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32)
    task = Task(PICTURES_TO_PICTURES, [0], range(3), [{1: 1}])
    assert values(task, vectors[[0]], vectors)["R@1"] == [1]


def test_a_picture_finds_its_words_if_one_of_its_captions_is_first():
    """Of three texts, the first and the last belong to the picture: as COCO is measured."""
    _, back = both_ways(["a", "b", "c"], [{0: 1}, {1: 1}, {0: 1}], 2)
    pictures, texts = np.eye(2, dtype=np.float32), np.array([[0, 1], [0, 1], [1, 0]], np.float32)
    assert back.name == PICTURES_TO_WORDS
    assert values(back, pictures, texts)["R@1"].tolist() == [1, 0]


def test_a_caption_that_two_pictures_share_is_right_for_both():
    there, back = both_ways(["a dog", "a dog"], [{0: 1}, {1: 1}], 2)
    assert there.right == [{0: 1}, {1: 1}]
    assert back.right == [{0: 1, 1: 1}, {0: 1, 1: 1}]


def test_zero_shot_has_top_1_and_top_5():
    task = Task(ZERO_SHOT, [0], range(6), [{5: 1}])
    classes = np.array([[6], [1], [2], [3], [4], [5]], np.float32)
    figures = values(task, np.ones((1, 1), np.float32), classes)
    assert {name: value.tolist() for name, value in figures.items()} == {"top-1": [0], "top-5": [1]}


def test_scores_in_chunks_are_scores_at_once(monkeypatch):
    rng = np.random.default_rng(1)
    queries, candidates = rng.normal(size=(2, 9, 4)).astype(np.float32)
    task = Task(WORDS_TO_PICTURES, range(9), range(9), [{n: 1} for n in range(9)])
    at_once = values(task, queries, candidates)["MRR"].tolist()
    monkeypatch.setattr("search.evaluation.figures.QUERIES_AT_ONCE", 2)
    assert values(task, queries, candidates)["MRR"].tolist() == at_once


SAMPLE = np.random.default_rng(7).random(200)


def test_an_interval_holds_its_value_and_is_the_same_each_time():
    value, low, high = estimate(SAMPLE)
    assert low < value < high
    assert estimate(SAMPLE) == [value, low, high]
    assert [round(number, 4) for number in estimate(SAMPLE)] == [0.503, 0.4606, 0.5442]


def test_an_interval_agrees_with_the_normal_one():
    value, low, high = estimate(SAMPLE)
    margin = 1.96 * SAMPLE.std() / np.sqrt(len(SAMPLE))
    assert (low, high) == pytest.approx((value - margin, value + margin), abs=0.005)


@pytest.mark.parametrize("values_", [[1.0], [0.5, 0.5, 0.5]])
def test_where_nothing_varies_the_interval_is_a_point(values_):
    assert estimate(np.array(values_)) == [values_[0]] * 3


def test_the_paired_test_agrees_with_an_exact_one():
    ours = np.array([1, 1, 0, 1, 1, 0.5, 1, 0.25, 1, 1])
    theirs = np.array([0, 0.5, 0, 0, 1, 0, 0.5, 1, 0, 0.5])
    exact = stats.permutation_test(
        (ours - theirs,), np.mean, permutation_type="samples", vectorized=True
    )
    assert p_value(ours, theirs) == pytest.approx(exact.pvalue, abs=0.01)
    assert p_value(ours, theirs) == p_value(theirs, ours)


def test_the_same_values_differ_by_chance():
    assert p_value(SAMPLE, SAMPLE) == 1


def test_values_all_better_differ_by_no_chance():
    assert p_value(SAMPLE + 0.1, SAMPLE) == 1 / 2000


def test_the_test_is_paired():
    """A small gain on each query is told from chance, though the queries differ far more."""
    assert p_value(SAMPLE + 0.001, SAMPLE) < 0.01 < stats.ttest_ind(SAMPLE + 0.001, SAMPLE).pvalue
