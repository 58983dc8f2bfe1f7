"""Kinds of things, and colours, that the studio does not know, drawn by its own pen."""

from collections.abc import Iterator
from random import Random
from unittest.mock import patch

from PIL.Image import Image

from workers.studio import pen as pens
from workers.studio import things
from workers.studio.backdrops import BACKDROPS
from workers.studio.draw import draw, size_for
from workers.studio.pen import Colour, Pen
from workers.studio.scenes import LEFT, Group, Scene, Thing
from workers.studio.things.home import Stroke


def violin(pen: Pen) -> None:
    pen.line([(50, 10), (50, 46)], 6, "ink")
    for y in (8, 14):
        pen.line([(42, y), (58, y)], 3, "ink")
    pen.disc(50, 6, 5, "dark")
    pen.blob(
        [
            (50, 36),
            (66, 38),
            (71, 50),
            (62, 60),
            (66, 68),
            (77, 78),
            (72, 94),
            (50, 98),
            (28, 94),
            (23, 78),
            (34, 68),
            (38, 60),
            (29, 50),
            (34, 38),
        ]
    )
    pen.poly([(47, 40), (53, 40), (54, 66), (46, 66)], "ink")
    pen.poly([(45, 80), (55, 80), (53, 95), (47, 95)], "ink")
    pen.box(41, 72, 59, 76, "cream")
    for corners, angles in (((30, 64, 38, 84), (270, 450)), ((62, 64, 70, 84), (90, 270))):
        pen.arc(corners, angles, 2, "ink")


def anchor(pen: Pen) -> None:
    pen.ring(50, 13, 10, 5, "body")
    pen.box(45, 22, 55, 92)
    pen.box(26, 32, 74, 41, r=4)
    pen.arc((12, 34, 88, 97), (12, 168), 9, "body")
    pen.poly([(4, 68), (16, 50), (28, 72)])
    pen.poly([(96, 68), (84, 50), (72, 72)])
    pen.poly([(43, 88), (57, 88), (50, 99)])


def crown(pen: Pen) -> None:
    pen.poly([(8, 24), (28, 52), (50, 14), (72, 52), (92, 24), (86, 84), (14, 84)])
    pen.box(12, 78, 88, 94, "dark", r=4)
    for x, y in ((8, 20), (50, 11), (92, 20)):
        pen.disc(x, y, 7, "gold")
    for x in (26, 50, 74):
        pen.disc(x, 86, 4.5, "flame")
    pen.poly([(50, 48), (58, 60), (50, 72), (42, 60)], "pale")


def key(pen: Pen) -> None:
    pen.ring(26, 50, 25, 12, "body")
    pen.ring(26, 50, 25, 3, "dark")
    pen.box(48, 44, 97, 57, r=3)
    for x, length in ((70, 76), (84, 82)):
        pen.box(x, 52, x + 9, length, r=2)
    for x in (53, 61):
        pen.box(x, 40, x + 5, 61, "dark", r=2)


def lighthouse(pen: Pen) -> None:
    pen.blob([(14, 97), (22, 86), (50, 82), (78, 86), (86, 97), (50, 99)], "steel")
    pen.poly([(40, 34), (60, 34), (69, 90), (31, 90)])
    for top, wide in ((46, 11.5), (68, 15)):
        pen.poly(
            [(50 - wide, top), (50 + wide, top), (51 + wide, top + 9), (49 - wide, top + 9)],
            "cream",
        )
    pen.box(33, 30, 67, 36, "ink", r=2)
    pen.box(41, 15, 59, 31, "flame")
    for x in (41, 50, 59):
        pen.line([(x, 16), (x, 31)], 1.8, "ink")
    pen.poly([(36, 17), (50, 2), (64, 17)], "dark")
    pen.box(45, 78, 55, 91, "ink", r=5)


def snail(pen: Pen) -> None:
    pen.blob(
        [(2, 92), (22, 80), (60, 82), (74, 62), (84, 56), (95, 64), (92, 82), (80, 96), (40, 98)],
        "cream",
    )
    for x in (82, 94):
        pen.line([(86, 62), (x, 40)], 2.5, "cream")
        pen.disc(x, 39, 3.4, "ink")
    pen.disc(42, 52, 34)
    pen.arc((16, 26, 70, 80), (40, 320), 4.5, "dark")
    pen.arc((26, 36, 62, 70), (220, 500), 4.5, "dark")
    pen.disc(43, 53, 6, "dark")


def windmill(pen: Pen) -> None:
    pen.poly([(36, 38), (64, 38), (74, 97), (26, 97)])
    pen.blob([(32, 40), (38, 26), (50, 21), (62, 26), (68, 40)], "dark")
    pen.box(43, 78, 57, 97, "ink", r=6)
    pen.box(45, 54, 55, 64, "glass", r=1)
    for dx, dy in ((1, 1), (-1, 1), (-1, -1), (1, -1)):
        tip = (50 + 40 * dx, 36 + 34 * dy)
        pen.line([(50, 36), tip], 2.6, "wood")
        x, y = 50 + 12 * dx, 36 + 10 * dy
        side = (11 * dy * -dx * dx, 11 * dx * dy * dy)
        pen.poly(
            [(x, y), tip, (tip[0] + side[0], tip[1] + side[1]), (x + side[0], y + side[1])], "cream"
        )
    pen.disc(50, 36, 4.5, "ink")


