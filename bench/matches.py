"""Does a query show what the library has, and nothing where it has nothing?

    .venv/bin/python -m bench.matches [--cache var/matches]

Every library lives in a transaction that is rolled back, in a database of its own. `--cache` keeps
drawn pictures' vectors: drawing and encoding take minutes. With `--catalogue` and `--seed` it runs
on other pictures, other queries and other kinds left out, as the constants were chosen on;
`--nameless` gives all assets file names of a camera for titles. Prints tables, from which
bench/results/ was put together by hand. Takes 15 minutes.
"""

from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from bench.studio_queries import LACKS, StudioQuery, lacking, never_drawn, nothing, wanted
from bench.support import library as empty_library
from bench.support import parser_of

CATALOGUE, SEED = 2026, 1
PICTURES, HELD_OUT = 500, 150
CHECKPOINTS = ("studio-siglip2", "studio-siglip", "studio-clip")
# Number of kinds that are left out at a time: a twelfth.
LEFT_OUT = 6


class Outcome(NamedTuple):
    """Of one query, which assets are possible and strong matches, and which are right."""

    group: str
    possible: Any
    strong: Any
    right: Any
    in_words: Any  # Whose words have those of the query: the page shows these too.

    @property
    def on_page(self) -> Any:
        return self.possible | self.in_words


# Libraries ---------------------------------------------------------------------------------------


