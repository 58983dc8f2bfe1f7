"""Is it a match? Thresholds, in libraries whose encoder knows colours."""

from datetime import timedelta
from random import Random

import numpy as np
import pytest
from django.utils import timezone

from search.matches import calibrate, synthetic_queries, thresholds
from search.matches.synthetic_hits import Hits
from search.models import Asset, Calibration, Embedding, Encoder, JudgedQuery, Judgement
from tests.support.coloured_library import CLEAR, make_library
from tests.support.elsewhere import elsewhere
from tests.support.factories import make_user
from tests.support.fake_encoder import COLOURS, FakeEncoder, direction
from workers import look_around, queues
from workers.tasks import calibrations

pytestmark = pytest.mark.django_db
RED, BLUE = direction(COLOURS["red"]), direction(COLOURS["blue"])


def fit(encoder) -> list[Calibration]:
    return calibrate.calibrate(encoder, FakeEncoder().encode_texts)


def matches(encoder, vector, kind="words") -> list[str]:
    """The titles of the matches, each once."""
    distances = thresholds.thresholds_of(vector, encoder, kind)
    hits = Asset.objects.nearest(vector, encoder).filter(distance__lte=distances.possible)
    return sorted({asset.title for asset in hits})


# The thresholds of a query -----------------------------------------------------------------------


def test_what_is_asked_for_is_shown_and_nothing_else():
    encoder = make_library()
    fit(encoder)
    assert matches(encoder, RED) == ["red barn"]
    assert matches(encoder, BLUE) == ["blue barn"]


def test_nothing_matches_what_the_library_lacks():
    encoder = make_library({**CLEAR, "red": 0})
    fit(encoder)
    assert matches(encoder, RED) == []


def test_a_library_that_is_too_small_has_no_thresholds():
    encoder = make_library({"red": 49})
    with pytest.raises(calibrate.TooFew, match="fake has embedded 49 assets: there are no .* 50"):
        fit(encoder)
    assert thresholds.thresholds_of(RED, encoder, "words") is None


def test_an_encoder_that_is_not_calibrated_has_no_thresholds():
    encoder = make_library()
    assert thresholds.thresholds_of(RED, encoder, "words") is None
    assert thresholds.background(RED, encoder) is None


@pytest.mark.parametrize("kind", ["words", "picture"])
@pytest.mark.parametrize("titles", ["{colour} barn", "IMG 0001", ""])
def test_no_strong_match_lies_beyond_the_possible_ones(kind, titles):
    encoder = make_library(titles=titles)
    fit(encoder)
    distances = thresholds.thresholds_of(RED, encoder, kind)
    assert -1 < distances.strong <= distances.possible < 2


def test_titles_that_say_nothing_are_not_learned_from():
    encoder = make_library(titles="IMG 0001")
    for calibration in fit(encoder):
        assert calibration.titles == 0 and calibration.bank == b""


def test_a_title_that_does_not_tell_its_picture_is_as_good_as_none():
    encoder = make_library()
    mistaken = Asset.objects.filter(title="red barn").first()
    Asset.objects.filter(pk=mistaken.pk).update(title="blue copy")
    fit(encoder)
    titles, _ = thresholds.sample_of(encoder)
    words = synthetic_queries.texts_for(titles).words
    bank = thresholds.calibrated_by(encoder).banks["words"]
    assert [t for t, vector in zip(titles, bank.titles, strict=True) if not vector.any()] == [
        "blue copy"
    ]
    assert [w for w, vector in zip(words, bank.words, strict=True) if not vector.any()] == ["copy"]


def test_without_an_encoder_thresholds_are_heights_above_the_background():
    encoder = make_library()
    calibrate.calibrate(encoder)
    mean, deviation = thresholds.background(RED, encoder)
    distances = thresholds.thresholds_of(RED, encoder, "words")
    assert 1 - distances.possible == pytest.approx(mean + 2.8 * deviation, abs=0.001)


def test_raising_the_bar_adds_no_hits():
    encoder = make_library()
    fit(encoder)
    row = Calibration.objects.get(kind="words")
    passed = []
    for raised in (0, 0.5, 1, 2):
        weights = {match: [*w[:-1], w[-1] - raised] for match, w in row.weights.items()}
        Calibration.objects.filter(pk=row.pk).update(
            weights=weights, fitted=timezone.now() + timedelta(seconds=raised)
        )
        passed.append(thresholds.thresholds_of(RED, encoder, "words"))
    assert passed == sorted(passed, key=lambda each: -each.possible)
    strong = [each.strong for each in passed]
    assert strong == sorted(strong, reverse=True)


