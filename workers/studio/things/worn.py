"""Things worn or carried."""

from workers.studio.pen import Pen
from workers.studio.things.home import Stroke


def shoe(pen: Pen) -> None:
    pen.blob(
        [(6, 34), (30, 36), (40, 40), (56, 58), (86, 66), (96, 80), (94, 88), (8, 88), (5, 60)]
    )
    pen.box(3, 84, 98, 95, "cream", r=5)
    for x, y in ((40, 46), (48, 54), (57, 61)):
        pen.line([(x - 5, y + 5), (x + 3, y - 2)], 3, "cream")
    pen.oval(6, 30, 34, 40, "ink")


def boot(pen: Pen) -> None:
    pen.box(22, 6, 58, 88, r=5)
    pen.blob([(26, 60), (56, 56), (84, 66), (92, 80), (90, 90), (24, 90)])
    pen.box(20, 86, 94, 96, "ink", r=4)
    pen.box(19, 4, 61, 16, "dark", r=4)


def handbag(pen: Pen) -> None:
    pen.arc((28, 4, 72, 76), (180, 360), 6, "dark")
    pen.blob([(14, 40), (86, 40), (96, 92), (50, 97), (4, 92)])
    pen.box(12, 38, 88, 50, "dark", r=5)
    pen.box(43, 45, 57, 59, "gold", r=3)


def backpack(pen: Pen) -> None:
    pen.arc((36, 0, 64, 28), (180, 360), 5, "ink")
    pen.box(6, 52, 22, 88, "dark", r=7)
    pen.box(78, 52, 94, 88, "dark", r=7)
    pen.box(16, 10, 84, 97, r=24)
    pen.box(27, 56, 73, 90, "dark", r=7)
    pen.line([(31, 66), (69, 66)], 2.5, "gold")
    pen.line([(28, 36), (72, 36)], 2.5, "ink")


def suitcase(pen: Pen) -> None:
    pen.arc((36, 8, 64, 44), (180, 360), 6, "ink")
    pen.box(4, 28, 96, 95, r=9)
    for x in (20, 72):
        pen.box(x, 28, x + 8, 95, "dark")
    for x in (8, 92):
        for y in (32, 91):
            pen.disc(x, y, 4.5, "gold")


def hat(pen: Pen) -> None:
    pen.oval(2, 66, 98, 92, "dark")
    pen.blob([(24, 76), (26, 36), (38, 20), (50, 25), (62, 20), (74, 36), (76, 76), (50, 82)])
    pen.poly([(24, 64), (76, 64), (76, 77), (62, 80), (38, 80), (24, 77)], "ink")


def cap(pen: Pen) -> None:
    pen.blob([(8, 74), (10, 46), (30, 24), (54, 24), (72, 46), (74, 74)])
    pen.blob([(46, 68), (76, 66), (98, 78), (94, 86), (60, 80), (40, 80)], "dark")
    pen.disc(43, 24, 5, "deep")


def shirt(pen: Pen) -> None:
    pen.poly(
        [
            (32, 8),
            (68, 8),
            (98, 32),
            (84, 52),
            (74, 44),
            (74, 96),
            (26, 96),
            (26, 44),
            (16, 52),
            (2, 32),
        ]
    )
    pen.arc((36, -4, 64, 22), (10, 170), 5, "dark")


def dress(pen: Pen) -> None:
    pen.poly(
        [
            (34, 4),
            (42, 4),
            (44, 16),
            (56, 16),
            (58, 4),
            (66, 4),
            (68, 30),
            (62, 46),
            (94, 96),
            (6, 96),
            (38, 46),
            (32, 30),
        ]
    )
    pen.box(37, 42, 63, 50, "dark", r=2)


def trousers(pen: Pen) -> None:
    pen.poly([(26, 6), (74, 6), (82, 96), (57, 96), (50, 40), (43, 96), (18, 96)])
    pen.box(25, 4, 75, 14, "dark", r=2)
    pen.box(47, 5, 53, 13, "gold", r=1)


def sock(pen: Pen) -> None:
    pen.blob([(32, 8), (64, 8), (64, 50), (88, 72), (88, 90), (68, 94), (34, 68), (30, 50)])
    pen.box(29, 4, 67, 18, "dark", r=4)
    pen.blob([(80, 66), (91, 74), (90, 90), (74, 94), (72, 82)], "dark")


def scarf(pen: Pen) -> None:
    pen.poly([(52, 40), (72, 36), (86, 86), (64, 92)], "dark")
    pen.poly([(30, 42), (54, 42), (46, 92), (20, 88)])
    pen.arc((14, 2, 86, 58), (0, 360), 19, "body")
    pen.box(38, 38, 60, 60, "dark", r=8)
    for x in (21, 28, 35, 42):
        pen.line([(x + 1, 90), (x, 97)], 2.5, "dark")
    for x in (67, 74, 81):
        pen.line([(x, 90), (x + 2, 97)], 2.5, "dark")


def mitten(pen: Pen) -> None:
    pen.blob([(34, 84), (32, 40), (40, 12), (58, 6), (74, 18), (76, 46), (72, 84)])
    pen.blob([(38, 68), (22, 56), (12, 38), (20, 30), (32, 38), (42, 50)])
    pen.box(29, 78, 77, 96, "dark", r=5)


def watch(pen: Pen) -> None:
    pen.box(35, 2, 65, 98, r=6)
    pen.box(78, 46, 86, 54, "steel", r=2)
    pen.disc(50, 50, 30, "steel")
    pen.disc(50, 50, 24, "cream")
    pen.line([(50, 50), (50, 34)], 3.5, "ink")
    pen.line([(50, 50), (61, 54)], 3.5, "ink")


def glasses(pen: Pen) -> None:
    pen.line([(8, 40), (14, 26), (26, 22)], 5, "dark")
    pen.line([(92, 40), (86, 26), (74, 22)], 5, "dark")
    for x in (26, 74):
        pen.disc(x, 54, 25)
        pen.disc(x, 54, 16, "glass")
    pen.arc((42, 42, 58, 58), (190, 350), 6, "dark")


def umbrella(pen: Pen) -> None:
    pen.line([(50, 4), (50, 86)], 4, "ink")
    pen.arc((50, 76, 68, 96), (0, 180), 4, "ink")
    dome = [(4, 54), (10, 32), (28, 15), (50, 10), (72, 15), (90, 32), (96, 54)]
    pen.poly([*dome, (81, 47), (66, 54), (50, 47), (34, 54), (19, 47)])
    pen.line([(50, 10), (34, 53)], 1.5, "dark")
    pen.line([(50, 10), (66, 53)], 1.5, "dark")


def camera(pen: Pen) -> None:
    pen.box(34, 14, 66, 36, "ink", r=5)
    pen.box(10, 22, 24, 32, "steel", r=2)
    pen.box(3, 28, 97, 92, r=8)
    pen.disc(50, 60, 26, "ink")
    pen.disc(50, 60, 18, "steel")
    pen.disc(50, 60, 12, "ink")
    pen.disc(45, 55, 4, "glass")
    pen.box(78, 36, 90, 44, "flame", r=2)


KINDS: dict[str, Stroke] = {
    "shoe": shoe,
    "boot": boot,
    "handbag": handbag,
    "backpack": backpack,
    "suitcase": suitcase,
    "hat": hat,
    "cap": cap,
    "shirt": shirt,
    "dress": dress,
    "pair of trousers": trousers,
    "sock": sock,
    "scarf": scarf,
    "mitten": mitten,
    "watch": watch,
    "pair of glasses": glasses,
    "umbrella": umbrella,
    "camera": camera,
}
