"""Things found in a house."""

from collections.abc import Callable

from workers.studio.pen import Pen

Stroke = Callable[[Pen], None]


def mug(pen: Pen) -> None:
    pen.ring(76, 56, 17, 8, "dark")
    pen.box(22, 24, 74, 96, r=9)
    pen.oval(22, 17, 74, 32, "dark")
    pen.oval(26, 19.5, 70, 30, "soil")


def teapot(pen: Pen) -> None:
    pen.ring(15, 60, 13, 6, "dark")
    pen.blob([(70, 72), (84, 56), (90, 36), (99, 36), (94, 60), (78, 84)], "dark")
    pen.oval(14, 34, 82, 96)
    pen.oval(32, 30, 64, 44, "dark")
    pen.disc(48, 27, 6, "ink")


def bowl(pen: Pen) -> None:
    pen.box(36, 86, 64, 96, "dark", r=3)
    pen.blob([(6, 46), (94, 46), (86, 74), (66, 90), (34, 90), (14, 74)])
    pen.oval(5, 38, 95, 55, "dark")
    pen.oval(11, 41, 89, 53, "cream")


def plate(pen: Pen) -> None:
    pen.disc(50, 52, 45)
    pen.disc(50, 52, 30, "pale")
    pen.ring(50, 52, 30, 2, "dark")


def bottle(pen: Pen) -> None:
    pen.box(41, 2, 59, 13, "ink", r=3)
    pen.poly([(43, 12), (57, 12), (59, 32), (41, 32)], "dark")
    pen.blob([(42, 28), (58, 28), (71, 44), (71, 60), (71, 92), (29, 92), (29, 60), (29, 44)])
    pen.box(29, 46, 71, 96, r=6)


def vase(pen: Pen) -> None:
    for x, y, paint in ((32, 14, "flame"), (52, 8, "cream"), (70, 16, "flame")):
        pen.line([(50, 50), (x, y)], 2.5, "leaf")
        pen.disc(x, y, 8, paint)
        pen.disc(x, y, 3, "soil")
    pen.blob(
        [
            (40, 42),
            (60, 42),
            (58, 52),
            (74, 68),
            (68, 88),
            (60, 97),
            (40, 97),
            (32, 88),
            (26, 68),
            (42, 52),
        ]
    )
    pen.oval(38, 37, 62, 45, "dark")


def plant_pot(pen: Pen) -> None:
    for x, y in ((18, 26), (34, 8), (52, 4), (68, 10), (82, 28)):
        pen.blob(
            [(50, 60), ((50 + x) / 2 - 9, (60 + y) / 2), (x, y), ((50 + x) / 2 + 9, (60 + y) / 2)],
            "leaf",
        )
    pen.poly([(26, 62), (74, 62), (66, 97), (34, 97)])
    pen.box(21, 54, 79, 66, "dark", r=2)


def chair(pen: Pen) -> None:
    for x in (25, 69):
        pen.box(x, 58, x + 6, 97, "wood", r=1)
    pen.box(24, 4, 76, 50, r=7)
    pen.box(29, 48, 35, 60, "wood")
    pen.box(65, 48, 71, 60, "wood")
    pen.box(18, 56, 82, 68, "dark", r=5)


def stool(pen: Pen) -> None:
    pen.line([(32, 34), (18, 95)], 6, "wood")
    pen.line([(68, 34), (82, 95)], 6, "wood")
    pen.line([(25, 68), (75, 68)], 4, "wood")
    pen.box(12, 18, 88, 40, r=10)


def sofa(pen: Pen) -> None:
    pen.box(14, 88, 20, 97, "wood")
    pen.box(80, 88, 86, 97, "wood")
    pen.box(12, 28, 88, 76, r=10)
    pen.box(2, 48, 20, 90, "dark", r=8)
    pen.box(80, 48, 98, 90, "dark", r=8)
    pen.box(18, 66, 82, 90, "dark", r=5)
    pen.line([(50, 68), (50, 88)], 1.5, "deep")