def test_the_background_is_what_the_query_scores_with_the_library():
    encoder = make_library()
    fit(encoder)
    scores = np.array(Embedding.objects.values_list("vector", flat=True)) @ RED
    assert thresholds.background(RED, encoder) == pytest.approx(
        (scores.mean(), scores.std()), abs=1e-3
    )


def test_the_sample_is_read_once(django_assert_num_queries):
    encoder = make_library()
    fit(encoder)
    thresholds.background(RED, encoder)
    with django_assert_num_queries(1):
        thresholds.background(BLUE, encoder)


def test_a_new_calibration_is_noticed():
    encoder = make_library()
    fit(encoder)
    before = thresholds.background(RED, encoder)
    make_library({"red": 60}, seed=2)
    assert thresholds.background(RED, encoder) == before
    fit(encoder)
    assert thresholds.background(RED, encoder).mean > before.mean + 0.1


# Calibrating -------------------------------------------------------------------------------------


def test_there_is_one_calibration_for_each_kind_of_query():
    encoder = make_library()
    for _ in range(2):
        fit(encoder)
    assert sorted(Calibration.objects.values_list("kind", flat=True)) == ["picture", "words"]


def test_the_same_library_is_always_asked_the_same():
    encoder = make_library()
    assert synthetic_queries.texts_of(encoder) == synthetic_queries.texts_of(encoder)


def test_an_encoder_that_has_gone_meanwhile_is_no_problem():
    encoder = make_library()

    def and_go(texts):
        Encoder.objects.filter(pk=encoder.pk).exists() and encoder_gone(encoder)
        return FakeEncoder().encode_texts(texts)

    assert calibrate.calibrate(encoder, and_go) == []


def encoder_gone(encoder) -> None:
    Embedding.objects.filter(encoder=encoder).delete()
    Encoder.objects.filter(pk=encoder.pk).delete()


def test_calibrations_go_with_their_encoder():
    encoder = make_library()
    fit(encoder)
    pk = encoder.pk
    encoder.delete()
    assert not Calibration.objects.exists()
    assert thresholds.thresholds_of(RED, Encoder(pk=pk, dimensions=4), "words") is None


def judge(query: JudgedQuery, grades: dict[str, int]) -> None:
    person = make_user("judge")
    Judgement.objects.bulk_create(
        Judgement(query=query, asset=asset, grade=grades[asset.title.split()[0]], person=person)
        for asset in Asset.objects.exclude(title="")
        if asset.title.split()[0] in grades
    )


def test_judgements_move_the_thresholds():
    encoder = make_library()
    fit(encoder)
    before = thresholds.thresholds_of(RED, encoder, "words")
    judge(JudgedQuery.objects.create(words="red", key="1"), {"red": 0, "white": 0, "black": 0})
    fit(encoder)
    after = thresholds.thresholds_of(RED, encoder, "words")
    assert Calibration.objects.get(kind="words").judgements == 51
    assert after.possible < before.possible


def test_a_few_judgements_move_nothing():
    encoder = make_library()
    fit(encoder)
    before = thresholds.thresholds_of(RED, encoder, "words")
    judge(JudgedQuery.objects.create(words="red", key="1"), {"red": 1, "yellow": 1})
    fit(encoder)
    assert thresholds.thresholds_of(RED, encoder, "words") == pytest.approx(before)


def test_judged_hits_of_an_asset_move_the_thresholds_of_pictures():
    encoder = make_library()
    fit(encoder)
    before = Calibration.objects.get(kind="picture").weights
    example = Asset.objects.filter(title="white barn").first()
    judge(JudgedQuery.objects.create(asset=example, key="1"), {"white": 1, "yellow": 0})
    fit(encoder)
    assert Calibration.objects.get(kind="picture").weights != before


# When --------------------------------------------------------------------------------------------


def test_a_library_that_has_grown_is_calibrated_anew(fake_encoder):
    encoder = make_library()
    look_around.look_around(queues.QUERY)
    assert Calibration.objects.get(kind="words").assets == 60
    make_library({"red": 60}, seed=2)
    look_around.look_around(queues.QUERY)
    assert Calibration.objects.get(kind="words").assets == 120
    assert not calibrate.stale(encoder)


