"""Things to ride, to play with and to take outside."""

from workers.studio.pen import Pen
from workers.studio.things.home import Stroke


def bicycle(pen: Pen) -> None:
    for x in (21, 79):
        pen.ring(x, 74, 20, 4.5, "ink")
        pen.disc(x, 74, 4, "steel")
    pen.line([(21, 74), (40, 42), (68, 40), (50, 74), (21, 74)], 8, "body")
    pen.line([(50, 74), (36, 32)], 8, "body")
    pen.line([(79, 74), (66, 26)], 8, "body")
    pen.box(4, 42, 34, 68, r=5)
    pen.box(4, 42, 34, 50, "dark", r=4)
    pen.box(70, 26, 94, 46, r=3)
    pen.box(68, 24, 96, 31, "dark", r=3)
    pen.line([(28, 31), (45, 31)], 6, "ink")
    pen.line([(58, 23), (70, 23)], 5, "ink")


def car(pen: Pen) -> None:
    pen.blob([(20, 54), (30, 28), (62, 28), (80, 54)], "dark")
    pen.poly([(30, 52), (36, 35), (47, 35), (47, 52)], "glass")
    pen.poly([(52, 52), (52, 35), (61, 35), (70, 52)], "glass")
    pen.box(2, 48, 98, 82, r=12)
    pen.disc(94, 60, 4, "flame")
    for x in (25, 75):
        pen.disc(x, 82, 14, "ink")
        pen.disc(x, 82, 6, "silver")


def bus(pen: Pen) -> None:
    pen.box(3, 18, 97, 86, r=7)
    pen.box(3, 28, 97, 52, "dark")
    for x in (8, 31, 54, 77):
        pen.box(x, 31, x + 17, 49, "glass", r=2)
    for x in (25, 75):
        pen.disc(x, 86, 11, "ink")
        pen.disc(x, 86, 5, "silver")


def boat(pen: Pen) -> None:
    pen.line([(50, 4), (50, 76)], 3, "wood")
    pen.poly([(53, 6), (90, 66), (53, 66)])
    pen.poly([(47, 16), (47, 66), (18, 66)], "pale")
    pen.poly([(4, 74), (96, 74), (82, 96), (18, 96)], "dark")


def balloon(pen: Pen) -> None:
    pen.line([(50, 72), (46, 84), (54, 98)], 1.8, "ink")
    pen.poly([(44, 76), (56, 76), (50, 68)], "dark")
    pen.blob([(50, 2), (78, 14), (84, 38), (66, 66), (50, 74), (34, 66), (16, 38), (22, 14)])
    pen.oval(30, 14, 40, 30, "pale")


def kite(pen: Pen) -> None:
    pen.line([(44, 70), (56, 80), (42, 88), (54, 98)], 2, "ink")
    pen.poly([(50, 2), (86, 32), (46, 74), (12, 32)])
    pen.line([(50, 2), (46, 74)], 2, "dark")
    pen.line([(12, 32), (86, 32)], 2, "dark")
    for x, y in ((56, 80), (42, 88)):
        pen.poly([(x - 8, y - 4), (x + 8, y + 4), (x + 8, y - 4), (x - 8, y + 4)], "dark")


def ball(pen: Pen) -> None:
    pen.disc(50, 54, 43)
    pen.arc((22, 11, 78, 97), (90, 270), 2.5, "dark")
    pen.arc((22, 11, 78, 97), (270, 450), 2.5, "dark")
    pen.line([(7, 54), (93, 54)], 2.5, "dark")


def drum(pen: Pen) -> None:
    pen.line([(14, 4), (50, 30)], 4, "wood")
    pen.line([(86, 4), (52, 30)], 4, "wood")
    pen.box(8, 38, 92, 88)
    pen.oval(8, 76, 92, 97, "gold")
    pen.poly([(8, 38), (92, 38), (92, 84), (50, 92), (8, 84)])
    pen.oval(8, 24, 92, 50, "gold")
    pen.oval(13, 26, 87, 46, "cream")


def guitar(pen: Pen) -> None:
    pen.box(45, 6, 55, 60, "wood")
    pen.box(41, 2, 59, 15, "ink", r=3)
    pen.blob(
        [
            (50, 46),
            (68, 50),
            (64, 66),
            (78, 82),
            (66, 96),
            (50, 98),
            (34, 96),
            (22, 82),
            (36, 66),
            (32, 50),
        ]
    )
    pen.disc(50, 68, 9, "ink")
    pen.box(40, 84, 60, 89, "ink", r=1)


def tent(pen: Pen) -> None:
    pen.poly([(50, 12), (99, 94), (1, 94)])
    pen.poly([(50, 34), (70, 94), (30, 94)], "deep")
    pen.poly([(50, 34), (56, 94), (30, 94)], "dark")
    pen.line([(46, 6), (54, 20)], 3, "wood")
    pen.line([(54, 6), (46, 20)], 3, "wood")


def rocket(pen: Pen) -> None:
    pen.blob([(42, 80), (58, 80), (56, 92), (50, 99), (44, 92)], "flame")
    pen.poly([(34, 50), (16, 84), (36, 80)], "dark")
    pen.poly([(66, 50), (84, 84), (64, 80)], "dark")
    pen.blob([(50, 1), (68, 28), (68, 64), (62, 84), (38, 84), (32, 64), (32, 28)])
    pen.disc(50, 38, 11, "silver")
    pen.disc(50, 38, 7.5, "glass")


