"""Figures about held-out scenes: right by hand, for who knows all and who knows nothing."""

import numpy as np
import pytest

from tests.support.fake_encoder import FakeEncoder
from tests.support.sentences import SCENES, group, scene_of
from workers.studio.backdrops import BACKDROPS
from workers.studio.draw import draw, size_for
from workers.studio.scenes import (
    FACTS,
    LANGUAGES,
    LEFT,
    Wish,
    facts_of,
    facts_of_wish,
    is_held_out,
    is_taught,
    mirrored,
)
from workers.training import card, evaluation
from workers.training.evaluation import (
    WISHES,
    evaluate,
    figure,
    held_out_scenes,
    picture_vectors,
)
from workers.training.recipes import RECIPES
from workers.training.report import as_json

RETRIEVAL = (
    "words to picture",
    "picture to words",
    *(f"words to picture, {language}" for language in LANGUAGES[1:]),
    "a language not taught for it",
)
APART = "relation", "count"
_NUMBERS = {fact: number for number, fact in enumerate(FACTS)}


class Words(str):
    """Words that know what they are about, in which language and which facts are in them."""

    def __new__(cls, words, about, language, facts):
        made = super().__new__(cls, words)
        made.about, made.language, made.facts = about, language, facts
        return made


class Knowing:
    """Sees and reads every fact, but those that begin with one of the `unknown` words."""

    def __init__(self, *unknown):
        self.unknown, self.texts, self.scenes = unknown, [], []

    def encode_texts(self, texts):
        self.texts += texts
        return self._vectors([text.facts for text in texts])

    def encode_images(self, scenes):
        self.scenes += scenes
        return self._vectors(list(map(facts_of, scenes)))

    def _vectors(self, sets):
        rows = np.zeros((len(sets), len(FACTS)), np.float32)
        for row, facts in zip(rows, sets, strict=True):
            row[[_NUMBERS[fact] for fact in facts if fact[0] not in self.unknown]] = 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(min=1)


class Constant:
    """Everything is the same to it."""

    def encode_texts(self, texts):
        return np.eye(1, 4, dtype=np.float32).repeat(len(texts), axis=0)

    encode_images = encode_texts


@pytest.fixture(autouse=True)
def few_held_out(monkeypatch):
    monkeypatch.setattr(evaluation, "HELD_OUT", 60)


@pytest.fixture
def not_drawn(monkeypatch):
    """The encoders are handed scenes for pictures, and words that know what they are about."""

    def caption(scene, rng, *, language="en", full=False):
        words = real_caption(scene, rng, language=language, full=full)
        return Words(words, scene, language, facts_of(scene))

    def wish_words(wish):
        return Words(real_wish_words(wish), wish, "en", facts_of_wish(wish))

    real_caption, real_wish_words = evaluation.caption, evaluation.wish_words
    monkeypatch.setattr(evaluation, "caption", caption)
    monkeypatch.setattr(evaluation, "wish_words", wish_words)
    monkeypatch.setattr(
        evaluation,
        "picture_vectors",
        lambda encoder, scenes, name, quiet: encoder.encode_images(scenes),
    )


def values(figures, *names):
    """Every value under these names, each once."""
    return {each.value for name in names for each in figures[name].values()}


# Who knows what ----------------------------------------------------------------------------------


def test_who_knows_all_finds_all(not_drawn):
    assert values(evaluate(Knowing()), *RETRIEVAL) == {1}


def test_who_knows_all_finds_all_that_a_short_query_fits(not_drawn):
    assert values(evaluate(Knowing()), *WISHES) == {1}


def test_who_knows_all_finds_other_drawings_first(not_drawn):
    assert values(evaluate(Knowing()), "picture to picture") == {1}


def test_who_knows_all_tells_relations_and_counts_apart(not_drawn):
    assert values(evaluate(Knowing()), *APART) == {1}


