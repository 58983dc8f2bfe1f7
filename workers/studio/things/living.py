"""Animals, plants and what grows on them."""

from workers.studio.pen import Pen
from workers.studio.things.home import Stroke


def apple(pen: Pen) -> None:
    pen.line([(50, 34), (52, 20), (60, 8)], 4.5, "soil")
    pen.blob([(54, 22), (66, 8), (88, 6), (80, 22), (64, 27)], "leaf")
    pen.blob(
        [
            (50, 30),
            (70, 24),
            (92, 38),
            (90, 68),
            (70, 96),
            (50, 92),
            (30, 96),
            (10, 68),
            (8, 38),
            (30, 24),
        ]
    )
    pen.oval(22, 36, 34, 54, "pale")


def banana(pen: Pen) -> None:
    pen.blob(
        [
            (80, 6),
            (90, 7),
            (90, 22),
            (95, 46),
            (84, 76),
            (56, 94),
            (24, 92),
            (6, 78),
            (8, 70),
            (32, 72),
            (56, 62),
            (72, 42),
            (78, 22),
        ]
    )
    pen.line([(84, 20), (88, 46), (72, 72), (42, 86), (14, 80)], 2.5, "dark")
    pen.poly([(78, 2), (91, 2), (91, 14), (80, 14)], "soil")
    pen.disc(8, 75, 5.5, "soil")


def cat(pen: Pen) -> None:
    pen.line([(74, 88), (92, 84), (93, 62), (84, 50)], 9, "dark")
    pen.blob([(32, 52), (60, 50), (76, 68), (82, 96), (50, 97), (18, 96), (22, 70)])
    for x in (14, 52):
        pen.poly([(x, 36), (x + 3, 4), (x + 20, 20)] if x < 30 else [(80, 36), (77, 4), (60, 20)])
    pen.poly([(21, 24), (21, 12), (28, 19)], "dark")
    pen.poly([(73, 24), (73, 12), (66, 19)], "dark")
    pen.oval(13, 14, 81, 62)
    for x in (33, 61):
        pen.oval(x - 6, 30, x + 6, 43, "cream")
        pen.oval(x - 3, 31, x + 3, 43, "ink")
    pen.oval(36, 43, 58, 58, "pale")
    pen.poly([(43, 44), (51, 44), (47, 49)], "ink")
    for x in (36, 58):
        pen.oval(x - 11, 86, x + 11, 97, "pale")


def fish(pen: Pen) -> None:
    pen.poly([(66, 54), (98, 24), (90, 54), (98, 84)], "dark")
    pen.blob([(28, 32), (48, 10), (66, 18), (64, 40)], "dark")
    pen.blob([(40, 74), (58, 92), (66, 84), (58, 68)], "dark")
    pen.blob([(2, 54), (16, 34), (42, 24), (66, 36), (80, 54), (66, 72), (42, 84), (16, 74)])
    pen.arc((8, 30, 40, 78), (300, 420), 3, "dark")
    pen.disc(19, 47, 6.5, "cream")
    pen.disc(18, 47, 3.4, "ink")
    pen.blob([(42, 52), (56, 50), (60, 62), (48, 64)], "dark")


def bird(pen: Pen) -> None:
    for x in (46, 58):
        pen.line([(x, 82), (x, 95), (x - 8, 96)], 3.5, "ink")
    pen.poly([(64, 60), (98, 44), (99, 56), (74, 76)], "dark")
    pen.poly([(20, 22), (2, 31), (20, 36)], "flame")
    pen.blob(
        [
            (28, 8),
            (44, 12),
            (52, 32),
            (76, 52),
            (80, 70),
            (62, 86),
            (40, 84),
            (24, 66),
            (16, 40),
            (16, 20),
        ]
    )
    pen.blob([(44, 44), (66, 50), (86, 66), (64, 74), (46, 64)], "dark")
    pen.disc(29, 24, 5, "cream")
    pen.disc(28, 24, 3, "ink")


def elephant(pen: Pen) -> None:
    pen.line([(94, 46), (98, 70)], 3, "dark")
    for x in (66, 46):
        pen.box(x, 62, x + 15, 95, "dark", r=3)
    pen.blob([(40, 26), (70, 20), (94, 36), (96, 62), (84, 76), (48, 76), (36, 60)])
    for x in (56, 78):
        pen.box(x, 60, x + 16, 97, r=4)
        pen.box(x, 92, x + 16, 97, "cream", r=2)
    pen.line([(20, 44), (11, 62), (11, 80), (19, 89), (26, 85)], 10, "body")
    pen.blob([(12, 24), (32, 12), (48, 20), (50, 46), (34, 58), (14, 50)])
    pen.blob([(34, 16), (54, 12), (63, 30), (56, 54), (42, 56), (35, 38)], "dark")
    pen.line([(24, 56), (28, 67), (36, 68)], 4.5, "cream")
    pen.disc(22, 34, 3.4, "ink")


def tortoise(pen: Pen) -> None:
    pen.blob([(70, 66), (80, 38), (94, 36), (99, 48), (92, 58), (84, 78)], "pale")
    pen.disc(91, 45, 2.8, "ink")
    for x in (16, 58):
        pen.box(x, 74, x + 17, 95, "pale", r=6)
    pen.poly([(4, 80), (14, 70), (16, 82)], "pale")
    pen.blob([(6, 76), (12, 46), (30, 26), (54, 26), (72, 46), (80, 76), (42, 80)])
    pen.box(4, 70, 82, 82, "dark", r=6)
    for x in (28, 56):
        pen.line([(42, 27), (x, 70)], 2.5, "dark")


def cactus(pen: Pen) -> None:
    pen.line([(40, 54), (20, 54), (20, 32)], 13, "body")
    pen.line([(60, 46), (80, 46), (80, 24)], 13, "body")
    pen.box(36, 4, 64, 80, r=14)
    for x in (43, 57):
        pen.line([(x, 14), (x, 68)], 1.6, "dark")
    pen.blob([(42, 8), (50, 0), (58, 8), (50, 13)], "flame")
    pen.poly([(26, 72), (74, 72), (67, 97), (33, 97)], "wood")
    pen.box(22, 68, 78, 78, "soil", r=2)


def tree(pen: Pen) -> None:
    pen.poly([(43, 60), (57, 60), (62, 97), (38, 97)], "wood")
    pen.line([(50, 76), (68, 58)], 5, "wood")
    for x, y, r in ((50, 24, 23), (27, 42, 23), (73, 42, 23), (50, 48, 25)):
        pen.disc(x, y, r)
    for corners, angles in (((30, 30, 56, 60), (20, 140)), ((56, 24, 86, 58), (30, 140))):
        pen.arc(corners, angles, 2.5, "dark")


KINDS: dict[str, Stroke] = {
    "apple": apple,
    "banana": banana,
    "cat": cat,
    "fish": fish,
    "bird": bird,
    "elephant": elephant,
    "tortoise": tortoise,
    "cactus": cactus,
    "tree": tree,
}
