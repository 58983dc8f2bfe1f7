"""The studio: the same pictures from the same seed, and words that fit them."""

from random import Random

import numpy as np
import pytest
from PIL import Image

from workers.training.backdrops import BACKDROPS
from workers.training.evaluation import held_out_scenes
from workers.training.pen import COLOURS, PATTERNS
from workers.training.studio import (
    ABOVE,
    ALONE,
    KINDS,
    LEFT,
    Scene,
    Thing,
    Wish,
    caption,
    catalogue,
    different_scenes,
    draw,
    draw_outlined,
    labels,
    random_scene,
    title,
    wishes,
)

MUG = Thing("mug", "red", "striped")
BOOK = Thing("book", "blue", "plain")


def scene_of(*things, relation=ALONE, backdrop="on a white background", seed=1):
    return Scene(things, relation, backdrop, seed)


def test_there_is_enough_to_draw():
    assert len(KINDS) >= 30 and len(COLOURS) >= 11 and len(PATTERNS) >= 4 and len(BACKDROPS) >= 10


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_in_its_colour(kind):
    plain = np.asarray(draw(scene_of(Thing(kind, "red", "plain")), (96, 96))).astype(int)
    red = (plain[..., 0] > 140) & (plain[..., 1] < 90) & (plain[..., 2] < 90)
    assert red.mean() > 0.01


@pytest.mark.parametrize("backdrop", BACKDROPS)
def test_every_backdrop_fills_any_shape(backdrop):
    for size in ((96, 96), (160, 50), (40, 160), (1, 1)):
        picture = draw(scene_of(MUG, backdrop=backdrop), size)
        assert (picture.mode, picture.size) == ("RGB", size)


@pytest.mark.parametrize("pattern", PATTERNS[1:])
def test_a_pattern_shows(pattern):
    plain, patterned = (
        draw(scene_of(Thing("ball", "blue", p)), (96, 96)) for p in ("plain", pattern)
    )
    assert np.abs(np.subtract(plain, patterned, dtype=int)).mean() > 5


def test_the_same_seed_gives_the_same_picture():
    scenes = [random_scene(Random(7)) for _ in range(2)]
    assert scenes[0] == scenes[1] and scenes[0].seed == scenes[1].seed
    assert draw(scenes[0], (200, 150)).tobytes() == draw(scenes[1], (200, 150)).tobytes()


def test_another_seed_places_the_same_scene_otherwise():
    one, other = (scene_of(MUG, seed=seed) for seed in (1, 2))
    assert one == other
    assert draw(one, (96, 96)).tobytes() != draw(other, (96, 96)).tobytes()


def test_left_is_left_and_above_is_above():
    red, blue = Thing("ball", "red", "plain"), Thing("ball", "blue", "plain")
    beside = centres(draw(scene_of(red, blue, relation=LEFT), (160, 120)))
    stacked = centres(draw(scene_of(red, blue, relation=ABOVE), (120, 160)))
    assert beside["red"][1] < beside["blue"][1] - 40
    assert stacked["red"][0] < stacked["blue"][0] - 40


def test_outlines_lie_where_the_things_are():
    red, blue = Thing("ball", "red", "plain"), Thing("ball", "blue", "plain")
    picture, outlines = draw_outlined(scene_of(red, blue, relation=LEFT), (160, 120))
    pixels, where = np.asarray(picture), np.asarray(outlines.resize(picture.size, Image.NEAREST))
    assert set(np.unique(where)) == {0, 1, 2}
    assert pixels[where == 1].mean(axis=0).argmax() == 0
    assert pixels[where == 2].mean(axis=0).argmax() == 2


def centres(picture: Image.Image):
    """Where the red and the blue pixels lie on average: row, column."""
    red, green, blue = np.moveaxis(np.asarray(picture).astype(int), -1, 0)
    masks = {"red": red - np.maximum(green, blue) > 80, "blue": blue - np.maximum(red, green) > 60}
    return {name: np.argwhere(mask).mean(axis=0) for name, mask in masks.items()}


