"""Queries in words for what a library of the studio has, and for what it lacks."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import NamedTuple

from workers.studio.backdrops import BACKDROPS
from workers.studio.captions import _forms, title, wish_words
from workers.studio.languages import SPOKEN
from workers.studio.languages.grammar import Form
from workers.studio.pen import COLOURS
from workers.studio.scenes import LANGUAGES, Scene, Thing, Wish

# Number of queries of each shape for what the library has, and of each kind of lack.
HAS, LACKS = 60, 25
SHAPES = ("alone", "with a colour", "with a setting")
NEVER_DRAWN = (
    *("giraffe", "helicopter", "piano", "violin", "crocodile", "pizza", "dinosaur", "dragon"),
    *("lighthouse", "fork", "scissors", "penguin", "whale", "kangaroo", "horse", "cow", "sheep"),
    *("dog", "lion", "tiger", "monkey", "snake", "spider", "butterfly", "submarine", "train"),
    *("motorcycle", "ambulance", "castle", "church", "bridge", "windmill", "pyramid", "fountain"),
    *("keyboard", "printer", "microphone", "trumpet", "saxophone", "harp", "hamburger", "bread"),
    *("cheese", "carrot", "tomato", "potato", "grape", "cherry", "strawberry", "pineapple"),
    *("necklace", "crown", "tennis racket", "chessboard", "key", "anchor", "policeman", "baby"),
    *("skeleton", "rainbow", "volcano", "waterfall", "moon", "snail", "octopus", "mushroom"),
    *("hourglass", "pumpkin", "owl", "frog", "shark", "wheelbarrow", "telescope", "ladder"),
    *("toaster", "violet flower", "sunflower"),
)


class StudioQuery(NamedTuple):
    """A query in words, its group, and which scenes fit it."""

    words: str
    group: str
    fits: Callable[[Scene], bool]


def wanted(scenes: Sequence[Scene], rng: Random) -> Iterator[StudioQuery]:
    """Queries for what some of the scenes show; every third in another language than English."""
    for group in ("kind", "colour and kind", "kind and setting", "kind and kind", "title"):
        pool = [s for s in scenes if group != "kind and kind" or len(s.groups) == 2]
        for number in range(HAS):
            scene, language = rng.choice(pool), language_of(number, rng)
            thing = rng.choice(scene.things)
            if group == "title":
                yield StudioQuery(title(scene, language), group, partial(same, title(scene)))
            elif group == "kind and kind":
                yield StudioQuery(of_two(scene, language), group, partial(same_two, scene))
            else:
                colour = thing.colour if group == "colour and kind" else ""
                backdrop = scene.backdrop if group == "kind and setting" else ""
                wish = Wish(thing.kind, colour, backdrop=backdrop)
                yield StudioQuery(wish_words(wish, rng, language), group, wish.fits)


def language_of(number: int, rng: Random) -> str:
    return "en" if number % 3 else rng.choice(LANGUAGES[1:])


def same(text: str, scene: Scene) -> bool:
    return title(scene) == text


def of_two(scene: Scene, language: str) -> str:
    """Both kinds and how they stand to each other: "mug left of two hats"."""
    spoken = SPOKEN[language]
    wording = spoken.relations[scene.relation][0]
    names = [
        spoken.phrase(Thing(group.thing.kind, "", ""), group.count, form, None)
        for group, form in zip(scene.groups, _forms(wording, Form.BARE), strict=True)
    ]
    return wording.format(a=names[0], b=names[1], to_a=names[0], to_b=names[1])


def same_two(one: Scene, other: Scene) -> bool:
    kinds = [[thing.kind for thing in scene.things] for scene in (one, other)]
    return kinds[0] == kinds[1] and one.relation == other.relation


def lacking(kinds: Sequence[str], count: int, rng: Random) -> Iterator[StudioQuery]:
    """Queries for kinds that the library lacks: alone, with a colour, with a setting."""
    for number in range(count):
        kind, shape = rng.choice(kinds), number % 3
        colour = rng.choice(list(COLOURS)) if shape == 1 else ""
        backdrop = rng.choice(list(BACKDROPS)) if shape == 2 else ""
        wish = Wish(kind, colour, backdrop=backdrop)
        words = wish_words(wish, rng, language_of(number // 3, rng))
        yield StudioQuery(words, f"left out: {SHAPES[shape]}", nothing)


def never_drawn(rng: Random) -> Iterator[StudioQuery]:
    """Queries for things that the studio never drew, in the same shapes."""
    words = rng.sample(NEVER_DRAWN, len(NEVER_DRAWN))
    for number, word in enumerate(words[: 3 * LACKS]):
        text = (
            word,
            f"{rng.choice(list(COLOURS))} {word}",
            f"{word} {rng.choice(list(BACKDROPS))}",
        )[number % 3]
        yield StudioQuery(text, f"never drawn: {SHAPES[number % 3]}", nothing)


def nothing(scene: Scene) -> bool:
    return False
