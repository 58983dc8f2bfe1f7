"""The studio: the same pictures from the same seed, which show what their scenes say."""

from random import Random

import numpy as np
import pytest
from PIL import Image

from search.management.commands.catalogue import COLLECTIONS
from workers.studio.backdrops import BACKDROPS
from workers.studio.draw import catalogue, draw, draw_with_outlines, size_for
from workers.studio.pen import COLOURS, PATTERNS, Pen
from workers.studio.placing import spots
from workers.studio.scenes import (
    ALONE,
    BEHIND,
    LEFT,
    ON,
    Group,
    Scene,
    Thing,
    different_scenes,
    random_scene,
)
from workers.studio.things import KINDS, SUPPORTS
from workers.training.pictures import squares

MUG = Thing("mug", "red", "striped")
RED_BALL, BLUE_BALL = (Thing("ball", colour, "plain") for colour in ("red", "blue"))


def scene_of(*things, relation=ALONE, counts=(1, 1), backdrop="on a grey background", seed=1):
    groups = tuple(map(Group, things, counts))
    return Scene(groups, relation, backdrop, seed)


def outlined(scene, size=(200, 150)):
    """The picture, and which group each of its pixels shows."""
    picture, outlines = draw_with_outlines(scene, size)
    return np.asarray(picture).astype(int), np.asarray(outlines.resize(size, Image.NEAREST))


def test_there_is_enough_to_draw():
    assert [len(each) for each in (KINDS, COLOURS, PATTERNS, BACKDROPS)] == [72, 14, 8, 19]
    assert len(SUPPORTS) >= 12 and set(SUPPORTS) < set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_in_its_colour(kind):
    plain = np.asarray(draw(scene_of(Thing(kind, "red", "plain")), (96, 96))).astype(int)
    red = plain[..., 0] - np.maximum(plain[..., 1], plain[..., 2]) > 60
    assert red.mean() > 0.01


@pytest.mark.parametrize("backdrop", BACKDROPS)
def test_every_backdrop_fills_any_shape(backdrop):
    for size in ((96, 96), (160, 50), (40, 160), (1, 1)):
        picture = draw(scene_of(MUG, backdrop=backdrop), size)
        assert (picture.mode, picture.size) == ("RGB", size)


@pytest.mark.parametrize("colour", COLOURS)
def test_patterns_are_told_apart_on_a_thing_35_pixels_wide(colour):
    sides = [
        np.asarray(draw(scene_of(Thing("cushion", colour, p)), (45, 45)), int) for p in PATTERNS
    ]
    for i, one in enumerate(sides):
        assert all(np.abs(one - other).mean() > 2 for other in sides[:i])


def test_no_two_colours_look_alike():
    colours = np.array(list(COLOURS.values()))
    apart = np.abs(colours[:, None] - colours[None]).sum(axis=-1)
    assert apart[~np.eye(len(colours), dtype=bool)].min() > 70


def test_a_thing_is_lit_from_the_left_and_above():
    pen = Pen(100)
    pen.disc(50, 50, 40)
    ball = np.asarray(pen.painted("grey", COLOURS["grey"], "plain").convert("L")).astype(int)
    assert ball[28, 28] > ball[50, 50] > ball[72, 72]


def test_the_same_seed_gives_the_same_picture():
    scenes = [random_scene(Random(7)) for _ in range(2)]
    assert scenes[0] == scenes[1] and scenes[0].seed == scenes[1].seed
    assert draw(scenes[0], (200, 150)).tobytes() == draw(scenes[1], (200, 150)).tobytes()


def test_another_seed_places_the_same_scene_otherwise():
    one, other = (scene_of(MUG, seed=seed) for seed in (1, 2))
    assert one == other
    assert draw(one, (96, 96)).tobytes() != draw(other, (96, 96)).tobytes()


# Where things stand ------------------------------------------------------------------------------


def test_outlines_lie_where_the_things_are():
    pixels, where = outlined(scene_of(RED_BALL, BLUE_BALL, relation=LEFT))
    assert set(np.unique(where)) == {0, 1, 2}
    assert pixels[where == 1].mean(axis=0).argmax() == 0
    assert pixels[where == 2].mean(axis=0).argmax() == 2


@pytest.mark.parametrize("counts", [(1, 1), (2, 2), (1, 3), (3, 1)])
def test_all_of_the_first_stand_left_of_the_second(counts):
    _, where = outlined(scene_of(RED_BALL, BLUE_BALL, relation=LEFT, counts=counts), (300, 120))
    first, second = (np.argwhere(where == number)[:, 1] for number in (1, 2))
    assert first.max() < second.min()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [2, 3])
def test_things_of_a_group_can_be_counted(kind, count):
    _, where = outlined(scene_of(Thing(kind, "red", "plain"), counts=(count,)), (240, 120))
    covered = np.r_[False, (where == 1).any(axis=0)]
    assert (covered[1:] & ~covered[:-1]).sum() == count


@pytest.mark.parametrize("under", SUPPORTS)
def test_what_is_on_another_rests_on_it(under):
    scene = scene_of(MUG, Thing(under, "blue", "plain"), relation=ON)
    _, where = outlined(scene, (150, 200))
    rows, columns = np.nonzero(where == 1)
    below = where[rows.max() + 1 : rows.max() + 6, columns[rows == rows.max()]]
    assert (below == 2).mean() > 0.6
    assert np.argwhere(where == 2)[:, 0].max() > rows.max()


def test_what_is_behind_another_is_hidden_but_for_the_greater_part():
    for seed in range(150):
        rng = Random(seed)
        things = [Thing(kind, "red", "plain") for kind in rng.sample(list(KINDS), 2)]
        first, second = spots(scene_of(*things, relation=BEHIND), (240, 180), 140, rng)
        alone, both = (np.asarray(silhouettes(row)) for row in ([first], [first, second]))
        assert 0.55 <= (both == 1).sum() / (alone == 1).sum() < 1, things


def silhouettes(placed):
    """Which group each pixel of a canvas of 240 by 180 shows."""
    canvas = Image.new("L", (240, 180))
    for spot in placed:
        pen = Pen(round(spot.side))
        KINDS[spot.thing.kind](pen)
        shape = pen.shape().crop(pen.shape().getbbox())
        corner = round(spot.x - shape.width / 2), round(spot.base) - shape.height
        canvas.paste(spot.group + 1, corner, shape)
    return canvas


def test_every_thing_of_any_scene_is_in_the_picture():
    for scene in different_scenes(300, Random(11)):
        size = size_for(scene, 120)
        _, where = outlined(scene, size)
        assert set(np.unique(where)) == {*range(len(scene.groups) + 1)}, scene


def test_a_square_has_a_number_for_each_patch():
    scene = scene_of(RED_BALL, BLUE_BALL, relation=LEFT)
    pixels, patches = squares([scene, scene], 64, 8, quiet=True)
    assert (pixels.shape, patches.shape) == ((2, 64, 64, 3), (2, 8, 8))
    first, second = (np.argwhere(patches[0] == number)[:, 1] for number in (1, 2))
    assert first.max() < second.min()


# The sample catalogue ----------------------------------------------------------------------------


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


def test_every_kind_has_a_collection_and_every_collection_something_to_show():
    collected = set().union(*COLLECTIONS.values())
    assert set(KINDS) <= collected <= {*KINDS, *BACKDROPS}