def trumpet(pen: Pen) -> None:
    pen.blob([(60, 46), (80, 40), (97, 22), (98, 50), (97, 78), (80, 58), (60, 54)])
    pen.oval(92, 22, 100, 78, "dark")
    pen.box(6, 46, 66, 54, r=3)
    pen.box(1, 43, 9, 57, "dark", r=3)
    pen.arc((16, 46, 40, 76), (90, 270), 7, "body")
    pen.box(28, 69, 64, 76)
    pen.arc((54, 46, 76, 76), (270, 450), 7, "body")
    for x in (34, 44, 54):
        pen.box(x, 38, x + 7, 80, "dark", r=2)
        pen.box(x + 1.5, 28, x + 5.5, 38, "silver")
        pen.box(x, 25, x + 7, 30, "cream", r=2)


def butterfly(pen: Pen) -> None:
    pen.blob([(50, 46), (60, 22), (82, 8), (98, 20), (92, 46), (70, 58)])
    pen.blob([(50, 46), (40, 22), (18, 8), (2, 20), (8, 46), (30, 58)])
    pen.blob([(51, 52), (74, 56), (88, 72), (78, 92), (62, 84)], "dark")
    pen.blob([(49, 52), (26, 56), (12, 72), (22, 92), (38, 84)], "dark")
    for x in (20, 80):
        pen.disc(x, 28, 8, "pale")
        pen.disc(x + (50 - x) * 0.1, 74, 6, "flame")
    pen.box(46.5, 28, 53.5, 88, "ink", r=3.5)
    pen.disc(50, 26, 5.5, "ink")
    for x in (36, 64):
        pen.line([(50, 24), (x, 8)], 2, "ink")
        pen.disc(x, 8, 2.6, "ink")


def mushroom(pen: Pen) -> None:
    pen.blob([(40, 52), (60, 52), (62, 78), (70, 95), (50, 98), (30, 95), (38, 78)], "cream")
    pen.blob([(34, 56), (50, 53), (66, 56), (62, 66), (50, 69), (38, 66)], "cream")
    pen.blob([(2, 54), (10, 28), (32, 8), (50, 4), (68, 8), (90, 28), (98, 54), (74, 60), (26, 60)])
    pen.oval(8, 49, 92, 61, "dark")
    for x, y, r in ((34, 26, 7), (58, 18, 6), (76, 36, 8), (52, 40, 7), (20, 42, 5)):
        pen.disc(x, y, r, "cream")


def hourglass(pen: Pen) -> None:
    pen.blob(
        [
            (22, 12),
            (78, 12),
            (74, 34),
            (53, 50),
            (74, 66),
            (78, 88),
            (22, 88),
            (26, 66),
            (47, 50),
            (26, 34),
        ],
        "glass",
    )
    pen.poly([(31, 32), (69, 32), (53, 47), (51, 70), (49, 70), (47, 47)], "flame")
    pen.blob([(26, 87), (36, 74), (50, 68), (64, 74), (74, 87)], "flame")
    for y in (3, 86):
        pen.box(10, y, 90, y + 11, r=3)
    for x in (13, 80):
        pen.box(x, 14, x + 7, 86)
        pen.box(x - 1.5, 44, x + 8.5, 56, "dark", r=3)


def octopus(pen: Pen) -> None:
    for x, tip in ((26, 4), (38, 24), (62, 76), (74, 96)):
        middle = (x + tip) / 2
        pen.line([(x, 56), (middle, 74), (tip, 82), (tip + (50 - tip) * 0.1, 93)], 11, "dark")
    for x in (40, 60):
        pen.line([(50 + (x - 50) * 0.6, 58), (x, 80), (x + (x - 50) * 0.2, 95)], 11, "body")
    pen.blob([(50, 3), (76, 12), (84, 36), (74, 62), (50, 72), (26, 62), (16, 36), (24, 12)])
    for x in (37, 63):
        pen.disc(x, 40, 8.5, "cream")
        pen.disc(x, 42, 4.5, "ink")
    pen.arc((40, 46, 60, 60), (20, 160), 2.6, "ink")
    pen.oval(30, 12, 42, 22, "pale")


KINDS: dict[str, Stroke] = {
    "violin": violin,
    "anchor": anchor,
    "crown": crown,
    "key": key,
    "lighthouse": lighthouse,
    "snail": snail,
    "windmill": windmill,
    "trumpet": trumpet,
    "butterfly": butterfly,
    "mushroom": mushroom,
    "hourglass": hourglass,
    "octopus": octopus,
}
COLOURS: dict[str, Colour] = {
    "crimson": (146, 10, 52),
    "lilac": (192, 158, 222),
    "navy": (26, 32, 92),
    "olive": (122, 124, 40),
    "salmon": (246, 152, 126),
    "teal": (12, 104, 110),
    "cobalt": (14, 70, 160),
    "charcoal": (64, 68, 76),
    "ochre": (186, 116, 40),
    "ivory": (240, 230, 204),
}


def curios(count: int, seed: int, *, longer: int) -> Iterator[tuple[str, Image]]:
    """Pictures of two different curios with captions, in the studio's settings.

    No word that the studio taught tells them apart, nor does a colour or a setting by itself.
    """
    rng = Random(seed)  # noqa: S311, no secret
    for _ in range(count):
        kinds, colours = (rng.sample(list(words), 2) for words in (KINDS, COLOURS))
        things_ = [Group(Thing(*words, "plain")) for words in zip(kinds, colours, strict=True)]
        scene = Scene(tuple(things_), LEFT, rng.choice(list(BACKDROPS)), rng.getrandbits(32))
        # Only while it draws: no other scene shall ever show one.
        with patch.dict(things.KINDS, KINDS), patch.dict(pens.COLOURS, COLOURS):
            picture = draw(scene, size_for(scene, longer))
        first, second = (f"{group.thing.colour} {group.thing.kind}" for group in scene.groups)
        yield f"{first} left of {second}", picture