@pytest.mark.parametrize(
    ("name", "unknown"), [("relation", ("first", "second")), ("count", ("two", "three"))]
)
def test_who_does_not_know_it_tells_nothing_apart_by_it(not_drawn, name, unknown):
    figures = evaluate(Knowing(*unknown))
    (other,) = {*APART} - {name}
    assert values(figures, name) == {0} and values(figures, other) == {1}


def test_who_does_not_know_a_setting_does_not_find_it(not_drawn):
    figures = evaluate(Knowing(*BACKDROPS.keys() - {"at night"}))
    assert figures["setting"]["P@1"].value < 0.5 and figures["kind"]["P@1"].value == 1


def test_who_tells_nothing_apart_finds_nothing(not_drawn):
    assert values(evaluate(Constant()), *RETRIEVAL, *APART) == {0}


# Queries -----------------------------------------------------------------------------------------


def test_what_is_asked_is_the_same_again(not_drawn):
    one, other = Knowing(), Knowing()
    assert as_json(evaluate(one)) == as_json(evaluate(other))
    assert one.texts == other.texts and one.scenes == other.scenes
    assert [scene.seed for scene in one.scenes] == [scene.seed for scene in other.scenes]


def test_the_scenes_are_held_out_and_all_different():
    scenes = held_out_scenes(60)
    assert len(set(scenes)) == 60
    assert all(is_held_out(thing) for scene in scenes for thing in scene.things)


def test_all_languages_are_asked_in(not_drawn):
    encoder = Knowing()
    evaluate(encoder)
    in_each = [{t.about for t in encoder.texts if t.language == each} for each in LANGUAGES]
    assert all(set(held_out_scenes(60)) <= scenes for scenes in in_each)


def held_out(scene):
    return all(map(is_held_out, scene.things))


def test_a_language_not_taught_for_it_is_one_that_is_kept_from_what_was_shown(not_drawn):
    encoder = Knowing()
    evaluate(encoder)
    texts = [t for t in encoder.texts if not isinstance(t.about, Wish) and not held_out(t.about)]
    assert len(texts) == 30
    assert not any(is_taught(text.about, text.language) for text in texts)


def test_relations_and_counts_are_asked_of_a_few_pairs_only(not_drawn, monkeypatch):
    monkeypatch.setattr(evaluation, "_PAIRS", 3)
    encoder, drawn = Knowing(), 60 + 30 + 32  # Held out, languages, other drawings in fours.
    evaluate(encoder)
    assert len(encoder.scenes) == drawn + 3 + 3


def test_every_question_is_on_the_page_with_its_figure(not_drawn, tmp_path):
    figures = evaluate(Knowing())
    run = card.Run("manage.py train", 3, "a machine")
    card.write(tmp_path, RECIPES["siglip"], run, 160, figures)
    page = (tmp_path / "README.md").read_text()
    for name, measures in figures.items():
        for measure, each in measures.items():
            assert page.count(f"| {name} | {measure} | 1.000 ({each.low:.3f} to 1.000) |") == 1


def test_pictures_are_drawn_as_their_scenes_say(monkeypatch):
    monkeypatch.setattr(evaluation, "_AT_ONCE", 2)
    vectors = picture_vectors(FakeEncoder(), SCENES[:3], "Some", quiet=True)
    pictures = [draw(scene, size_for(scene, 256)) for scene in SCENES[:3]]
    assert np.array_equal(vectors, FakeEncoder().encode_images(pictures))


# By hand -----------------------------------------------------------------------------------------


def recall(scores):
    """Of queries whose scores for each answer are given."""
    scores = np.array(scores, np.float32)
    figures = evaluation._recall(scores, np.eye(scores.shape[1], dtype=np.float32))
    return {name: each.value for name, each in figures.items()}


