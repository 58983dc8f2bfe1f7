"""Draws many scenes at once, in one process per core."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context, parent_process
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workers.progress import Bar
from workers.studio.draw import draw_with_outlines, size_for
from workers.studio.scenes import Scene

_LONGER_SIDE = 160  # Pixels, of the drawings to train on.
# Maximum number of scenes that this process draws itself, 5 to 9 ms each: to start a process per
# core takes as long.
_FEW = 128
_AT_ONCE, _CHUNK = 2048, 32  # Maximum numbers of scenes that are drawn ahead, and in one message.
_ENOUGH = 0.25  # Minimum share of a patch that a group must cover to count as shown in it.

Bytes = NDArray[np.uint8]
Made = TypeVar("Made")


def squares(
    scenes: Sequence[Scene], side: int, grid: int, *, quiet: bool = False
) -> tuple[Bytes, Bytes]:
    """The scenes' pictures, squeezed to squares as the encoder's own preprocessing does it.

    And for each of `grid` by `grid` patches what it shows: 0 no thing, 1 the first group,
    2 the second.
    """
    pixels = np.empty((len(scenes), side, side, 3), np.uint8)
    patches = np.empty((len(scenes), grid, grid), np.uint8)
    drawn = in_processes(partial(_square, side=side, grid=grid), scenes, quiet=quiet)
    for i, (square, groups) in enumerate(drawn):
        pixels[i], patches[i] = square, groups
    return pixels, patches


def in_processes(
    make: Callable[[Scene], Made], scenes: Sequence[Scene], what: str = "Drawing", *, quiet: bool
) -> Iterator[Made]:
    """What `make` makes of each scene, in their order, with a bar named `what` unless quiet."""
    with Bar(total=len(scenes), desc=what, unit="picture", disable=quiet) as bar:
        for made in _in_order(make, scenes):
            yield made
            bar.update()


def _in_order(make: Callable[[Scene], Made], scenes: Sequence[Scene]) -> Iterator[Made]:
    if len(scenes) <= _FEW:
        yield from map(make, scenes)
        return
    # Not forked: torch's threads do not survive a fork.
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), _watch_parent) as pool:
        for start in range(0, len(scenes), _AT_ONCE):
            yield from pool.map(make, scenes[start : start + _AT_ONCE], chunksize=_CHUNK)


def _watch_parent() -> None:
    """End with the process that the pool is of: killed, it leaves those who wait for work."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _square(scene: Scene, side: int, grid: int) -> tuple[Bytes, Bytes]:
    picture, outlines = drawing(scene)
    square = np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR))
    return square, groups_in_patches(outlines, grid, grid)


def drawing(scene: Scene) -> tuple[Image.Image, Image.Image]:
    """The picture to train on, in its own shape, and the outlines of its groups."""
    return draw_with_outlines(scene, size_for(scene, _LONGER_SIDE))


def groups_in_patches(outlines: Image.Image, down: int, across: int) -> Bytes:
    """For each of so many patches the group that covers most of it, where one covers enough."""
    covered = np.stack([_covered(outlines, i, (across, down)) for i in (1, 2)])
    most = covered.argmax(axis=0) + 1
    return np.where(covered.max(axis=0) > 255 * _ENOUGH, most, 0).astype(np.uint8)


def _covered(outlines: Image.Image, number: int, size: tuple[int, int]) -> Bytes:
    """How much of each patch this group covers: 0 none of it, 255 all."""
    group = outlines.point([255 * (value == number) for value in range(256)])
    return np.asarray(group.resize(size, Image.Resampling.BOX))
