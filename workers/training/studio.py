"""Draws pictures of things, and says in words what they show; the same from the same seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from workers.training.backdrops import BACKDROPS, Stage
from workers.training.pen import COLOURS, PATTERNS, Colour, Pen
from workers.training.things import KINDS

ALONE, LEFT, ABOVE = "alone", "left of", "above"

# Longer side to shorter: landscape, portrait, square, panorama and tall, as photographs come.
_SHAPES = {
    ALONE: ((4, 3), (3, 2), (3, 4), (2, 3), (1, 1), (4, 5), (16, 9), (5, 2), (1, 2)),
    LEFT: ((4, 3), (3, 2), (1, 1), (16, 9), (16, 9), (5, 2), (3, 1)),
    ABOVE: ((3, 4), (2, 3), (1, 1), (4, 5), (9, 16), (2, 5)),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing in a scene."""

    kind: str
    colour: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What a picture shows; `seed` only decides how it happens to be placed and lit."""

    things: tuple[Thing, ...]
    relation: str
    backdrop: str
    seed: int = field(compare=False)


def random_scene(rng: Random) -> Scene:
    """A scene with one thing or two of different kinds."""
    count = rng.choice((1, 1, 2))
    things = tuple(_random_thing(kind, rng) for kind in rng.sample(list(KINDS), count))
    relation = ALONE if count == 1 else rng.choice((LEFT, ABOVE))
    return Scene(things, relation, rng.choice(list(BACKDROPS)), rng.getrandbits(32))


def _random_thing(kind: str, rng: Random) -> Thing:
    # Two in five are plain, as most real things are.
    pattern = "plain" if rng.random() < 0.4 else rng.choice(PATTERNS[1:])
    return Thing(kind, rng.choice(list(COLOURS)), pattern)


def catalogue(count: int, seed: int, *, side: int = 1200) -> Iterator[tuple[Scene, Image.Image]]:
    """Pictures of `count` different scenes in mixed shapes, the longer side about `side`."""
    rng = Random(seed)
    for scene in different_scenes(count, rng):
        longer = round(side * rng.uniform(0.75, 1.15))
        yield scene, draw(scene, size_for(scene, longer))


def different_scenes(
    count: int, rng: Random, *, but: frozenset[Scene] = frozenset()
) -> list[Scene]:
    """`count` scenes of which no two show the same, and none shows what a scene in `but` does."""
    scenes: dict[Scene, None] = {}
    while len(scenes) < count:
        scene = random_scene(rng)
        if scene not in but:
            scenes.setdefault(scene)
    return list(scenes)


def size_for(scene: Scene, longer: int) -> tuple[int, int]:
    """Width and height in a shape that suits the scene."""
    across, down = Random(scene.seed).choice(_SHAPES[scene.relation])
    scale = longer / max(across, down)
    return round(across * scale), round(down * scale)


def draw(scene: Scene, size: tuple[int, int]) -> Image.Image:
    """The picture of a scene; drawn larger and shrunk, so that its edges are smooth."""
    return draw_outlined(scene, size)[0]


def draw_outlined(scene: Scene, size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """The picture, and in grey where its things are: 0 nowhere, 1 the first, 2 the second."""
    rng = Random(scene.seed)
    factor = 3 if max(size) < 400 else 2
    stage = Stage(
        Image.new("RGB", (size[0] * factor, size[1] * factor)), rng.uniform(0.62, 0.7), rng
    )
    BACKDROPS[scene.backdrop](stage)
    outlines = Image.new("L", stage.image.size)
    for i, (x, base, side) in enumerate(_places(scene, stage)):
        layer = _drawn(scene.things[i], side, rng)
        corner = _put(stage.image, layer, round(x), round(base))
        outlines.paste(
            i + 1, corner, layer.getchannel("A").point([a > 127 for a in range(256)], "1")
        )
    return stage.image.reduce(factor), outlines


def _places(scene: Scene, stage: Stage) -> list[tuple[float, float, int]]:
    """For each thing the middle of its base and its side, in pixels."""
    (width, height), rng = stage.image.size, stage.rng
    base = height * (stage.floor + rng.uniform(0.12, 0.24))
    if scene.relation == ALONE:
        side = min(width * rng.uniform(0.66, 0.86), base * rng.uniform(0.76, 0.94))
        room = max(0.0, (width - side) / 2 - 0.04 * width)
        return [(width / 2 + rng.uniform(-room, room) * 0.8, base, round(side))]
    if scene.relation == LEFT:
        sides = [min(width * 0.46, base * 0.92) * rng.uniform(0.84, 1) for _ in scene.things]
        return [
            (width * (0.26 + 0.48 * i) + rng.uniform(-0.015, 0.015) * width, base, round(side))
            for i, side in enumerate(sides)
        ]
    sides = [min(width * 0.86, height * 0.42) * rng.uniform(0.86, 1) for _ in scene.things]
    shelf = height * rng.uniform(0.445, 0.465)
    _shelf(stage, shelf)
    middle = width / 2 + rng.uniform(-0.2, 0.2) * max(0.0, width - max(sides))
    return [(middle, y, round(side)) for y, side in zip((shelf, height * 0.95), sides, strict=True)]


def _shelf(stage: Stage, y: float) -> None:
    width, height = stage.image.size
    pencil, thick = ImageDraw.Draw(stage.image), height * 0.022
    pencil.rectangle((width * 0.06, y, width * 0.94, y + thick), fill=(206, 160, 112))
    pencil.rectangle((width * 0.06, y + thick, width * 0.94, y + thick * 1.4), fill=(140, 100, 66))


def _drawn(thing: Thing, side: int, rng: Random) -> Image.Image:
    pen = Pen(side, thing.colour, _tinted(COLOURS[thing.colour], rng), thing.pattern)
    KINDS[thing.kind](pen)
    layer = pen.layer
    if rng.random() < 0.5:
        layer = layer.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return layer.rotate(rng.uniform(-2.5, 2.5), Image.Resampling.BICUBIC, center=(side / 2, side))


def _tinted(colour: Colour, rng: Random) -> Colour:
    """The colour a little off, as in no two factories paint alike."""
    red, green, blue = (min(255, max(0, c + rng.randint(-9, 9))) for c in colour)
    return red, green, blue


def _put(canvas: Image.Image, layer: Image.Image, x: int, base: int) -> tuple[int, int]:
    """Lay the thing on the canvas, its base at `base`, with a shadow under and behind it.

    Returns where the layer's top left corner came to lie.
    """
    side = layer.width
    box = layer.getbbox() or (0, 0, side, side)
    left, top = x - side // 2, base - box[3]
    blur = ImageFilter.BoxBlur(max(1, side // 40))
    ground = Image.new("L", (side, side // 5))
    ellipse = (box[0] + side * 0.02, side * 0.05, box[2] - side * 0.02, side * 0.15)
    ImageDraw.Draw(ground).ellipse(ellipse, fill=96)
    canvas.paste((24, 22, 36), (left, base - side // 9), ground.filter(blur))
    behind = layer.getchannel("A").point([round(a * 0.3) for a in range(256)]).filter(blur)
    canvas.paste((24, 22, 36), (left + side // 60, top + side // 60), behind)
    canvas.paste(layer, (left, top), layer)
    return left, top


def title(scene: Scene) -> str:
    """All that the scene shows, as one phrase: "Red striped mug on a wooden table"."""
    first = _named(scene.things[0])
    if scene.relation != ALONE:
        first = f"{first} {scene.relation} {_with_article(_named(scene.things[1]))}"
    return f"{first[0].upper()}{first[1:]} {scene.backdrop}"


def labels(scene: Scene) -> list[str]:
    """The kinds and colours of its things and their patterns, each once."""
    words = [word for thing in scene.things for word in (thing.kind, thing.colour, thing.pattern)]
    return [word for word in dict.fromkeys(words) if word != "plain"]


def caption(scene: Scene, rng: Random, *, full: bool = False) -> str:
    """The scene in words, worded in one of several ways; unless `full`, parts may be left out."""
    if not full and rng.random() < 0.4:
        return _searched_for(scene, rng)
    names = [_with_article(_named(thing, rng, said=1 if full else 0.8)) for thing in scene.things]
    subject = names[0] if scene.relation == ALONE else _related(scene.relation, names, rng)
    if not full and rng.random() < 0.3:
        return rng.choice(("{}", "{}", "a picture of {}")).format(subject)
    wordings = ("{} {}", "{} {}", "a picture of {} {}", "{1}, {0}", "this is {} {}")
    return rng.choice(wordings).format(subject, scene.backdrop)


def _searched_for(scene: Scene, rng: Random) -> str:
    """The few words that a person would type: one of its things, or its setting."""
    if rng.random() < 0.1:
        return scene.backdrop
    # Often the bare kind: where colour and setting tell pictures apart, shapes are never learned.
    name = _named(rng.choice(scene.things), rng, said=0.4)
    return name if rng.random() < 0.6 else _with_article(name)


@dataclass(frozen=True, slots=True, order=True)
class Wish:
    """What people type: a kind of thing, a colour, a setting or some of these.

    It may fit many scenes.
    """

    kind: str = ""
    colour: str = ""
    backdrop: str = ""

    def fits(self, scene: Scene) -> bool:
        """Whether the scene shows such a thing in such a setting."""
        return self.backdrop in ("", scene.backdrop) and any(
            self.kind in ("", thing.kind) and self.colour in ("", thing.colour)
            for thing in scene.things
        )

    def words(self, rng: Random | None = None) -> str:
        """The wish, worded in one of several ways; without `rng` always in the plainest."""
        return f"{self._thing(rng)} {self.backdrop}".strip()

    def _thing(self, rng: Random | None) -> str:
        if self.kind:
            name = _named(Thing(self.kind, self.colour, "plain"), rng)
            return _with_article(name) if rng and rng.random() < 0.4 else name
        if not self.colour:
            return ""
        wordings = ("{} things", "something {}", "{}")
        return (rng.choice(wordings) if rng else wordings[0]).format(self.colour)


def wishes(scenes: Sequence[Scene], rng: Random, *, mixed: int = 40) -> list[Wish]:
    """Every kind, every setting, and `mixed` wishes that combine what one of these scenes shows."""
    sample = rng.sample(scenes, min(mixed, len(scenes)))
    return [
        *map(Wish, KINDS),
        *(Wish(backdrop=backdrop) for backdrop in BACKDROPS),
        *(_mixed(scene, rng) for scene in sample),
    ]


def _mixed(scene: Scene, rng: Random) -> Wish:
    thing = rng.choice(scene.things)
    combined = (
        Wish(thing.kind, thing.colour),
        Wish(thing.kind, thing.colour),
        Wish(thing.kind, backdrop=scene.backdrop),
        Wish(colour=thing.colour, backdrop=scene.backdrop),
    )
    return rng.choice(combined)


def _related(relation: str, names: list[str], rng: Random) -> str:
    first, second = names
    wordings = {
        LEFT: (
            f"{first} left of {second}",
            f"{second} right of {first}",
            f"{first} to the left of {second}",
            f"{first} next to {second}",
        ),
        ABOVE: (
            f"{first} above {second}",
            f"{second} below {first}",
            f"{second} under {first}",
            f"{first} over {second}",
        ),
    }
    return rng.choice(wordings[relation])


def _named(thing: Thing, rng: Random | None = None, *, said: float = 1) -> str:
    """Kind, with colour and pattern each as likely as `said`; plain goes without saying."""
    words = [thing.colour, "" if thing.pattern == "plain" else thing.pattern]
    if rng:
        words = [word if rng.random() < said else "" for word in words]
    kind = rng.choice((thing.kind, *OTHER_NAMES.get(thing.kind, ()))) if rng else thing.kind
    if kind.startswith("pair of "):
        return "pair of " + " ".join([*filter(None, words), kind.removeprefix("pair of ")])
    return " ".join([*filter(None, words), kind])


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


# Words that people type for the same thing.
OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "mug": ("mug", "cup", "coffee cup"),
    "sofa": ("sofa", "couch"),
    "shoe": ("shoe", "trainer", "sneaker"),
    "handbag": ("handbag", "bag"),
    "backpack": ("backpack", "rucksack"),
    "shirt": ("shirt", "t-shirt"),
    "pair of trousers": ("pair of trousers", "pair of pants"),
    "pair of glasses": ("pair of glasses", "pair of spectacles"),
    "bicycle": ("bicycle", "bike"),
    "boat": ("boat", "sailing boat"),
    "cupboard": ("cupboard", "wardrobe"),
    "cushion": ("cushion", "pillow"),
    "plant pot": ("plant pot", "potted plant"),
    "telephone": ("telephone", "phone"),
    "cap": ("cap", "baseball cap"),
    "pan": ("pan", "frying pan"),
    "clock": ("clock", "alarm clock"),
}