def table(pen: Pen) -> None:
    pen.box(12, 50, 19, 97, "wood")
    pen.box(81, 50, 88, 97, "wood")
    pen.poly(
        [
            (4, 34),
            (96, 34),
            (92, 62),
            (84, 56),
            (74, 64),
            (62, 57),
            (50, 65),
            (38, 57),
            (26, 64),
            (16, 56),
            (8, 62),
        ]
    )
    pen.box(3, 29, 97, 36, "dark", r=2)


def bed(pen: Pen) -> None:
    pen.box(3, 26, 11, 97, "wood", r=3)
    pen.box(90, 50, 97, 97, "wood", r=3)
    pen.box(9, 74, 92, 88, "cream", r=2)
    pen.box(13, 48, 40, 66, "cream", r=8)
    pen.box(34, 54, 92, 84, r=7)


def lamp(pen: Pen) -> None:
    pen.box(47, 48, 53, 92, "gold")
    pen.oval(28, 86, 72, 97, "gold")
    pen.poly([(32, 6), (68, 6), (90, 54), (10, 54)])
    pen.oval(10, 50, 90, 58, "flame")


def clock(pen: Pen) -> None:
    pen.line([(28, 84), (20, 96)], 6, "ink")
    pen.line([(72, 84), (80, 96)], 6, "ink")
    pen.disc(26, 14, 11, "ink")
    pen.disc(74, 14, 11, "ink")
    pen.disc(50, 52, 42)
    pen.disc(50, 52, 29, "cream")
    pen.line([(50, 52), (50, 31)], 4, "ink")
    pen.line([(50, 52), (65, 59)], 4, "ink")


def candle(pen: Pen) -> None:
    pen.blob([(50, 2), (57, 16), (50, 26), (43, 16)], "flame")
    pen.line([(50, 22), (50, 32)], 2, "ink")
    pen.box(36, 30, 64, 90, r=3)
    pen.oval(36, 27, 64, 35, "pale")
    pen.oval(20, 86, 80, 97, "gold")


def book(pen: Pen) -> None:
    pen.box(16, 8, 84, 96, "dark", r=4)
    pen.box(22, 86, 84, 94, "cream")
    pen.box(22, 6, 86, 86, r=3)
    pen.box(16, 6, 25, 92, "deep", r=3)
    pen.box(40, 22, 74, 44, "cream", r=2)
    pen.line([(46, 30), (68, 30)], 2.5, "ink")
    pen.line([(46, 37), (61, 37)], 2.5, "ink")


def cushion(pen: Pen) -> None:
    pen.blob([(8, 20), (50, 27), (92, 20), (87, 56), (92, 92), (50, 86), (8, 92), (13, 56)])
    for x, y in ((8, 20), (92, 20), (92, 92), (8, 92)):
        pen.disc(x, y, 4.5, "gold")


def basket(pen: Pen) -> None:
    pen.arc((18, 4, 82, 96), (180, 360), 6, "wood")
    pen.poly([(8, 48), (92, 48), (80, 97), (20, 97)])
    pen.box(4, 44, 96, 56, "dark", r=5)


def pan(pen: Pen) -> None:
    pen.line([(60, 62), (96, 36)], 8, "ink")
    pen.oval(4, 40, 76, 92, "dark")
    pen.oval(4, 34, 76, 84)
    pen.oval(13, 41, 67, 77, "ink")


def kettle(pen: Pen) -> None:
    pen.arc((24, 4, 76, 70), (180, 360), 6, "ink")
    pen.poly([(74, 60), (96, 34), (99, 42), (84, 82)], "dark")
    pen.blob([(30, 40), (70, 40), (84, 72), (84, 95), (50, 97), (16, 95), (16, 72)])
    pen.oval(32, 34, 68, 46, "steel")


