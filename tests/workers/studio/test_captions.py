"""Captions: complete, grammatical and never the same for different scenes, in every language."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from random import Random

import pytest

from tests.support.sentences import SCENES, TITLES, TURNED, group, scene_of
from workers.studio.backdrops import BACKDROPS
from workers.studio.captions import caption, labels, region_words, title, wish_words
from workers.studio.languages import SPOKEN
from workers.studio.languages.grammar import Form
from workers.studio.pen import COLOURS, PATTERNS
from workers.studio.scenes import (
    BEHIND,
    LANGUAGES,
    LEFT,
    ON,
    Group,
    Scene,
    Thing,
    Wish,
    random_scene,
    twin,
)
from workers.studio.things import KINDS

MUG = SCENES[0]


def full_captions(scene: Scene, language: str, times: int) -> set[str]:
    return {caption(scene, Random(n), language=language, full=True) for n in range(times)}


def wordings(thing: Thing, language: str) -> set[str]:
    """All that a thing is called."""
    phrase = SPOKEN[language].phrase
    return {phrase(thing, 1, Form.BARE, Random(n)) for n in range(80)}


def all_different(sets: Iterable[set[str]]) -> bool:
    return all(one and other and not one & other for one, other in combinations(list(sets), 2))


def test_every_language_is_spoken():
    assert tuple(SPOKEN) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_title_says_everything(language):
    assert tuple(title(scene, language) for scene in SCENES) == TITLES[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_relations_are_said_either_way_round(language):
    for at, words in zip((5, 8, 9), TURNED[language], strict=True):
        assert words in full_captions(SCENES[at], language, 1000)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_name_has_words_of_its_own(language):
    assert all_different(wordings(Thing(kind, "", ""), language) for kind in KINDS)
    assert all_different(wordings(Thing("mug", colour, ""), language) for colour in COLOURS)
    assert all_different(wordings(Thing("mug", "", pattern), language) for pattern in PATTERNS)
    settings = SPOKEN[language].settings
    assert all_different({words for (words,) in settings[backdrop]} for backdrop in BACKDROPS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_scenes_that_differ_in_one_respect_never_get_the_same_full_caption(language):
    rng = Random(3)
    for _ in range(150):
        scene = random_scene(rng)
        other = twin(scene, rng)
        if other != scene:
            one, another = (full_captions(each, language, 15) for each in (scene, other))
            assert not one & another


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_relation_and_count_is_told_apart(language):
    one, other = Thing("mug", "red", "plain"), Thing("book", "blue", "plain")
    scenes = [
        Scene((Group(one, first), Group(other, second)), relation, "on a beach", 1)
        for relation in (LEFT, ON, BEHIND)
        for first in (1, 2, 3)
        for second in (1, 2, 3)
    ]
    turned = [replace(scene, groups=scene.groups[::-1]) for scene in scenes]
    assert all_different(full_captions(scene, language, 40) for scene in scenes + turned)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_counts_and_forms_of_all_kinds_can_be_said(language):
    phrase = SPOKEN[language].phrase
    for kind in (*KINDS, ""):
        for form in Form:
            words = [phrase(Thing(kind, "red", ""), count, form, None) for count in (1, 2, 3)]
            assert all(each == each.strip() and "  " not in each for each in words)
            assert len(set(words)) == (1 if form is Form.PLURAL else 3)


def test_a_full_caption_leaves_nothing_out():
    for words in full_captions(SCENES[4], "en", 60):
        assert "two blue" in words and "orange" in words and "on a shelf" in words


def test_captions_are_worded_in_many_ways():
    captions = {caption(SCENES[4], Random(seed)) for seed in range(200)}
    assert len(captions) > 100
    assert {"two books", "on a shelf"} <= captions


def test_four_captions_in_ten_are_as_short_as_searches():
    whole = title(MUG).removeprefix("Red striped mug ")
    short = [caption(MUG, Random(seed)) for seed in range(2000)]
    # Three in ten of the others leave the setting out; one search in ten names nothing else.
    without = sum(whole not in words and "at the beach" not in words for words in short)
    assert 0.49 < without / 2000 < 0.59


def test_labels_name_each_thing_once():
    red = scene_of(group("mug", "red", "striped"), group("book", "red"), relation=ON)
    assert labels(red) == ["mug", "red", "striped", "book"]


def test_a_region_is_named_with_its_count():
    assert region_words(group("mug", "red", "striped", 2)) == "two red striped mugs"
    assert region_words(group("mug", "red", "striped")) == "red striped mug"
    assert (
        region_words(group("mug", "red", "striped", 2), "pt") == "duas canecas vermelhas listradas"
    )


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish("mug", "red"), "red mug"),
        (Wish("mug", pattern="plain"), "plain mug"),
        (Wish("mug", count=1), "one mug"),
        (Wish("mug", count=2), "two mugs"),
        (Wish(backdrop="in the snow"), "in the snow"),
        (Wish("mug", backdrop="in the snow"), "mug in the snow"),
        (Wish(colour="red", backdrop="in the snow"), "red things in the snow"),
        (Wish(colour="red", pattern="striped"), "red striped things"),
        (Wish(pattern="striped"), "striped things"),
    ],
)
def test_a_wish_is_worded_as_people_type(wish, words):
    assert wish_words(wish) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "karierte Dinge im Schnee"),
        ("fr", "choses à carreaux dans la neige"),
        ("es", "cosas a cuadros en la nieve"),
        ("it", "cose a quadri nella neve"),
        ("pt", "coisas xadrez na neve"),
        ("ja", "雪の中のチェック柄のもの"),
        ("zh", "雪地里的格子的东西"),
    ],
)
def test_a_wish_is_worded_in_other_languages(language, words):
    assert wish_words(Wish(pattern="checked", backdrop="in the snow"), None, language) == words


def test_a_wish_for_any_number_is_worded_in_the_singular_and_the_plural():
    worded = {wish_words(Wish("cat", "black"), Random(n)) for n in range(40)}
    assert worded == {"black cat", "a black cat", "black cats"}