def test_a_title_says_everything():
    assert title(scene_of(MUG, backdrop="on a beach")) == "Red striped mug on a beach"
    two = scene_of(Thing("pair of glasses", "orange", "dotted"), BOOK, relation=LEFT)
    assert title(two) == "Pair of orange dotted glasses left of a blue book on a white background"


def test_labels_name_each_thing_once():
    scene = scene_of(MUG, Thing("book", "red", "plain"), relation=ABOVE)
    assert labels(scene) == ["mug", "red", "striped", "book"]


def test_a_full_caption_leaves_nothing_out():
    two = scene_of(MUG, Thing("hat", "orange", "dotted"), relation=LEFT, backdrop="in the snow")
    for seed in range(60):
        words = caption(two, Random(seed), full=True)
        assert all(word in words for word in ("red striped", "an orange dotted hat", "in the snow"))


def test_captions_are_worded_in_many_ways():
    two = scene_of(MUG, BOOK, relation=ABOVE)
    captions = {caption(two, Random(seed)) for seed in range(200)}
    assert len(captions) > 60
    assert {
        "a red striped mug above a blue book on a white background",
        "red striped mug",
    } <= captions


def test_no_two_scenes_show_the_same():
    scenes = different_scenes(3000, Random(0))
    assert len(set(scenes)) == 3000


def test_held_out_scenes_are_left_out_and_never_change():
    held_out = held_out_scenes()
    assert held_out == held_out_scenes() and len(set(held_out)) == 1000
    drawn = different_scenes(2000, Random(20_230_315), but=frozenset(held_out))
    assert not set(drawn) & set(held_out)


def test_the_catalogue_comes_in_mixed_shapes_and_repeats():
    pictures = list(catalogue(60, 5, side=120))
    ratios = [picture.width / picture.height for _, picture in pictures]
    assert len({scene for scene, _ in pictures}) == 60
    assert min(ratios) < 0.6 and max(ratios) > 2 and any(0.95 < ratio < 1.05 for ratio in ratios)
    again = list(catalogue(60, 5, side=120))
    assert [p.tobytes() for _, p in again] == [p.tobytes() for _, p in pictures]


def test_a_catalogue_picture_is_large_enough_to_look_at():
    _, picture = next(catalogue(1, 3))
    assert 900 <= max(picture.size) <= 1400


def test_a_wish_fits_the_scenes_that_show_all_of_it():
    red_mug, blue_mug = (
        Scene((Thing("mug", colour, "dotted"),), "alone", "on a beach", seed=1)
        for colour in ("red", "blue")
    )
    both = (red_mug, blue_mug)
    assert [Wish("mug").fits(scene) for scene in both] == [True, True]
    assert [Wish("mug", "red").fits(scene) for scene in both] == [True, False]
    assert [Wish(backdrop="on a beach").fits(scene) for scene in both] == [True, True]
    assert [Wish("", "blue", "on a beach").fits(scene) for scene in both] == [False, True]
    assert not Wish("chair", "red").fits(red_mug)
    assert not Wish("mug", backdrop="in the snow").fits(red_mug)


def test_a_wish_is_worded_as_people_type():
    assert Wish("mug", "red").words() == "red mug"
    assert Wish(backdrop="in the snow").words() == "in the snow"
    assert Wish(colour="red", backdrop="in the snow").words() == "red things in the snow"
    worded = {Wish(colour="red", backdrop="in the snow").words(Random(n)) for n in range(20)}
    assert worded == {f"{thing} in the snow" for thing in ("red things", "something red", "red")}


def test_wishes_are_every_kind_every_setting_and_some_that_combine():
    scenes = different_scenes(10, Random(1))
    wanted = wishes(scenes, Random(2), mixed=5)
    assert wanted[:-5] == [*map(Wish, KINDS), *(Wish(backdrop=each) for each in BACKDROPS)]
    assert all(any(wish.fits(scene) for scene in scenes) for wish in wanted[-5:])
    parts = [bool(w.kind) + bool(w.colour) + bool(w.backdrop) for w in wanted[-5:]]
    assert parts == [2] * 5
