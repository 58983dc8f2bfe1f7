"""People's own pictures with captions: read from a folder, checked, and made into pairs."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zlib import crc32

from PIL import Image
from torch import Tensor

from search.formats.decode import decode
from search.formats.sniff import UndecodableImage
from search.refusals import Refusal
from workers.progress import Bar
from workers.training.batches import Pairs
from workers.training.resume import TrainingError
from workers.training.towers import Towers

FEWEST = 50  # Minimum number of examples; of fewer a tower only learns the pictures by heart.

_ONE_IN = 5  # One example in so many is held out.
_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".tif", ".tiff", ".bmp"}
_TABLES = ("captions.jsonl", "captions.csv")


class Unreadable(Refusal):
    """This picture cannot be read."""


@dataclass(frozen=True, slots=True)
class Example:
    """A picture, its captions, and the name that decides whether it is held out."""

    name: str
    picture: Callable[[], Image.Image]  # Raises Unreadable.
    captions: Sequence[str]

    @property
    def is_held_out(self) -> bool:
        """One in five, always the same, is never trained on."""
        return crc32(self.name.encode()) % _ONE_IN == 0


# From a folder -----------------------------------------------------------------------------------


def folder_examples(folder: Path) -> list[Example]:
    """The pictures of a folder that have captions, in the order of their names.

    Raises TrainingError where there are none, or a table that cannot be read.
    """
    if not folder.is_dir():
        raise TrainingError("no_folder", folder=str(folder))
    table = next((folder / name for name in _TABLES if (folder / name).is_file()), None)
    captions: dict[str, list[str]] = {}
    for name, caption in _rows(table) if table else _beside_pictures(folder):
        captions.setdefault(name, []).append(caption)
    if not captions:
        raise TrainingError("no_captions", folder=str(folder))
    return [
        Example(name, partial(_open, folder / name), captions[name]) for name in sorted(captions)
    ]


def _beside_pictures(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        words = path.with_suffix(".txt")
        if path.suffix.lower() in _PICTURES and words.is_file():
            for line in _text(words).splitlines():
                yield str(path.relative_to(folder)), line


def _rows(table: Path) -> Iterator[tuple[str, str]]:
    lines = _text(table).splitlines()
    read = _csv_rows if table.suffix == ".csv" else _json_rows
    try:
        for row in read(lines):
            yield str(row["file"]), str(row["caption"])
    except (ValueError, KeyError, TypeError, csv.Error):
        raise TrainingError("no_caption_table", file=str(table)) from None


def _csv_rows(lines: Sequence[str]) -> Iterable[dict[str, str]]:
    return csv.DictReader(lines)


def _json_rows(lines: Sequence[str]) -> Iterable[dict[str, str]]:
    return (json.loads(line) for line in lines if line.strip())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise TrainingError("not_utf8", file=str(path)) from None


def _open(path: Path) -> Image.Image:
    try:
        with path.open("rb") as file:
            return decode(file)
    except (OSError, UndecodableImage):
        raise Unreadable("unreadable_picture", name=path.name) from None


# Checks ------------------------------------------------------------------------------------------


def fit_for_training(examples: Iterable[Example]) -> list[Example]:
    """Those with captions, stripped. Raises TrainingError where they are too few or all equal."""
    usable = [
        Example(each.name, each.picture, words)
        for each in examples
        if (words := [caption.strip() for caption in each.captions if caption.strip()])
    ]
    if len(usable) < FEWEST:
        raise TrainingError("too_few_captions", count=len(usable), fewest=FEWEST)
    if len({caption for each in usable for caption in each.captions}) == 1:
        raise TrainingError("captions_all_equal")
    return usable


def pairs_of(examples: Sequence[Example], towers: Towers, *, quiet: bool) -> Pairs:
    """The examples as the towers' own preprocessing makes them, without unreadable pictures.

    Raises TrainingError where too few are left.
    """
    captions: list[Sequence[str]] = []
    pixels: list[Tensor] = []
    for each in Bar(examples, "Reading", unit="picture", disable=quiet):
        try:
            pixels.append(towers.prepared(each.picture()))
        except Unreadable:
            continue
        captions.append(each.captions)
    if len(captions) < FEWEST // 2:
        lost = len(examples) - len(captions)
        raise TrainingError("too_few_readable_pictures", lost=lost, count=len(examples))
    return Pairs(captions, towers.together(pixels))