class Studio:
    """Scenes with the vectors of their pictures, and texts, by one encoder."""

    def __init__(self, slug: str, options: Namespace) -> None:
        from workers.encoders.load import load_encoder

        self.slug, self.cache = slug, options.cache
        self.loaded = load_encoder(f"workers/checkpoints/{slug}")
        self.texts: dict[str, Any] = {}
        name, seed = f"catalogue-{options.catalogue}-{options.pictures}", options.seed
        catalogue = of_catalogue(options.pictures, options.catalogue)
        self.scenes, self.pictures = self.vectors_of(name, catalogue)
        number = options.held_out
        self.held_out, self.examples = self.vectors_of(
            f"held-out-{seed}-{number}", of_held_out(number, seed)
        )
        _, self.curios = self.vectors_of(f"curios-{seed}-{number}", of_curios(number // 2, seed))

    def vectors_of(self, name: str, pictures: Iterator[tuple[Any, Any]]) -> tuple[list[Any], Any]:
        """The scenes and the vectors of their pictures, as JPEG of the catalogue's quality."""
        import pickle

        path = self.cache / f"{name}-{self.slug}.pickle"
        if path.exists():
            return pickle.loads(path.read_bytes())  # noqa: S301, our own
        scenes, vectors = [], []
        for scene, picture in pictures:
            scenes.append(scene)
            vectors.append(self.loaded.encode_images([uploaded(picture, self.loaded.resolution)]))
        both = scenes, np.concatenate(vectors)
        path.write_bytes(pickle.dumps(both))
        return both

    def encode(self, texts: Sequence[str]) -> Any:
        new = [text for text in dict.fromkeys(texts) if text not in self.texts]
        self.texts.update(zip(new, self.loaded.encode_texts(new), strict=True))
        vectors = [self.texts[text] for text in texts]
        return np.array(vectors, np.float32).reshape(len(texts), self.loaded.dimensions)


def uploaded(picture: Any, resolution: int) -> Any:
    """The picture as a worker decodes it."""
    import io

    from search.formats import decode

    data = io.BytesIO()
    picture.save(data, "JPEG", quality=90)
    return decode.decode(data, at_least=2 * resolution)


def of_catalogue(pictures: int, seed: int) -> Iterator[tuple[Any, Any]]:
    from workers.studio.draw import catalogue

    yield from catalogue(pictures, seed)


def of_held_out(number: int, seed: int) -> Iterator[tuple[Any, Any]]:
    from workers.studio.draw import draw, size_for
    from workers.studio.scenes import different_scenes

    for scene in different_scenes(number, Random(seed), held_out=True):  # noqa: S311
        yield scene, draw(scene, size_for(scene, 600))


def of_curios(number: int, seed: int) -> Iterator[tuple[Any, Any]]:
    from bench.curios import curios

    yield from curios(number, seed, longer=600)


@contextmanager
def library(studio: Studio, places: Sequence[int], *, nameless: bool) -> Iterator[Any]:
    """A calibrated encoder whose library holds these pictures, until the end of the block."""
    from django.db import transaction

    from search.matches import calibrate
    from search.models import Encoder

    with transaction.atomic():
        encoder = Encoder.objects.create(
            slug=studio.slug, dimensions=studio.loaded.dimensions, state=Encoder.State.READY
        )
        fill(encoder, studio, places, nameless=nameless)
        calibrate.calibrate(encoder, studio.encode)
        yield encoder
        transaction.set_rollback(True)


def fill(encoder: Any, studio: Studio, places: Sequence[int], *, nameless: bool) -> None:
    from django.utils import timezone

    from search.models import Asset, Embedding, User
    from workers.studio.captions import title

    owner = User.objects.get_or_create(username="bench")[0]
    facts = {"owner": owner, "width": 1, "height": 1, "format": "JPEG", "bytes": 1}
    titles = [f"IMG {p:04}" if nameless else title(studio.scenes[p]) for p in places]
    rng = Random(SEED)  # noqa: S311, no secret; ids decide which titles suggest queries.
    assets = [
        Asset(id=UUID(int=rng.getrandbits(128)), title=title_, sha256=str(place), **facts)
        for title_, place in zip(titles, places, strict=True)
    ]
    Asset.objects.bulk_create(assets)
    now = timezone.now()
    Embedding.objects.bulk_create(
        Embedding(asset=asset, encoder=encoder, vector=studio.pictures[place], fulfilled=now)
        for asset, place in zip(assets, places, strict=True)
    )


# Measuring ---------------------------------------------------------------------------------------


def measure(studio: Studio, options: Namespace) -> dict[str, list[Outcome]]:
    """The outcomes of all queries in words, and of all by pictures."""
    rng, outcomes = Random(options.seed), defaultdict(list)  # noqa: S311, no secret
    nameless = options.nameless
    everything = range(len(studio.scenes))
    with library(studio, everything, nameless=nameless) as encoder:
        queries = [*wanted(studio.scenes, rng), *never_drawn(rng)]
        outcomes["words"] += by_words(studio, encoder, everything, queries)
        outcomes["picture"] += by_pictures(studio, encoder, everything, None)
        never = [(vector, "never drawn", nothing) for vector in studio.curios]
        outcomes["picture"] += outcomes_of(studio, encoder, everything, never, "picture")
    for number, kinds in enumerate(groups(rng, options.left_out)):
        places = [p for p in everything if not shows(studio.scenes[p], kinds)]
        with library(studio, places, nameless=nameless) as encoder:
            # 75 among twelve libraries: seven for each fourth one, six for the rest.
            queries = list(lacking(kinds, 3 * LACKS // 12 + (number % 4 == 0), rng))
            outcomes["words"] += by_words(studio, encoder, places, queries)
            outcomes["picture"] += by_pictures(studio, encoder, places, kinds)
    return outcomes


def groups(rng: Random, size: int) -> list[list[str]]:
    """All kinds, in groups: by default twelve."""
    from workers.studio.things import KINDS

    kinds = rng.sample(list(KINDS), len(KINDS))
    return [kinds[start : start + size] for start in range(0, len(kinds), size)]


def shows(scene: Any, kinds: Sequence[str]) -> bool:
    return any(thing.kind in kinds for thing in scene.things)


def by_words(
    studio: Studio, encoder: Any, places: Sequence[int], queries: Sequence[StudioQuery]
) -> list[Outcome]:
    vectors = studio.encode([query.words for query in queries])
    triples = [(v, query.group, query.fits) for v, query in zip(vectors, queries, strict=True)]
    outcomes = outcomes_of(studio, encoder, places, triples, "words")
    in_words = [with_words(query.words, places) for query in queries]
    return [one._replace(in_words=where) for one, where in zip(outcomes, in_words, strict=True)]


def with_words(words: str, places: Sequence[int]) -> Any:
    """Which assets have all of these words among theirs."""
    from search.models import Asset
    from search.query import Words, lexical

    query = Words.parse(words)
    hits = lexical.search(Asset.objects.all(), query.plain, query.phrases)
    whole = [int(asset.sha256) for asset in hits if lexical.is_whole(asset.where)]
    return np.isin(places, whole)


def by_pictures(
    studio: Studio, encoder: Any, places: Sequence[int], kinds: Sequence[str] | None
) -> list[Outcome]:
    """Held-out drawings: of anything, or only of kinds that were left out."""
    queries = [
        (vector, "held out" if kinds is None else "left out", partial(share_a_kind, scene))
        for scene, vector in zip(studio.held_out, studio.examples, strict=True)
        if kinds is None or all(thing.kind in kinds for thing in scene.things)
    ]
    return outcomes_of(studio, encoder, places, queries, "picture")


def share_a_kind(one: Any, other: Any) -> bool:
    return shows(other, [thing.kind for thing in one.things])


def outcomes_of(
    studio: Studio, encoder: Any, places: Sequence[int], queries: Sequence[Any], kind: str
) -> list[Outcome]:
    from search.matches import thresholds

    pictures, outcomes = studio.pictures[list(places)], []
    for vector, group, fits in queries:
        starts, away = thresholds.thresholds_of(vector, encoder, kind), 1 - pictures @ vector
        assert starts  # noqa: S101
        right = np.array([fits(studio.scenes[place]) for place in places])
        possible, strong = away <= starts.possible, away <= starts.strong
        outcomes.append(Outcome(group, possible, strong, right, np.zeros_like(possible)))
    return outcomes


# The report --------------------------------------------------------------------------------------


def report(outcomes: Sequence[Outcome]) -> None:
    has = [one for one in outcomes if one.right.any()]
    lacks = [one for one in outcomes if not one.right.any()]
    print("| queries | number | by meaning | on the page |\n| --- | ---: | ---: | ---: |")
    rows("has: a right asset is shown", has, lambda hits, one: (hits & one.right).any())
    rows("lacks: nothing is shown", lacks, lambda hits, one: not hits.any())
    hits, right = (sum((a & b).sum() for a, b in pairs) for pairs in strong_of(has))
    there = sum(one.right.sum() for one in has)
    wrong = sum(one.strong.sum() for one in lacks)
    possible = sum(one.possible.sum() for one in has)
    fit = sum((one.possible & one.right).sum() for one in has)
    print(
        f"\nStrong: precision {right / max(1, hits):.3f} of {hits} hits"
        f" ({hits / len(has):.2f} a query), recall {right / there:.3f};"
        f" {share(lambda one: one.strong.any(), has)} of the queries have one;"
        f" {wrong} more hits of queries for what is lacking are called strong.\n"
        f"Possible: {possible / len(has):.1f} a query, precision {fit / max(1, possible):.3f},"
        f" recall {fit / there:.3f}.\n"
    )


def rows(name: str, outcomes: Sequence[Outcome], well: Callable[[Any, Outcome], Any]) -> None:
    """The share that is as it should be: by meaning alone, and with those that have the words."""
    groups = {f"- {one.group}": [o for o in outcomes if o.group == one.group] for one in outcomes}
    for group, some in {name: outcomes, **groups}.items():
        by_meaning = share(lambda one: well(one.possible, one), some)
        on_page = share(lambda one: well(one.on_page, one), some)
        print(f"| {group} | {len(some)} | {by_meaning} | {on_page} |")


def strong_of(outcomes: Sequence[Outcome]) -> tuple[Any, Any]:
    return [(o.strong, o.strong) for o in outcomes], [(o.strong, o.right) for o in outcomes]


def share(true: Callable[[Outcome], Any], outcomes: Sequence[Outcome]) -> str:
    return f"{np.mean([bool(true(one)) for one in outcomes]):.3f}" if outcomes else "-"


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--cache", type=Path, default=Path("var/matches"), metavar="DIR")
    parser.add_argument("--pictures", type=int, default=PICTURES, help="of each catalogue")
    parser.add_argument("--held-out", type=int, default=HELD_OUT, help="pictures to search by")
    parser.add_argument("--left-out", type=int, default=LEFT_OUT, help="kinds at a time")
    parser.add_argument("--catalogue", type=int, default=CATALOGUE)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--nameless", action="store_true")
    parser.add_argument("--checkpoint", action="append", choices=CHECKPOINTS)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    with empty_library():
        for slug in options.checkpoint or CHECKPOINTS:
            studio = Studio(slug, options)
            by_kind = measure(studio, options)
            for kind, outcomes in by_kind.items():
                print(f"## {slug}, {kind}\n")
                report(outcomes)


if __name__ == "__main__":
    main()
