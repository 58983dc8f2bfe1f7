"""Puts scenes and wishes into words, in eight languages."""

from functools import cache
from random import Random

from workers.studio.languages import SPOKEN
from workers.studio.languages.grammar import Form, Language, pick
from workers.studio.scenes import ALONE, Group, Scene, Thing, Wish


def title(scene: Scene, language: str = "en") -> str:
    """All that the scene shows, as one phrase: "Red striped mug on a wooden table"."""
    spoken = SPOKEN[language]
    words = _in_setting(scene, _subject(scene, spoken, None, first=Form.BARE), spoken, None)
    return f"{words[0].upper()}{words[1:]}"


def labels(scene: Scene) -> list[str]:
    """The English kinds, colours and patterns of its things, each once, but plain."""
    words = [word for thing in scene.things for word in (thing.kind, thing.colour, thing.pattern)]
    return [word for word in dict.fromkeys(words) if word != "plain"]


def caption(scene: Scene, rng: Random, *, language: str = "en", full: bool = False) -> str:
    """The scene in one of several wordings; unless `full`, it may leave parts out."""
    spoken = SPOKEN[language]
    if not full and rng.random() < 0.4:
        return _search_phrase(scene, spoken, rng)
    subject = _subject(scene, spoken, rng, detail=1 if full else 0.8)
    if not full and rng.random() < 0.3:
        return pick(spoken.pictured, rng).format(subject)
    return _in_setting(scene, subject, spoken, rng)


def region_words(group: Group, language: str = "en") -> str:
    """What a group looks like, in the plainest words: "two red striped mugs"."""
    return SPOKEN[language].phrase(_without_plain(group.thing), group.count, Form.BARE, None)


def wish_words(wish: Wish, rng: Random | None = None, language: str = "en") -> str:
    """The wish in one of several wordings; without `rng` in the plainest."""
    spoken = SPOKEN[language]
    words = _wish_name(wish, spoken, rng)
    if not wish.backdrop:
        return words
    setting = pick(spoken.settings[wish.backdrop], rng)[0]
    return spoken.placed[0].format(words, setting) if words else setting


# The parts of a caption --------------------------------------------------------------------------


def _in_setting(scene: Scene, subject: str, spoken: Language, rng: Random | None) -> str:
    """The subject in its setting."""
    wordings = spoken.placed if scene.relation == ALONE else spoken.arranged or spoken.placed
    return pick(wordings, rng).format(subject, pick(spoken.settings[scene.backdrop], rng)[0])


def _subject(
    scene: Scene,
    spoken: Language,
    rng: Random | None,
    *,
    first: Form = Form.ARTICLE,
    detail: float = 1,
) -> str:
    """The groups and how they stand to each other."""
    if scene.relation == ALONE:
        return _group_name(scene.groups[0], spoken, first, rng, detail=detail)
    wordings = spoken.relations[scene.relation]
    # Either way round as often: who is named first must not give away who stands where.
    wording = rng.choice(wordings) if rng is not None else wordings[0]
    forms = _forms(wording, first)
    a, b = (
        _group_name(group, spoken, form, rng, detail=detail)
        for group, form in zip(scene.groups, forms, strict=True)
    )
    return wording.format(a=a, b=b, to_a=a, to_b=b)


@cache
def _forms(wording: str, first: Form) -> tuple[Form, Form]:
    """The form of each group's name; `first` is that of the one named first."""
    slots = ("{to_a}", "{to_b}")
    at = [max(wording.find(f"{{{name}}}"), wording.find(f"{{to_{name}}}")) for name in "ab"]
    forms = [Form.RELATED if slot in wording else Form.ARTICLE for slot in slots]
    leading = at.index(min(at))
    if forms[leading] is Form.ARTICLE:
        forms[leading] = first
    return forms[0], forms[1]


def _search_phrase(scene: Scene, spoken: Language, rng: Random) -> str:
    """The few words that a person would type: one of its groups, or its setting."""
    if rng.random() < 0.1:
        return pick(spoken.settings[scene.backdrop], rng)[0]
    group = rng.choice(scene.groups)
    form = Form.BARE if rng.random() < 0.6 else Form.ARTICLE
    if group.count > 1 and rng.random() < 0.3:
        form = Form.PLURAL
    # Often the bare kind: where colour and setting tell pictures apart, shapes are never learned.
    return _group_name(group, spoken, form, rng, detail=0.4)


def _group_name(
    group: Group, spoken: Language, form: Form, rng: Random | None, *, detail: float = 1
) -> str:
    """A group with its count, and with probability `detail` each its colour and pattern."""
    thing = _without_plain(group.thing)
    if rng is not None and detail < 1:
        thing = Thing(
            thing.kind,
            thing.colour if rng.random() < detail else "",
            thing.pattern if rng.random() < detail else "",
        )
    return spoken.phrase(thing, group.count, form, rng)


@cache
def _without_plain(thing: Thing) -> Thing:
    """The thing as captions name it: they leave out the pattern "plain"."""
    return Thing(thing.kind, thing.colour, "") if thing.pattern == "plain" else thing


def _wish_name(wish: Wish, spoken: Language, rng: Random | None) -> str:
    """The part of the wish that names things, or an empty string."""
    thing = Thing(wish.kind, wish.colour, wish.pattern)
    if wish.kind:
        return spoken.phrase(thing, wish.count or 1, _wish_form(wish.count, rng), rng)
    described = wish.colour or wish.pattern
    return spoken.phrase(thing, 1, Form.PLURAL, rng) if described else ""


def _wish_form(count: int, rng: Random | None) -> Form:
    if count:
        return Form.SINGLE if count == 1 else Form.BARE
    chance = rng.random() if rng is not None else 0
    if chance < 0.5:
        return Form.BARE
    return Form.ARTICLE if chance < 0.8 else Form.PLURAL
