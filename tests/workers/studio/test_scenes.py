"""Scenes: what fits what, what training never shows, and what is true of them."""

from dataclasses import asdict, replace
from random import Random

import pytest

from tests.support.sentences import group, scene_of
from workers.studio.backdrops import BACKDROPS
from workers.studio.pen import COLOURS, PATTERNS
from workers.studio.scenes import (
    ALONE,
    BEHIND,
    FACTS,
    LANGUAGES,
    LEFT,
    MOST,
    ON,
    Thing,
    Wish,
    different_scenes,
    facts_of,
    facts_of_wish,
    is_held_out,
    is_taught,
    mirrored,
    mixed_wish,
    random_scene,
    recoloured,
    recounted,
    twin,
    wishes,
)
from workers.studio.things import KINDS, SUPPORTS

TWO_MUGS = group("mug", "red", "striped", 2)
HAT = group("hat", "blue")
SCENE = scene_of(TWO_MUGS, HAT, relation=LEFT, backdrop="in the snow")

ALL_THINGS = [Thing(kind, c, p) for kind in KINDS for c in COLOURS for p in PATTERNS]


def scenes_of(seed, count=400, **how):
    rng = Random(seed)
    return [random_scene(rng, **how) for _ in range(count)]


def with_twins(seed):
    rng = Random(seed)
    return [(scene, twin(scene, rng)) for scene in scenes_of(seed + 1)]


def respects(scene):
    """Each property of a scene, by what it is a property of."""
    values = {"relation": scene.relation, "backdrop": scene.backdrop}
    for number, each in enumerate(scene.groups):
        parts = {"kind": each.thing.kind, "colour": each.thing.colour}
        parts |= {"pattern": each.thing.pattern, "count": each.count}
        values |= {(number, name): part for name, part in parts.items()}
    return values


def differences(one, other):
    """In which respects two scenes differ; to stand the other way round is one respect.

    So is to have each other's colour.
    """
    if mirrored(one) == other:
        return ["order"]
    if recoloured(one) == other:
        return ["whose colour"]
    a, b = respects(one), respects(other)
    assert a.keys() == b.keys()
    return [name[-1] if isinstance(name, tuple) else name for name in a if a[name] != b[name]]


# What fits a wish --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wish",
    [
        Wish("mug"),
        Wish("hat", "blue", "plain"),
        Wish("mug", count=2),
        Wish("hat", count=1),
        Wish(colour="red", pattern="striped"),
        Wish("hat", backdrop="in the snow"),
        Wish(backdrop="in the snow"),
    ],
)
def test_a_wish_fits_what_shows_all_that_it_names(wish):
    assert wish.fits(SCENE)


@pytest.mark.parametrize(
    "wish",
    [
        Wish("sofa"),
        Wish("mug", count=1),
        Wish("mug", count=3),
        Wish("hat", backdrop="on a beach"),
        Wish(backdrop="on a beach"),
        # Of each there is one, but not of the same thing:
        Wish("hat", "red"),
        Wish("mug", pattern="plain"),
        Wish("hat", count=2),
        Wish(colour="blue", pattern="striped"),
    ],
)
def test_a_wish_does_not_fit_where_one_thing_is_missing_any_of_it(wish):
    assert not wish.fits(SCENE)


# Drawn by lot ------------------------------------------------------------------------------------


def test_scenes_are_the_same_again_and_other_ones_from_another_seed():
    assert scenes_of(1, 20) == scenes_of(1, 20) != scenes_of(2, 20)


def test_all_kinds_colours_patterns_settings_and_relations_come_up():
    facts = set().union(*(facts_of(scene) for scene in scenes_of(1, 2500)))
    assert {(word,) for word in (*KINDS, *COLOURS, *PATTERNS, *BACKDROPS)} <= facts
    assert {scene.relation for scene in scenes_of(1)} == {ALONE, LEFT, ON, BEHIND}


def test_a_scene_shows_no_more_than_can_be_counted():
    totals = {sum(each.count for each in scene.groups) for scene in scenes_of(1)}
    assert totals == set(range(1, MOST + 1))


def test_only_what_stands_alone_is_alone():
    assert all((len(scene.groups) == 1) == (scene.relation == ALONE) for scene in scenes_of(1))


