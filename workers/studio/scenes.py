"""Scenes that the studio draws, and the wishes that people search for; neither pixels nor words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from random import Random
from zlib import crc32

from workers.studio.backdrops import BACKDROPS
from workers.studio.pen import COLOURS, PATTERNS
from workers.studio.things import KINDS, SUPPORTS

ALONE, LEFT, ON, BEHIND = "alone", "left of", "on", "behind"
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ja", "zh")
MOST = 4  # Maximum number of things in a picture.

_RELATIONS = (ALONE, ALONE, ALONE, LEFT, LEFT, ON, BEHIND)
_COUNTS_ALONE = (1, 1, 1, 2, 3)
_COUNTS_LEFT = ((1, 1), (1, 1), (1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1))


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """One thing in a scene."""

    kind: str
    colour: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Group:
    """One thing, or two or three that look the same, side by side."""

    thing: Thing
    count: int = 1


@dataclass(frozen=True, slots=True)
class Scene:
    """What a picture shows; `seed` only decides how it happens to be placed and lit.

    One group alone, or two, of which the first stands left of, on or behind the second.
    """

    groups: tuple[Group, ...]
    relation: str
    backdrop: str
    seed: int = field(compare=False)

    @property
    def things(self) -> tuple[Thing, ...]:
        """Each thing once, however many there are of it."""
        return tuple(group.thing for group in self.groups)


@dataclass(frozen=True, slots=True, order=True)
class Wish:
    """A short query: a kind of thing, how many, a colour, a pattern, a setting; any may be empty.

    It may fit many scenes.
    """

    kind: str = ""
    colour: str = ""
    pattern: str = ""
    backdrop: str = ""
    count: int = 0  # 0 for any; only with a kind.

    def fits(self, scene: Scene) -> bool:
        """Whether the scene shows such things in such a setting."""
        return self.backdrop in ("", scene.backdrop) and any(
            self.kind in ("", group.thing.kind)
            and self.colour in ("", group.thing.colour)
            and self.pattern in ("", group.thing.pattern)
            and self.count in (0, group.count)
            for group in scene.groups
        )


# Facts -------------------------------------------------------------------------------------------

Fact = tuple[str, ...]  # As ("mug",), ("red", "mug"), ("two", "mug"), ("first", "mug").

_NUMBERS = {2: "two", 3: "three"}
ROLES = ("first", "second")  # Of a relation.
FACTS: tuple[Fact, ...] = (
    *((word,) for word in (*KINDS, *COLOURS, *PATTERNS, *BACKDROPS, *_NUMBERS.values())),
    *product((*COLOURS, *PATTERNS, *BACKDROPS, *_NUMBERS.values(), *ROLES), KINDS),
)


def facts_of(scene: Scene) -> set[Fact]:
    """The facts of `FACTS` that are true of a scene."""
    facts = set().union(*(_facts_of_group(group, scene.backdrop) for group in scene.groups))
    if scene.relation == ALONE:
        return facts
    return facts | {(role, thing.kind) for role, thing in zip(ROLES, scene.things, strict=True)}


def _facts_of_group(group: Group, backdrop: str) -> set[Fact]:
    thing = group.thing
    return _facts(thing.kind, thing.colour, thing.pattern, backdrop, _NUMBERS.get(group.count, ""))


def facts_of_wish(wish: Wish) -> set[Fact]:
    """The facts of `FACTS` that a wish names."""
    number = _NUMBERS.get(wish.count, "")
    return _facts(wish.kind, wish.colour, wish.pattern, wish.backdrop, number)


def _facts(kind: str, *words: str) -> set[Fact]:
    attributes = [word for word in words if word]
    facts: set[Fact] = {(word,) for word in (kind, *attributes) if word}
    return facts | {(word, kind) for word in attributes if kind}


# Held out ----------------------------------------------------------------------------------------


def is_held_out(thing: Thing) -> bool:
    """Whether no training picture shows this kind in this colour and pattern: one in ten."""
    return crc32("|".join((thing.kind, thing.colour, thing.pattern)).encode()) % 10 == 0


def is_taught(scene: Scene, language: str) -> bool:
    """Whether captions in this language may teach these things; else only the other ones do.

    Of the eight languages each thing, in its colour and pattern, is kept from two.
    """
    return all(language not in _languages_without(thing) for thing in scene.things)


def _languages_without(thing: Thing) -> tuple[str, str]:
    number = crc32("|".join((thing.pattern, thing.kind, thing.colour)).encode())
    first = number % len(LANGUAGES)
    second = (first + 1 + number // len(LANGUAGES) % (len(LANGUAGES) - 1)) % len(LANGUAGES)
    return LANGUAGES[first], LANGUAGES[second]


# Random scenes -----------------------------------------------------------------------------------


def random_scene(rng: Random, *, held_out: bool = False) -> Scene:
    """A scene all of whose things are held out from training, or none of them."""
    relation = rng.choice(_RELATIONS)
    kinds = [rng.choice(list(KINDS))]
    if relation != ALONE:
        others = SUPPORTS if relation == ON else KINDS
        kinds.append(rng.choice([kind for kind in others if kind != kinds[0]]))
    things = (_random_thing(kind, rng, held_out=held_out) for kind in kinds)
    groups = tuple(map(Group, things, _random_counts(relation, rng)))
    return Scene(groups, relation, rng.choice(list(BACKDROPS)), rng.getrandbits(32))


def _random_counts(relation: str, rng: Random) -> tuple[int, ...]:
    if relation == ALONE:
        return (rng.choice(_COUNTS_ALONE),)
    if relation == LEFT:
        return rng.choice(_COUNTS_LEFT)
    return (rng.choice((1, 1, 2)) if relation == ON else 1, 1)


def _random_thing(kind: str, rng: Random, *, held_out: bool) -> Thing:
    while True:
        # A quarter is plain, as many real things are.
        pattern = "plain" if rng.random() < 0.25 else rng.choice(PATTERNS[1:])
        thing = Thing(kind, rng.choice(list(COLOURS)), pattern)
        if is_held_out(thing) == held_out:
            return thing


def different_scenes(count: int, rng: Random, *, held_out: bool = False) -> list[Scene]:
    """`count` scenes of which no two show the same."""
    scenes: dict[Scene, None] = {}
    while len(scenes) < count:
        scenes.setdefault(random_scene(rng, held_out=held_out))
    return list(scenes)


def twin(scene: Scene, rng: Random) -> Scene:
    """A scene that differs in one respect: who stands where, how many, whose colour, one word.

    Such pairs in one batch are what teaches relations and counts: any other two scenes are told
    apart by kinds and colours alone.
    """
    changes: list[Callable[[Scene], Scene]] = [
        lambda s: _with_another_word(s, rng),
        lambda s: replace(s, backdrop=rng.choice([b for b in BACKDROPS if b != s.backdrop])),
    ]
    if len(scene.groups) == 2 and (scene.relation != ON or scene.groups[0].count == 1):
        changes += [mirrored, mirrored]
    if scene.relation == ALONE or any(group.count > 1 for group in scene.groups):
        changes += [recounted]
    other = recoloured(scene)
    if other != scene and not any(map(is_held_out, other.things)):
        changes += [recoloured]
    return replace(rng.choice(changes)(scene), seed=rng.getrandbits(32))


def is_of_one(scene: Scene) -> bool:
    """Whether a scene shows one thing alone."""
    return len(scene.groups) == 1 and scene.groups[0].count == 1


def mirrored(scene: Scene) -> Scene:
    """The first in the place of the second and the second in the place of the first."""
    return replace(scene, groups=scene.groups[::-1])


def recoloured(scene: Scene) -> Scene:
    """The first thing in the colour of the second and the second in the colour of the first."""
    colours = [thing.colour for thing in reversed(scene.things)]
    groups = zip(scene.groups, colours, strict=True)
    return replace(
        scene,
        groups=tuple(replace(g, thing=replace(g.thing, colour=colour)) for g, colour in groups),
    )


def recounted(scene: Scene) -> Scene:
    """Another number of the same thing: of the group that is the largest."""
    largest = max(scene.groups, key=lambda group: group.count)
    count = {1: 2, 2: 3 if scene.relation == ALONE else 1, 3: 2}[largest.count]
    return replace(
        scene,
        groups=tuple(replace(g, count=count) if g is largest else g for g in scene.groups),
    )


def _with_another_word(scene: Scene, rng: Random) -> Scene:
    at = rng.randrange(len(scene.groups))
    group = scene.groups[at]
    while (other := _reworded(group.thing, rng)) in scene.things or is_held_out(other):
        pass
    groups = list(scene.groups)
    groups[at] = replace(group, thing=other)
    return replace(scene, groups=tuple(groups))


def _reworded(thing: Thing, rng: Random) -> Thing:
    part, words = rng.choice(
        (("kind", list(KINDS)), ("colour", list(COLOURS)), ("pattern", list(PATTERNS)))
    )
    return replace(thing, **{part: rng.choice(words)})


# Wishes ------------------------------------------------------------------------------------------


def wishes(scenes: Sequence[Scene], rng: Random) -> list[Wish]:
    """A dozen kinds, four settings, one for each scene, and one that crosses each two things.

    After 1,200 steps of 64 (SigLIP, seed 0) the first hit for a colour and kind fitted in 0.32 and
    for a kind in 0.44; with 30 for scenes and none that cross in 0.27 and 0.40.
    """
    return [
        *map(Wish, rng.sample(list(KINDS), 12)),
        *(Wish(backdrop=backdrop) for backdrop in rng.sample(list(BACKDROPS), 4)),
        *(mixed_wish(scene, rng) for scene in scenes),
        *(crossed_wish(scene, rng) for scene in scenes if len(scene.groups) == 2),
    ]


def mixed_wish(scene: Scene, rng: Random) -> Wish:
    """What somebody may type who looks for this scene."""
    group = rng.choice(scene.groups)
    thing = group.thing
    combined = (
        Wish(thing.kind),
        *[Wish(thing.kind, thing.colour)] * 3,
        Wish(thing.kind, pattern=thing.pattern),
        Wish(thing.kind, count=group.count),
        *[Wish(thing.kind, backdrop=scene.backdrop)] * 2,
        Wish(colour=thing.colour, backdrop=scene.backdrop),
        Wish(colour=thing.colour, pattern=thing.pattern),
    )
    return rng.choice(combined)


def crossed_wish(scene: Scene, rng: Random) -> Wish:
    """The one thing in the other's colour: what only who knows whose colour it is finds wrong."""
    one, other = rng.sample(scene.things, 2)
    return Wish(one.kind, other.colour)
