"""Recall at 1 as published: arXiv:2502.14786, Table 1, in percent."""

from pathlib import PurePath

from search.evaluation.captions import COCO, COCO_TEST, CROSSMODAL, FLICKR
from search.evaluation.dataset import PICTURES_TO_WORDS, WORDS_TO_PICTURES

SOURCE = "arXiv:2502.14786, Table 1"
FIGURE = "R@1"

# Words to pictures and pictures to words: of COCO, of Flickr30k, of Crossmodal-3600.
TABLE: dict[str, tuple[float, ...]] = {
    "openai/clip-vit-base-patch16": (33.1, 52.4, 62.1, 81.9),
    "openai/clip-vit-large-patch14": (36.5, 56.3, 65.2, 85.2),
    "google/siglip-base-patch16-224": (47.2, 64.5, 77.9, 89.6, 22.4, 29.3),
    "google/siglip-base-patch16-256": (47.4, 65.1, 78.3, 91.1, 22.5, 29.9),
    "google/siglip-base-patch16-384": (49.7, 67.5, 80.7, 92.2, 23.3, 30.3),
    "google/siglip-base-patch16-512": (50.4, 67.6, 81.6, 92.5, 23.5, 30.5),
    "google/siglip-large-patch16-256": (51.2, 69.6, 81.3, 92.0, 30.9, 40.1),
    "google/siglip-large-patch16-384": (52.8, 70.5, 82.6, 92.9, 31.4, 39.7),
    "google/siglip-so400m-patch14-224": (50.8, 69.0, 76.6, 90.7, 16.0, 22.8),
    "google/siglip-so400m-patch14-384": (52.0, 70.2, 80.5, 93.5, 17.8, 26.6),
    "google/siglip2-base-patch32-256": (47.2, 63.7, 75.5, 89.3, 38.3, 49.0),
    "google/siglip2-base-patch16-224": (52.1, 68.9, 80.7, 93.0, 40.3, 50.7),
    "google/siglip2-base-patch16-256": (53.2, 69.7, 81.7, 94.4, 40.7, 51.0),
    "google/siglip2-base-patch16-384": (54.6, 71.4, 83.8, 94.9, 41.2, 51.6),
    "google/siglip2-base-patch16-512": (55.2, 71.2, 84.5, 95.5, 41.4, 52.0),
    "google/siglip2-large-patch16-256": (54.7, 71.5, 84.1, 94.5, 46.5, 56.5),
    "google/siglip2-large-patch16-384": (55.3, 71.4, 85.0, 95.2, 47.1, 56.3),
    "google/siglip2-large-patch16-512": (55.2, 72.1, 85.3, 95.8, 47.4, 56.7),
    "google/siglip2-so400m-patch14-224": (55.1, 71.5, 84.3, 94.6, 47.9, 57.5),
    "google/siglip2-so400m-patch14-384": (55.8, 71.7, 85.7, 94.9, 48.4, 57.5),
    "google/siglip2-so400m-patch16-256": (55.4, 71.5, 84.4, 94.2, 48.1, 57.5),
    "google/siglip2-so400m-patch16-384": (56.0, 71.2, 85.3, 95.9, 48.3, 57.5),
    "google/siglip2-so400m-patch16-512": (56.0, 71.3, 85.5, 95.4, 48.3, 57.6),
    "google/siglip2-giant-opt-patch16-256": (55.7, 72.5, 85.3, 95.3, 48.2, 58.2),
    "google/siglip2-giant-opt-patch16-384": (56.1, 72.8, 86.0, 95.4, 48.6, 57.9),
}
COLUMNS = [
    ({COCO, COCO_TEST}, WORDS_TO_PICTURES),
    ({COCO, COCO_TEST}, PICTURES_TO_WORDS),
    ({FLICKR}, WORDS_TO_PICTURES),
    ({FLICKR}, PICTURES_TO_WORDS),
    ({CROSSMODAL}, WORDS_TO_PICTURES),
    ({CROSSMODAL}, PICTURES_TO_WORDS),
]


def published(checkpoint: str, dataset: str, task: str) -> float | None:
    """The paper's figure for this checkpoint, named by its hub id or a folder that ends in it."""
    row = TABLE.get("/".join(PurePath(checkpoint).parts[-2:]), ())
    for (datasets, column), figure in zip(COLUMNS, row, strict=False):
        if dataset in datasets and task == column:
            return figure
    return None