def test_the_two_groups_are_of_different_kinds():
    kinds = [[thing.kind for thing in scene.things] for scene in scenes_of(1)]
    assert all(len(set(each)) == len(each) for each in kinds)


def test_things_are_put_on_what_carries_them():
    carriers = [s.groups[1] for s in scenes_of(1) if s.relation == ON]
    assert carriers and all(e.thing.kind in SUPPORTS and e.count == 1 for e in carriers)


def test_how_a_scene_is_placed_does_not_make_it_another():
    assert SCENE == replace(SCENE, seed=2) != replace(SCENE, backdrop="on a beach")


def test_different_scenes_all_show_something_else():
    scenes = different_scenes(500, Random(1))
    assert len(scenes) == len(set(scenes)) == 500


# Held out ----------------------------------------------------------------------------------------


def test_no_training_scene_nor_its_twin_shows_what_is_held_out():
    things = [thing for pair in with_twins(1) for scene in pair for thing in scene.things]
    assert not any(map(is_held_out, things))


def test_a_held_out_scene_shows_nothing_else():
    scenes = [*scenes_of(1, held_out=True), *different_scenes(50, Random(1), held_out=True)]
    assert all(is_held_out(thing) for scene in scenes for thing in scene.things)


def test_one_thing_in_ten_is_held_out():
    assert 0.09 < sum(map(is_held_out, ALL_THINGS)) / len(ALL_THINGS) < 0.11


def test_of_every_kind_colour_and_pattern_most_is_taught():
    for part, names in (("kind", KINDS), ("colour", COLOURS), ("pattern", PATTERNS)):
        for name in names:
            held_out = [is_held_out(t) for t in ALL_THINGS if getattr(t, part) == name]
            assert 0 < sum(held_out) < 0.25 * len(held_out), name


def test_each_thing_is_kept_from_two_languages():
    for thing in ALL_THINGS[::50]:
        scene = scene_of(replace(TWO_MUGS, thing=thing))
        assert sum(not is_taught(scene, language) for language in LANGUAGES) == 2


def test_each_language_is_taught_most_things():
    scenes = [scene_of(replace(HAT, thing=thing)) for thing in ALL_THINGS[::10]]
    for language in LANGUAGES:
        assert 0.65 < sum(is_taught(scene, language) for scene in scenes) / len(scenes) < 0.85


def test_two_things_are_taught_in_the_languages_that_none_of_them_is_kept_from():
    for scene in scenes_of(1):
        alone = [replace(scene, groups=(each,)) for each in scene.groups]
        taught = [e for e in LANGUAGES if all(is_taught(each, e) for each in alone)]
        assert [e for e in LANGUAGES if is_taught(scene, e)] == taught
        assert len(taught) >= 4


# Twins -------------------------------------------------------------------------------------------


def test_twins_differ_in_one_respect():
    for scene, other in with_twins(3):
        assert len(differences(scene, other)) == 1, (scene, other)


def test_twins_differ_in_every_respect_that_words_tell_apart():
    names = {name for pair in with_twins(3) for name in differences(*pair)}
    assert names == {"order", "whose colour", "count", "kind", "colour", "pattern", "backdrop"}


def test_twins_show_nothing_that_is_held_out():
    assert not any(
        is_held_out(thing) for pair in with_twins(3) for each in pair for thing in each.things
    )


def test_twins_are_placed_otherwise():
    assert all(scene.seed != other.seed for scene, other in with_twins(3))


def test_recoloured_things_have_each_others_colour():
    (first, second), other = SCENE.things, recoloured(SCENE)
    assert [thing.colour for thing in other.things] == [second.colour, first.colour]
    assert recoloured(other) == SCENE


def test_a_mirrored_scene_has_its_groups_in_each_others_place():
    assert mirrored(SCENE) == replace(SCENE, groups=(HAT, TWO_MUGS))