def test_recall_counts_the_queries_whose_answer_is_among_the_first():
    scores = np.zeros((12, 12))
    scores[np.arange(12), np.arange(12)] = 0.5
    scores[1, 2:6] = 0.9  # The answer comes fifth,
    scores[2, 3:8] = 0.9  # sixth,
    scores[0, 1:10] = 0.9  # tenth,
    scores[3, :] = 0.9
    scores[3, 3] = 0.5  # and twelfth.
    figures = recall(scores)
    assert figures == {"R@1": round(8 / 12, 4), "R@5": 0.75, "R@10": round(11 / 12, 4)}


def test_to_be_as_near_as_the_answer_is_to_come_before_it():
    assert recall([[1, 1], [0, 1]])["R@1"] == 0.5


class Ranking:
    """Finds the pictures in the order in which they are given."""

    def encode_texts(self, texts):
        return np.ones((len(texts), 1), np.float32)


def precision(wishes, scenes):
    nearness = -np.arange(len(scenes), dtype=np.float32)[:, None]
    figures = evaluation._precision(Ranking(), wishes, scenes, nearness)
    return {name: each.value for name, each in figures.items()}


class Leaning:
    """To it the second picture is nearer to the first words than to its own."""

    def __init__(self):
        self.texts = iter((np.array([[1.0, 0.0]]), np.array([[0.6, 0.8]])))

    def encode_texts(self, texts):
        return next(self.texts)

    def encode_images(self, scenes):
        return np.array([[0.9, 0.436]])


def test_pictures_are_told_apart_by_words_and_words_by_pictures(not_drawn):
    first = np.array([[1.0, 0.0]])
    figures = evaluation._discrimination(Leaning(), SCENES[4:5], first, mirrored, quiet=True)
    assert figures["picture by words"].value == 1
    assert figures["words by picture"].value == 0.5


MUG, HAT = scene_of(group("mug", "red")), scene_of(group("hat", "blue"))


def test_precision_is_the_share_of_first_hits_that_fit():
    figures = precision(
        [Wish("mug")], [MUG, HAT, HAT, MUG, MUG, MUG, MUG, HAT, MUG, MUG, *[MUG] * 3]
    )
    assert figures == {"P@1": 1, "P@5": 0.6, "P@10": 0.7}


def test_precision_asks_for_no_more_than_there_are():
    figures = precision([Wish("mug")], [HAT, MUG, HAT, HAT, HAT, HAT, MUG, HAT])
    assert figures == {"P@1": 0, "P@5": 0.5, "P@10": 1}


def test_precision_is_a_mean_over_wishes():
    assert precision([Wish("mug"), Wish("hat")], [MUG, HAT])["P@1"] == 0.5


def test_the_wishes_name_what_is_shown_each_once():
    scene = scene_of(group("mug", "red"), group("hat", "blue"), relation=LEFT)
    wishes = evaluation._wishes([scene, MUG], WISHES["colour and kind"])
    assert wishes == [Wish("hat", "blue"), Wish("mug", "red")]
    assert evaluation._wishes([scene, MUG], WISHES["setting"]) == [Wish(backdrop="on a beach")]


@pytest.mark.parametrize(
    ("hits", "count", "average"),
    [
        ([1, 1, 0], 2, 1),
        ([1, 0, 1], 2, (1 + 2 / 3) / 2),
        ([0, 0, 1], 1, 1 / 3),
        ([0, 0, 0], 2, 0),
        ([0, 1, 0], 3, (1 / 2) / 3),
        ([1, 1, 1], 9, 1),  # More than there is room for.
    ],
)
def test_average_precision(hits, count, average):
    got = evaluation._average_precision(np.array([hits], bool), np.array([count]))
    assert got == pytest.approx([average])


# From the table of R. G. Newcombe, Statistics in Medicine 17 (1998), page 857.
@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(right, count, low, high):
    made = figure(np.arange(count) < right)
    assert (made.low, made.high) == pytest.approx((low, high), abs=1e-4)
    assert made.value == round(right / count, 4)


def test_an_interval_stays_between_zero_and_one():
    assert (figure(np.ones(9)).high, figure(np.zeros(9)).low) == (1, 0)
