"""Pictures in their own proportions, cut into patches, as NaFlex encoders take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from PIL.Image import Image
from torch import Tensor
from transformers import Siglip2ImageProcessorPil

from workers.studio.scenes import Scene
from workers.training.pictures import Bytes, drawing, groups_in_patches, in_processes

FILLING = (
    3  # Number of a place without a patch, beside 0 no thing, 1 the first group, 2 the second.
)


@dataclass(frozen=True, slots=True)
class Patches:
    """Pictures in rows of as many patches; where one has fewer, its row is filled up."""

    values: Tensor  # (pictures, patches, values of a patch): bytes, or -1 to 1
    shapes: Tensor  # (pictures, 2): how many patches down and across

    def __getitem__(self, rows: list[int]) -> "Patches":
        return Patches(self.values[rows], self.shapes[rows])

    @property
    def filling(self) -> Tensor:
        """(pictures, patches): True where a row is filled up."""
        places = torch.arange(self.values.shape[1], device=self.values.device)
        return places >= self.shapes.prod(1, keepdim=True)

    def normalized(self) -> "Patches":
        """Bytes as numbers from -1 to 1, and 0 where a row is filled up."""
        values = (self.values.float() / 127.5 - 1).masked_fill(self.filling[..., None], 0)
        return Patches(values, self.shapes)

    def in_grids(self, groups: Tensor) -> list[Tensor]:
        """The groups in the patches (pictures, patches), of each picture as (down, across)."""
        grids = [tuple(shape) for shape in self.shapes.tolist()]
        return [
            row[: down * across].view(down, across)
            for row, (down, across) in zip(groups, grids, strict=True)
        ]

    def put(self, row: int, picture: Tensor) -> None:
        """Keep a picture of shape (down, across, values of a patch) in this row."""
        down, across, _ = picture.shape
        self.shapes[row] = torch.tensor([down, across])
        self.values[row, : down * across] = picture.flatten(0, 1)


def padded(pictures: Sequence[Tensor], patches: int) -> Patches:
    """Pictures (down, across, values of a patch), in rows of so many patches."""
    rows = room_for(len(pictures), patches, pictures[0].shape[-1])
    for row, picture in enumerate(pictures):
        rows.put(row, picture)
    return rows


def room_for(pictures: int, patches: int, values: int) -> Patches:
    """Rows of bytes that show nothing yet."""
    rows = torch.zeros(pictures, patches, values, dtype=torch.uint8)
    return Patches(rows, torch.zeros(pictures, 2, dtype=torch.long))


def cut(picture: Image, processor: Any) -> Tensor:
    """Bytes of shape (down, across, values of a patch), sized and cut by the processor itself."""
    made = processor(picture, do_rescale=False, do_normalize=False, return_tensors="pt")
    down, across = made.spatial_shapes[0].tolist()
    patches = made.pixel_values[0, : down * across]
    return patches.to(torch.uint8).unflatten(0, (down, across))


def processor_of(side: int, grid: int) -> Siglip2ImageProcessorPil:
    """Cuts pictures into at most as many patches as a square of this side has, as large as its."""
    return Siglip2ImageProcessorPil(patch_size=side // grid, max_num_patches=grid * grid)


def in_patches(
    scenes: Sequence[Scene], side: int, grid: int, *, quiet: bool = False
) -> tuple[Patches, Tensor]:
    """The scenes' pictures in bytes, and the group in each of their patches (scenes, patches)."""
    pictures = room_for(len(scenes), grid * grid, 3 * (side // grid) ** 2)
    groups = torch.full((len(scenes), grid * grid), FILLING, dtype=torch.uint8)
    drawn = in_processes(partial(_cut_drawing, side=side, grid=grid), scenes, quiet=quiet)
    for i, (picture, numbers) in enumerate(drawn):
        pictures.put(i, torch.from_numpy(picture))
        groups[i, : numbers.size] = torch.from_numpy(numbers).flatten()
    return pictures, groups


def _cut_drawing(scene: Scene, side: int, grid: int) -> tuple[Bytes, Bytes]:
    picture, outlines = drawing(scene)
    # Arrays: tensors would come from the other process as open files, thousands of them.
    patches = cut(picture, processor_of(side, grid)).numpy()
    return patches, groups_in_patches(outlines, *patches.shape[:2])