@pytest.mark.parametrize(
    ("relation", "before", "after"),
    [
        (ALONE, (1,), (2,)),
        (ALONE, (2,), (3,)),
        (ALONE, (3,), (2,)),
        (LEFT, (2, 1), (1, 1)),
        (LEFT, (1, 3), (1, 2)),
        (LEFT, (2, 2), (1, 2)),
        (ON, (2, 1), (1, 1)),
    ],
)
def test_a_recounted_scene_has_another_number_of_what_there_is_most_of(relation, before, after):
    groups = [replace(each, count=n) for each, n in zip((TWO_MUGS, HAT), before, strict=False)]
    again = recounted(scene_of(*groups, relation=relation))
    assert tuple(each.count for each in again.groups) == after
    assert again.things == tuple(each.thing for each in groups)


# What is true of them ----------------------------------------------------------------------------


def test_each_fact_is_listed_once():
    assert len(FACTS) == len(set(FACTS))


def test_the_facts_of_a_scene_are_those_of_its_things_and_who_stands_where():
    mugs = facts_about("mug", "red", "striped", "two", "in the snow")
    hat = facts_about("hat", "blue", "plain", "in the snow")
    assert facts_of(SCENE) == mugs | hat | {("first", "mug"), ("second", "hat")}


def facts_about(kind, *words):
    """The kind, each of the words, and each of them said of the kind."""
    return {(kind,)} | {(word,) for word in words} | {(word, kind) for word in words}


def test_what_stands_alone_is_neither_first_nor_second():
    assert facts_of(scene_of(HAT)) == facts_about("hat", "blue", "plain", "on a beach")


@pytest.mark.parametrize(
    ("wish", "facts"),
    [
        (Wish("mug"), {("mug",)}),
        (Wish("mug", "red"), {("mug",), ("red",), ("red", "mug")}),
        (Wish("mug", count=3), {("mug",), ("three",), ("three", "mug")}),
        (Wish("mug", count=1), {("mug",)}),
        (Wish("mug", backdrop="in the snow"), {("mug",), ("in the snow",), ("in the snow", "mug")}),
        (Wish(colour="red", pattern="striped"), {("red",), ("striped",)}),
    ],
)
def test_a_wish_names_facts(wish, facts):
    assert facts_of_wish(wish) == facts


def test_all_facts_are_listed():
    scenes, rng = [scene for pair in with_twins(5) for scene in pair], Random(1)
    listed = set(FACTS)
    assert all(facts_of(scene) <= listed for scene in scenes)
    assert all(facts_of_wish(mixed_wish(scene, rng)) <= listed for scene in scenes)


def test_what_a_fitting_wish_names_is_true_of_the_scene():
    rng = Random(1)
    for scene in scenes_of(6):
        assert facts_of_wish(mixed_wish(scene, rng)) <= facts_of(scene)


def test_twins_differ_in_their_facts():
    assert all(facts_of(scene) != facts_of(other) for scene, other in with_twins(7))


# Asked for ---------------------------------------------------------------------------------------


def test_who_looks_for_a_scene_asks_for_what_it_shows():
    rng = Random(2)
    assert all(mixed_wish(scene, rng).fits(scene) for scene in scenes_of(8))


def named(wish):
    return [part for part, value in asdict(wish).items() if value]


def test_wishes_are_for_kinds_settings_and_both_with_looks():
    made = wishes(scenes_of(9, 64), Random(3))
    kinds, settings, mixed = made[:12], made[12:16], made[16:]
    assert [named(wish) for wish in kinds] == [["kind"]] * 12 and len(set(kinds)) == 12
    assert [named(wish) for wish in settings] == [["backdrop"]] * 4 and len(set(settings)) == 4
    assert {len(named(wish)) for wish in mixed} == {1, 2}


def test_there_is_a_wish_for_each_of_the_scenes():
    scenes = scenes_of(9, 5)
    mixed = wishes(scenes, Random(3))[16:21]
    assert all(wish.fits(scene) for wish, scene in zip(mixed, scenes, strict=True))


def test_there_is_a_wish_for_each_two_things_that_crosses_them():
    scenes = [scene for scene in scenes_of(9, 40) if len(scene.groups) == 2]
    crossed = wishes(scenes, Random(3))[16 + len(scenes) :]
    for wish, scene in zip(crossed, scenes, strict=True):
        one, other = sorted(scene.things, key=lambda thing: thing.kind != wish.kind)
        assert wish == Wish(one.kind, other.colour)
        assert wish.fits(scene) == (one.colour == other.colour)
