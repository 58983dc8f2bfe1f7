"""A folder of class folders, for zero-shot classification: each class is named by its folder."""

from collections.abc import Sequence
from pathlib import Path

from search.evaluation.captions import opener
from search.evaluation.dataset import ZERO_SHOT, Dataset, NoDataset, PictureFile, Task

# Minimum number of classes: where there is one, every answer is right.
FEWEST = 2


def read(folder: Path, templates: Sequence[str]) -> Dataset:
    """The set in this folder; {} in a template stands for the class. Raises NoDataset."""
    refuse_without_place(templates)
    if not folder.is_dir():
        raise NoDataset("no_folder", folder=str(folder))
    classes = {path: pictures_in(path) for path in sorted(folder.iterdir()) if path.is_dir()}
    classes = {path: pictures for path, pictures in classes.items() if pictures}
    if len(classes) < FEWEST:
        raise NoDataset("too_few_classes", folder=str(folder), least=FEWEST)
    names = [path.name.replace("_", " ") for path in classes]
    texts = [template.replace("{}", name) for name in names for template in templates]
    right = [{number: 1} for number, pictures in enumerate(classes.values()) for _ in pictures]
    pictures = [picture for pictures in classes.values() for picture in pictures]
    task = Task(ZERO_SHOT, range(len(pictures)), range(len(names)), right)
    name = f"classes of {folder.resolve().name}"
    return Dataset(name, texts, pictures, [task], prompts=len(templates))


def refuse_without_place(templates: Sequence[str]) -> None:
    for template in templates:
        if "{}" not in template:
            raise NoDataset("template_without_place", template=template)


def pictures_in(folder: Path) -> list[PictureFile]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    visible = [path for path in files if not path.name.startswith(".")]
    return [PictureFile(str(path), opener(path)) for path in visible]
