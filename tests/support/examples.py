"""Pictures with captions to train on: flags of two colours."""

import numpy as np
import torch
from PIL import Image

from workers.training.batches import GRID, Pairs
from workers.training.examples import Example
from workers.training.native import cut, padded, processor_of

COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 180, 60),
    "blue": (40, 70, 220),
    "yellow": (235, 215, 60),
    "black": (20, 20, 20),
    "white": (250, 250, 250),
}
NAMES = list(COLOURS)


def colours(number):
    """Of a flag, above and below: 24 that differ."""
    return NAMES[number % 6], NAMES[(number + 1 + number // 6 % 4) % 6]


def picture(number, side=32):
    """A flag with a little noise, and no two the same."""
    above, below = (np.full((side // 2, side, 3), COLOURS[name]) for name in colours(number))
    noise = np.random.default_rng(number).normal(0, 12, (side, side, 3))
    flag = np.clip(np.concatenate([above, below]) + noise, 0, 255)
    return Image.fromarray(flag.astype(np.uint8))


def caption(number):
    return "{} over {}".format(*colours(number))


def make_examples(count):
    return [
        Example(f"{number}.png", lambda number=number: picture(number), [caption(number)])
        for number in range(count)
    ]


def make_pairs(count, side=32):
    pixels = np.stack([np.asarray(picture(number, side)) for number in range(count)])
    return Pairs([[caption(number)] for number in range(count)], torch.from_numpy(pixels))


def make_native_pairs(count, side=32):
    """The same flags, wide and tall in turn, in their own proportions."""
    processor = processor_of(side, GRID)
    sizes = ((2 * side, side), (side, 3 * side))
    flags = (picture(number).resize(sizes[number % 2]) for number in range(count))
    pixels = padded([cut(flag, processor) for flag in flags], GRID * GRID)
    return Pairs([[caption(number)] for number in range(count)], pixels)


def write_folder(folder, count, *, beside=True):
    """The same as files, with their captions in text files or in a table."""
    for number in range(count):
        picture(number).save(folder / f"{number}.png")
        if beside:
            (folder / f"{number}.txt").write_text(caption(number))
    if not beside:
        rows = "".join(f"{number}.png,{caption(number)}\n" for number in range(count))
        (folder / "captions.csv").write_text(f"file,caption\n{rows}")