def cupboard(pen: Pen) -> None:
    pen.box(18, 90, 26, 98, "wood")
    pen.box(74, 90, 82, 98, "wood")
    pen.box(12, 6, 88, 93, "dark", r=2)
    pen.box(16, 11, 48.5, 88)
    pen.box(51.5, 11, 84, 88)
    pen.disc(45, 50, 3, "gold")
    pen.disc(55, 50, 3, "gold")


def radio(pen: Pen) -> None:
    pen.line([(76, 34), (92, 4)], 3, "steel")
    pen.box(6, 32, 94, 95, r=9)
    pen.disc(34, 64, 21, "ink")
    pen.ring(34, 64, 14, 2.5, "steel")
    pen.box(61, 43, 87, 57, "cream", r=2)
    pen.disc(68, 77, 7, "silver")
    pen.disc(83, 77, 5, "silver")


def telephone(pen: Pen) -> None:
    pen.blob([(28, 36), (72, 36), (92, 84), (92, 95), (8, 95), (8, 84)])
    pen.disc(50, 66, 19, "cream")
    pen.ring(50, 66, 12, 4, "ink")
    pen.arc((8, 12, 92, 60), (185, 355), 11, "dark")
    pen.box(4, 28, 26, 46, "dark", r=6)
    pen.box(74, 28, 96, 46, "dark", r=6)


def laptop(pen: Pen) -> None:
    pen.box(14, 14, 86, 74, r=5)
    pen.disc(50, 44, 8, "silver")
    pen.poly([(10, 74), (90, 74), (99, 88), (1, 88)], "silver")
    pen.box(1, 87, 99, 93, "steel", r=3)


def cake(pen: Pen) -> None:
    pen.oval(2, 84, 98, 98, "silver")
    pen.box(10, 56, 90, 92, r=5)
    pen.box(10, 56, 90, 70, "cream", r=5)
    pen.box(22, 32, 78, 58, r=4)
    pen.box(22, 30, 78, 40, "cream", r=5)
    for x in (14, 28, 42, 56, 70, 84):
        pen.disc(x, 69, 6, "cream")
    for x in (36, 50, 64):
        pen.box(x - 2.5, 15, x + 2.5, 31, "dark")
        pen.blob([(x, 3), (x + 4, 10), (x, 15), (x - 4, 10)], "flame")


def hammer(pen: Pen) -> None:
    pen.box(43, 24, 57, 98, r=6)
    pen.poly([(62, 8), (82, 10), (98, 26), (80, 24), (62, 28)], "steel")
    pen.box(34, 7, 66, 30, "steel", r=2)
    pen.box(16, 11, 36, 26, "steel")
    pen.box(8, 7, 20, 30, "ink", r=3)


def saw(pen: Pen) -> None:
    teeth = [(x + dx, 68 + dy) for x in range(0, 62, 8) for dx, dy in ((0, 0), (4, 8))]
    pen.poly([(2, 56), (64, 26), (64, 72), *teeth[::-1]], "silver")
    pen.blob(
        [(58, 22), (80, 18), (98, 32), (95, 46), (92, 62), (98, 80), (80, 86), (58, 80), (62, 50)]
    )
    pen.box(72, 38, 84, 66, "ink", r=6)
    pen.disc(66, 34, 2.5, "gold")
    pen.disc(66, 68, 2.5, "gold")


KINDS: dict[str, Stroke] = {
    "mug": mug,
    "teapot": teapot,
    "bowl": bowl,
    "plate": plate,
    "bottle": bottle,
    "vase": vase,
    "plant pot": plant_pot,
    "chair": chair,
    "stool": stool,
    "sofa": sofa,
    "table": table,
    "bed": bed,
    "lamp": lamp,
    "clock": clock,
    "candle": candle,
    "book": book,
    "cushion": cushion,
    "basket": basket,
    "pan": pan,
    "kettle": kettle,
    "cupboard": cupboard,
    "radio": radio,
    "telephone": telephone,
    "laptop": laptop,
    "cake": cake,
    "hammer": hammer,
    "saw": saw,
}