def bird_house(pen: Pen) -> None:
    pen.box(46, 78, 54, 98, "wood")
    pen.box(22, 34, 78, 84, r=2)
    pen.poly([(50, 4), (92, 42), (8, 42)], "dark")
    pen.disc(50, 54, 10, "ink")
    pen.line([(50, 70), (50, 74)], 4, "wood")


def watering_can(pen: Pen) -> None:
    pen.ring(20, 58, 15, 5, "dark")
    pen.poly([(66, 84), (88, 34), (95, 38), (72, 94)], "dark")
    pen.poly([(82, 26), (99, 36), (94, 44), (78, 34)], "deep")
    pen.box(22, 42, 72, 96, r=4)
    pen.arc((26, 14, 68, 70), (180, 360), 5, "dark")


def bucket(pen: Pen) -> None:
    pen.arc((14, 2, 86, 74), (180, 360), 4, "steel")
    pen.poly([(10, 38), (90, 38), (78, 92), (22, 92)])
    pen.oval(22, 86, 78, 97)
    pen.oval(9, 30, 91, 47, "dark")
    pen.oval(15, 33, 85, 45, "ink")


def skateboard(pen: Pen) -> None:
    for x in (26, 74):
        pen.disc(x, 80, 10, "ink")
        pen.disc(x, 80, 4, "silver")
    pen.blob(
        [
            (2, 46),
            (16, 52),
            (50, 54),
            (84, 52),
            (98, 46),
            (96, 60),
            (82, 70),
            (50, 71),
            (18, 70),
            (4, 60),
        ]
    )


def tractor(pen: Pen) -> None:
    pen.box(20, 24, 25, 50, "ink", r=2)
    pen.box(44, 8, 92, 14, "dark", r=3)
    pen.poly([(50, 14), (86, 14), (92, 52), (46, 52)], "glass")
    pen.box(48, 12, 53, 54, "dark")
    pen.box(84, 12, 89, 54, "dark")
    pen.box(6, 44, 56, 76, r=7)
    pen.box(44, 50, 96, 80, r=6)
    pen.box(6, 54, 13, 68, "cream", r=2)
    for x, y, r in ((22, 82, 15), (74, 71, 26)):
        pen.disc(x, y, r, "ink")
        pen.disc(x, y, r * 0.5, "flame")
        pen.disc(x, y, r * 0.2, "ink")


def aeroplane(pen: Pen) -> None:
    pen.poly([(58, 42), (70, 12), (80, 12), (78, 44)], "dark")
    pen.poly([(80, 44), (90, 18), (99, 18), (96, 50)], "dark")
    pen.blob(
        [(2, 54), (14, 42), (40, 38), (74, 40), (98, 42), (96, 56), (70, 64), (30, 68), (8, 64)]
    )
    pen.blob([(6, 50), (16, 42), (24, 42), (22, 50)], "glass")
    for x in (32, 42, 52, 62, 72):
        pen.disc(x, 48, 3, "glass")
    pen.poly([(38, 56), (60, 56), (90, 90), (76, 90)], "dark")
    pen.line([(22, 66), (22, 84)], 3, "steel")
    pen.disc(22, 86, 6, "ink")
    pen.disc(62, 88, 6, "ink")


def teddy_bear(pen: Pen) -> None:
    for x in (26, 74):
        pen.disc(x, 16, 13)
        pen.disc(x, 16, 7, "dark")
        pen.oval(x - 18, 76, x + 18, 98)
        pen.oval(x - 9, 80, x + 9, 95, "pale")
    pen.blob([(24, 56), (8, 58), (4, 72), (14, 76), (30, 70)], "dark")
    pen.blob([(76, 56), (92, 58), (96, 72), (86, 76), (70, 70)], "dark")
    pen.oval(24, 50, 76, 94)
    pen.disc(50, 32, 28)
    pen.oval(36, 34, 64, 54, "pale")
    pen.oval(44, 36, 56, 44, "ink")
    pen.line([(50, 44), (50, 48)], 2, "ink")
    for x in (38, 62):
        pen.disc(x, 27, 3.6, "ink")


def robot(pen: Pen) -> None:
    pen.line([(50, 16), (50, 6)], 3, "steel")
    pen.disc(50, 5, 4.5, "flame")
    for x in (30, 58):
        pen.box(x, 80, x + 12, 94, "steel")
        pen.box(x - 4, 90, x + 16, 98, "ink", r=3)
    for x in (6, 82):
        pen.box(x, 46, x + 12, 76, "steel", r=5)
        pen.disc(x + 6, 78, 7.5, "dark")
    pen.box(26, 14, 74, 42, r=6)
    pen.box(44, 40, 56, 48, "steel")
    pen.box(20, 45, 80, 83, r=6)
    for x in (39, 61):
        pen.disc(x, 26, 6.5, "cream")
        pen.disc(x, 26, 3, "ink")
    pen.box(38, 35, 62, 38.5, "ink")
    pen.box(34, 66, 66, 76, "ink", r=2)
    for x in (41, 50, 59):
        pen.disc(x, 71, 2.6, "flame")


KINDS: dict[str, Stroke] = {
    "bicycle": bicycle,
    "car": car,
    "bus": bus,
    "boat": boat,
    "balloon": balloon,
    "kite": kite,
    "ball": ball,
    "drum": drum,
    "guitar": guitar,
    "tent": tent,
    "rocket": rocket,
    "bird house": bird_house,
    "watering can": watering_can,
    "bucket": bucket,
    "skateboard": skateboard,
    "tractor": tractor,
    "aeroplane": aeroplane,
    "teddy bear": teddy_bear,
    "robot": robot,
}
