"""Local folders of captioned pictures: COCO captions, Karpathy's splits, Crossmodal-3600.

A folder is one of them by the names of its files. They are used as their authors use them: each
caption is a query for its one picture, and a picture finds its captions if one of them is among
the first.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from search.evaluation.dataset import Dataset, NoDataset, PictureFile, Task, both_ways

# Names of the datasets, each plain only for a folder with all of its pictures.
COCO, COCO_TEST = "COCO val2017", "COCO test (Karpathy)"
FLICKR, CROSSMODAL = "Flickr30k test (Karpathy)", "Crossmodal-3600"
PICTURES = {COCO: 5000, COCO_TEST: 5000, FLICKR: 1000, CROSSMODAL: 3600}

# For each language, captions with the name of their picture; without languages, under "".
Captions = dict[str, list[tuple[str, str]]]


def read(folder: Path) -> Dataset:
    """The set in this folder. Raises NoDataset."""
    if not folder.is_dir():
        raise NoDataset("no_folder", folder=str(folder))
    path, parse = annotations(folder)
    try:
        name, captions = parse(path)
    except OSError as error:
        raise NoDataset("file_unreadable", name=str(path), reason=error.strerror) from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise NoDataset("captions_damaged", name=path.name) from None
    names = dict.fromkeys(name for pairs in captions.values() for _, name in pairs)
    if not names:
        raise NoDataset("captions_empty", name=path.name)
    pictures = find_pictures(list(names), folder, path)
    if len(pictures) != PICTURES.get(name):
        name = f"{name}, {len(pictures):,} pictures"
    return of_captions(name, captions, pictures)


def of_captions(name: str, captions: Captions, pictures: Sequence[PictureFile]) -> Dataset:
    numbers = {picture.name: number for number, picture in enumerate(pictures)}
    texts: list[str] = []
    tasks: list[Task] = []
    for language, pairs in captions.items():
        right = [{numbers[picture]: 1} for _, picture in pairs]
        words = [text for text, _ in pairs]
        tasks += both_ways(words, right, len(pictures), first=len(texts), language=language)
        texts += words
    return Dataset(name, texts, pictures, tasks)


def annotations(folder: Path) -> tuple[Path, Callable[[Path], tuple[str, Captions]]]:
    """The file with the captions, and who can read it."""
    for pattern, parse in READERS.items():
        paths = sorted({*folder.glob(pattern), *folder.glob(f"*/{pattern}")})
        if len(paths) > 1:
            names = ", ".join(path.name for path in paths)
            raise NoDataset("several_datasets", folder=str(folder), names=names)
        if paths:
            return paths[0], parse
    raise NoDataset("no_dataset_in_folder", folder=str(folder))


def of_coco(path: Path) -> tuple[str, Captions]:
    coco = json.loads(path.read_bytes())
    files = {image["id"]: image["file_name"] for image in coco["images"]}
    pairs = [(one["caption"], files[one["image_id"]]) for one in coco["annotations"]]
    return f"COCO {path.stem.removeprefix('captions_')}", {"": strip(pairs)}


def of_karpathy(path: Path) -> tuple[str, Captions]:
    splits = json.loads(path.read_bytes())
    test = [image for image in splits["images"] if image["split"] == "test"]
    pairs = [(one["raw"], image["filename"]) for image in test for one in image["sentences"]]
    names = {"dataset_flickr30k": FLICKR, "dataset_coco": COCO_TEST}
    return names.get(path.stem, path.stem), {"": strip(pairs)}


def of_crossmodal(path: Path) -> tuple[str, Captions]:
    captions: Captions = defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        picture = json.loads(line)
        for language, of_language in picture.items():
            if not language.startswith("image/"):
                texts = of_language["caption"]
                captions[language] += strip([(text, picture["image/key"]) for text in texts])
    return CROSSMODAL, {language: captions[language] for language in sorted(captions)}


def strip(pairs: list[tuple[Any, str]]) -> list[tuple[str, str]]:
    return [(text.strip(), picture) for text, picture in pairs if text.strip()]


READERS = {
    "captions_val*.json": of_coco,
    "dataset_*.json": of_karpathy,
    "captions.jsonl": of_crossmodal,
}


def find_pictures(names: list[str], folder: Path, path: Path) -> list[PictureFile]:
    """The pictures of these names, with or without an ending, wherever in the folder they lie."""
    files: dict[str, Path] = {}
    for file in folder.rglob("*"):
        files.setdefault(file.name, file)
        files.setdefault(file.stem, file)
    missing = [name for name in names if name not in files]
    if missing:
        counts = {"missing": len(missing), "count": len(names), "first": missing[0]}
        raise NoDataset("pictures_missing", folder=str(folder), name=path.name, **counts)
    return [PictureFile(name, opener(files[name])) for name in names]


def opener(path: Path) -> Callable[[], Any]:
    return lambda: path.open("rb")
