"""Pictures with as much in them as photographs have, of the sizes of a camera and of the web."""

import io
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

# By kind: width and height, the noise's deviation (of 255), and JPEG's quality. A camera's has 12
# megapixels and about 4 MB, one from the web a megapixel and about a third of a MB.
KINDS = {"camera": ((4000, 3000), 6.0, 90), "web": ((1160, 870), 4.0, 85)}
# Widths of the layers that structure is made of, in random pixels, each beneath the one before.
LAYERS = (4, 12, 40, 120, 360)
SHAPES = 40
# Share of a layer's brightness that all colours have in common: photographs are mostly grey.
GREY = 0.75


def draw_all(kind: str, count: int, folder: Path) -> list[Path]:
    """So many pictures of a kind, in files of this folder."""
    folder.mkdir()
    with ProcessPoolExecutor() as pool:
        return list(pool.map(draw_file, repeat(kind), range(count), repeat(folder)))


def draw_file(kind: str, number: int, folder: Path) -> Path:
    path = folder / f"{kind}-{number:04}.jpg"
    path.write_bytes(photograph(kind, number))
    return path


def photograph(kind: str, seed: int) -> bytes:
    """A JPEG, the same for the same seed."""
    size, noise, quality = KINDS[kind]
    random, data = np.random.default_rng([len(kind), seed]), io.BytesIO()
    image = with_noise(with_shapes(structure(size, random), random), noise, random)
    image.save(data, "JPEG", quality=quality)
    return data.getvalue()


def structure(size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    """Colours that change over long and short ways."""
    layers = list(layers_of(size, random))
    image = layers[0]
    for layer in layers[1:]:
        image = Image.blend(image, layer, 1 / 3)
    return image


def layers_of(size: tuple[int, int], random: np.random.Generator) -> Iterator[Image.Image]:
    for width in reversed(LAYERS):
        shape = (max(2, width * 3 // 4), width)
        colours = GREY * random.random((*shape, 1)) + (1 - GREY) * random.random((*shape, 3))
        layer = Image.fromarray((255 * colours).astype(np.uint8))
        yield layer.resize(size, Image.Resampling.BICUBIC)


def with_shapes(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """With edges, as things have them."""
    pen = ImageDraw.Draw(image)
    for x, y, width, height, *colour in random.random((SHAPES, 7)):
        left, top = x * image.width, y * image.height
        box = (left, top, left + width * image.width / 5, top + height * image.height / 5)
        pen.ellipse(box, fill=tuple(int(64 + 128 * part) for part in colour))
    return image


def with_noise(image: Image.Image, noise: float, random: np.random.Generator) -> Image.Image:
    grain = noise * random.standard_normal((image.height, image.width, 1), dtype=np.float32)
    pixels = np.asarray(image, dtype=np.float32) + grain
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
