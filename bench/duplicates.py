"""Which near-duplicates are recognized, and which other pictures are taken for some?

    .venv/bin/python -m bench.duplicates [--pictures 500] [--seeds 2026]

On the sample catalogue (seed 2026), by the constants of search/formats/likeness.py. Each drawing
is saved as the catalogue saves it, changed, saved anew and examined as an upload is. No two scenes
of a catalogue show the same, so every pair of them that is called near-duplicates is a false
collapse; so is a changed copy with any scene but its own. Harder are the same drawings with one
thing in another colour, of another kind or pattern: those differ by a part of the picture only.
Prints a table and writes it to bench/results/. Takes 4 minutes for each seed.
"""

import io
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations
from multiprocessing import Pool
from random import Random
from typing import NamedTuple

from PIL import Image, ImageEnhance

from bench.support import parser_of, report
from search.formats.facts import examine
from search.formats.likeness import (
    BITS,
    BRIGHTNESS,
    COLOUR,
    PLAIN,
    PROPORTIONS,
    same_layout,
    same_proportions,
)
from tests.support.pictures import orientation, turned
from workers.studio.draw import draw, size_for
from workers.studio.scenes import Scene, different_scenes, recoloured, twin

# JPEG quality of the catalogue's originals.
QUALITY = 90
# Number of scenes that are drawn again with something else in them.
ALTERED = 100

Change = Callable[[Image.Image], bytes]


class Looks(NamedTuple):
    """What is compared of a picture."""

    phash: str
    layout: bytes
    size: tuple[int, int]

    def near(self, other: "Looks") -> bool:
        """Whether search.library.near_duplicates would call the two near-duplicates."""
        bits = (int(self.phash, 2) ^ int(other.phash, 2)).bit_count()
        return (
            bits <= BITS
            and PLAIN not in (self.phash, other.phash)
            and same_proportions(self.size, other.size)
            and same_layout(self.layout, other.layout)
        )


class Drawing(NamedTuple):
    """A scene of the catalogue, its changed copies, and the same with something else in it."""

    original: Looks
    copies: dict[str, Looks]
    others: dict[str, Looks]


def saved(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **({"quality": QUALITY} if kind == "JPEG" else {}) | options)
    return data.getvalue()


def resized(share: float) -> Change:
    return lambda image: saved(
        image.resize((round(image.width * share), round(image.height * share)))
    )


def cropped(left: float, top: float, right: float, bottom: float) -> Change:
    """Without these shares of the width and height."""

    def crop(image: Image.Image) -> bytes:
        x, y = image.size
        box = (round(x * left), round(y * top), x - round(x * right), y - round(y * bottom))
        return saved(image.crop(box))

    return crop


def lit(factor: float) -> Change:
    return lambda image: saved(ImageEnhance.Brightness(image).enhance(factor))


def recompressed(quality: int) -> Change:
    return lambda image: saved(image, quality=quality)


def rotated(value: int) -> Change:
    """As a camera writes it that was held another way."""
    return lambda image: saved(turned(image, value), exif=orientation(value))


CHANGES: dict[str, Change] = {
    "resized to 1/2": resized(1 / 2),
    "resized to 1/8": resized(1 / 8),
    "JPEG, quality 90": recompressed(90),
    "JPEG, quality 65": recompressed(65),
    "JPEG, quality 40": recompressed(40),
    "as PNG": lambda image: saved(image, "PNG", compress_level=1),
    "as WebP, quality 80": lambda image: saved(image, "WebP", quality=80, method=0),
    "as GIF of 256 colours": lambda image: saved(image.quantize(256), "GIF"),
    "2 % cropped, all around": cropped(0.01, 0.01, 0.01, 0.01),
    "2 % cropped, from a corner": cropped(0.02, 0.02, 0, 0),
    "10 % darker": lit(0.9),
    "10 % brighter": lit(1.1),
    "EXIF rotation 3": rotated(3),
    "EXIF rotation 6": rotated(6),
    "EXIF rotation 8": rotated(8),
    "1/2, 2 % cropped, 10 % darker, quality 40": lambda image: saved(
        ImageEnhance.Brightness(_half_cropped(image)).enhance(0.9), quality=40
    ),
}