def test_the_ingest_worker_wakes_whoever_calibrates(rung, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    make_library()
    look_around.wake_others()
    assert rung == [queues.QUERY]


def test_nothing_is_encoded_where_nothing_has_grown(encoded):
    make_library()
    look_around.look_around(queues.QUERY)
    encoded.clear()
    make_library({"red": 30}, seed=2)
    look_around.look_around(queues.QUERY)
    assert encoded == []


def test_a_library_beyond_the_sample_is_not_fitted_again_as_it_grows(monkeypatch):
    monkeypatch.setattr(thresholds, "SAMPLE", 60)
    monkeypatch.setattr("search.matches.calibrate.SAMPLE", 60)
    encoder = make_library()
    fit(encoder)
    make_library({"red": 90}, seed=2)
    assert not calibrate.stale(encoder)


def test_new_judgements_make_the_fit_stale():
    encoder = make_library()
    fit(encoder)
    judge(JudgedQuery.objects.create(words="red", key="1"), {"red": 1, "black": 0})
    assert calibrate.stale(encoder)
    fit(encoder)
    assert not calibrate.stale(encoder)


@pytest.mark.parametrize("state", ["retired", "building"])
def test_only_complete_encoders_are_calibrated(fake_encoder, state):
    encoder = make_library()
    Encoder.objects.filter(pk=encoder.pk).update(state=state)
    look_around.look_around(queues.QUERY)
    assert not Calibration.objects.exists()


def test_a_small_library_is_left_in_peace(encoded):
    make_library({"red": 20})
    look_around.look_around(queues.QUERY)
    assert encoded == []


def test_texts_are_encoded_in_turns(encoded, settings, monkeypatch):
    encoder = make_library()
    settings.CELERY_TASK_ALWAYS_EAGER = False
    monkeypatch.setattr(calibrations, "STEP_SECONDS", 0)
    monkeypatch.setattr(FakeEncoder, "batch_size", 10_000)
    monkeypatch.setattr(calibrations, "STEP_SECONDS", 60)
    calibrations.take_step(encoder)
    assert sorted(encoded) == sorted(synthetic_queries.texts_of(encoder))
    assert Calibration.objects.count() == 2


def test_a_turn_that_ends_too_early_leaves_the_rest_to_the_next(encoded, settings, monkeypatch):
    encoder = make_library()
    settings.CELERY_TASK_ALWAYS_EAGER = False
    monkeypatch.setattr(calibrations.time, "monotonic", iter(range(10_000)).__next__)
    monkeypatch.setattr(calibrations, "STEP_SECONDS", 1.5)
    calibrations.take_step(encoder)
    assert len(encoded) == FakeEncoder.batch_size and not Calibration.objects.exists()
    steps = iter(range(100))
    while not Calibration.objects.exists():
        assert next(steps, None) is not None
        calibrations.take_step(encoder)
    calibrations.take_step(encoder)
    assert len(encoded) == len(set(encoded))


def test_one_process_at_a_time_calibrates(fake_encoder):
    make_library()
    with elsewhere("calibrations"):
        assert not calibrations.do()
    assert not Calibration.objects.exists()


def test_two_processes_at_once_leave_one_fit(monkeypatch):
    encoder = make_library()

    def and_another(texts):
        if not Calibration.objects.exists():
            fit(encoder)
        return FakeEncoder().encode_texts(texts)

    calibrate.calibrate(encoder, and_another)
    assert Calibration.objects.count() == 2


# The parts ---------------------------------------------------------------------------------------


def test_queries_are_made_of_the_words_of_titles():
    vocabulary = synthetic_queries.vocabulary_of(["Red mug on a beach", *["a white cat"] * 40])
    queries = synthetic_queries.sample_queries(vocabulary, Random(1))
    assert {query.rare for query in queries} == {"red", "mug", "beach"}
    assert all(query.rare in query.words for query in queries)


def test_made_up_words_are_in_no_title():
    vocabulary = synthetic_queries.vocabulary_of(
        ["suitcase", "elephant", "tortoise", *["the"] * 40]
    )
    made = synthetic_queries.nonsense_of(
        synthetic_queries.sample_queries(vocabulary, Random(1)), vocabulary, Random(1)
    )
    assert made and not set(made) & set(vocabulary.words)


def test_the_score_counts_even_where_it_tells_nothing():
    inputs = np.c_[[1.0, 2, 3, 4], [0.0, 0, 1, 1]]
    weights = calibrate.fit_log_odds(Hits(inputs, np.array([True, True, False, False]), np.ones(4)))
    assert weights[0] == calibrate.LEAST_SLOPE


def test_as_many_are_wrong_as_are_lost():
    odds, fits = np.array([0.0, 1, 2, 3]), np.array([False, True, False, True])
    assert calibrate.equal_error_odds(odds, Hits(np.zeros((4, 6)), fits, np.ones(4))) == 2


def test_a_precision_that_is_never_reached_is_none():
    hits = Hits(np.ones((2, 6)), np.array([False, False]), np.ones(2))
    assert calibrate.precise_height(hits, 0.9) is None
