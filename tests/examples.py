"""Pictures with captions to train on, of which a colour is all there is to see."""

import numpy as np
import torch
from PIL import Image

from workers.training.batches import Pairs
from workers.training.sources import Example

COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 180, 60),
    "blue": (40, 70, 220),
    "yellow": (235, 215, 60),
    "black": (20, 20, 20),
    "white": (250, 250, 250),
}
WORDS = ["sheet", "wall", "card", "cloth"]


def picture(number, side=32):
    """A coloured square with a little noise, and no two the same."""
    colour = list(COLOURS.values())[number % len(COLOURS)]
    noise = np.random.default_rng(number).normal(0, 12, (side, side, 3))
    return Image.fromarray(np.clip(noise + colour, 0, 255).astype(np.uint8))


def caption(number):
    return f"a {list(COLOURS)[number % len(COLOURS)]} {WORDS[number // 6 % len(WORDS)]}"


def make_examples(count):
    return [
        Example(f"{number}.png", lambda number=number: picture(number), [caption(number)])
        for number in range(count)
    ]


def make_pairs(count, side=32):
    pixels = np.stack([np.asarray(picture(number, side)) for number in range(count)])
    return Pairs([[caption(number)] for number in range(count)], torch.from_numpy(pixels))


def write_folder(folder, count, *, beside=True):
    """The same as files, with their captions in text files or in a table."""
    for number in range(count):
        picture(number).save(folder / f"{number}.png")
        if beside:
            (folder / f"{number}.txt").write_text(caption(number))
    if not beside:
        rows = "".join(f"{number}.png,{caption(number)}\n" for number in range(count))
        (folder / "captions.csv").write_text(f"file,caption\n{rows}")