def _half_cropped(image: Image.Image) -> Image.Image:
    half = image.resize((image.width // 2, image.height // 2))
    x, y = half.width // 100, half.height // 100
    return half.crop((x, y, half.width - x, half.height - y))


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2026])
    options = parser.parse_args()
    report("duplicates", heading() + "".join(measure(options.pictures, s) for s in options.seeds))


def heading() -> str:
    return (
        f"At most {BITS} of 64 bits, {PROPORTIONS:.0%} of the proportions, {BRIGHTNESS} of 255 in "
        f"brightness and {COLOUR} in colour may differ. Made by `python -m bench.duplicates`.\n"
    )


def measure(pictures: int, seed: int) -> str:
    rng = Random(seed)  # noqa: S311
    # The same scenes and sizes as workers.studio.draw.catalogue() gives.
    jobs = [
        (number, scene, round(1200 * rng.uniform(0.75, 1.15)))
        for number, scene in enumerate(different_scenes(pictures, rng))
    ]
    with Pool(os.cpu_count()) as pool:
        drawn = list(pool.imap(draw_all, jobs, chunksize=4))
    return "\n".join(section(drawn, seed))


def draw_all(job: tuple[int, Scene, int]) -> Drawing:
    number, scene, longer = job
    size = size_for(scene, longer)
    data = saved(draw(scene, size))
    original = Image.open(io.BytesIO(data)).convert("RGB")
    copies = {name: looks(change(original)) for name, change in CHANGES.items()}
    others = dict(altered(scene, number)) if number < ALTERED else {}
    redrawn = {name: looks(saved(draw(other, size))) for name, other in others.items()}
    return Drawing(looks(data), copies, redrawn)


def altered(scene: Scene, number: int) -> Iterator[tuple[str, Scene]]:
    """The scene with something else in it, all that is left to chance being the same."""
    yield "with one thing changed", replace(twin(scene, Random(number)), seed=scene.seed)  # noqa: S311
    if (other := recoloured(scene)) != scene:
        yield "with two colours exchanged", other


def looks(data: bytes) -> Looks:
    """The facts that Sightline stores of these bytes, without the process for uploads."""
    facts = json.loads(examine(io.BytesIO(data)))
    return Looks(facts["phash"], bytes.fromhex(facts["layout"]), (facts["width"], facts["height"]))


def section(drawn: list[Drawing], seed: int) -> Iterator[str]:
    yield f"\n## {len(drawn)} drawings, seed {seed}\n\n| copies | recognized | recall |"
    yield "| --- | --- | --- |"
    for name in CHANGES:
        yield row(name, [each.original.near(each.copies[name]) for each in drawn])
    every = [each.original.near(copy) for each in drawn for copy in each.copies.values()]
    yield row("**all**", every)
    yield "\n| other pictures | called near-duplicates | share |\n| --- | --- | --- |"
    yield row("two scenes", [one.original.near(two.original) for one, two in pairs(drawn)])
    yield row("a scene and a changed copy of another", list(mixed(drawn)))
    for name in sorted({name for each in drawn for name in each.others}):
        near = [each.original.near(each.others[name]) for each in drawn if name in each.others]
        yield row(f"a scene and the same drawing {name}", near)
    yield ""


def pairs(drawn: list[Drawing]) -> Iterator[tuple[Drawing, Drawing]]:
    return combinations(drawn, 2)


def mixed(drawn: list[Drawing]) -> Iterator[bool]:
    for one, two in pairs(drawn):
        yield from (one.original.near(copy) for copy in two.copies.values())
        yield from (two.original.near(copy) for copy in one.copies.values())


def row(name: str, near: Iterable[bool]) -> str:
    counts = Counter(near)
    total = counts.total()
    return f"| {name} | {counts[True]:,} of {total:,} | {counts[True] / total:.5g} |"


if __name__ == "__main__":
    main()
