"""Would renditions be smaller by a third in WebP or AVIF, at equal SSIM?

    .venv/bin/python -m bench.rendition_formats [--pictures 8] [--folder FOLDER]

Drawings of the studio, pictures that are drawn like photographs, and pictures of a folder, each as
a thumbnail and as a preview: as the JPEG that Sightline makes of it, and in other formats at the
lowest quality whose SSIM (Wang et al. 2004, of the brightness) is no worse. Times are of a
processor. Writes a table to bench/results/. Takes 6 minutes.
"""

import io
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from bench.photographs import photograph
from bench.support import parser_of, report, say, table
from search.formats.decode import fit, jpeg
from workers.studio.draw import catalogue

SIDES = {"thumbnail": 640, "preview": 1600}  # Pixels, of the longer side.
# Deviation of the window that SSIM is computed in, and its two constants, of a brightness to 255.
WINDOW, C1, C2 = 1.5, (0.01 * 255) ** 2, (0.03 * 255) ** 2


class File(NamedTuple):
    """A picture in a format: bytes, milliseconds to write and to read it, and its SSIM."""

    size: int
    write: float
    read: float
    likeness: float


def webp(method: int) -> Callable[[Image.Image, int], bytes]:
    return lambda image, quality: saved(image, "WebP", quality=quality, method=method)


def avif(speed: int) -> Callable[[Image.Image, int], bytes]:
    return lambda image, quality: saved(image, "AVIF", quality=quality, speed=speed)


def progressive(image: Image.Image, quality: int) -> bytes:
    return saved(image, "JPEG", quality=quality, progressive=True)


FORMATS: dict[str, Callable[[Image.Image, int], bytes]] = {
    "JPEG, progressive": progressive,
    "WebP, method 2": webp(2),
    "WebP, method 4": webp(4),
    "AVIF, speed 8": avif(8),
    "AVIF, speed 6": avif(6),
}


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--pictures", type=int, default=8, help="of each kind")
    parser.add_argument("--folder", type=Path, help="of photographs to measure as well")
    options = parser.parse_args()
    kinds = {"drawn": drawings(options.pictures), "like photographs": photographs(options.pictures)}
    if options.folder:
        kinds["photographs"] = files_of(options.folder)
    rows = [["pictures", "rendition", "format", "kB", "of JPEG", "SSIM", "write, ms", "read, ms"]]
    for kind, pictures in kinds.items():
        rows += rows_of(kind, list(pictures))
    report("rendition_formats", page(table(rows)))


def drawings(count: int) -> Iterator[Image.Image]:
    yield from (picture for _, picture in catalogue(count, 1, side=max(SIDES.values())))


def photographs(count: int) -> Iterator[Image.Image]:
    yield from (Image.open(io.BytesIO(photograph("camera", seed))) for seed in range(count))


def files_of(folder: Path) -> Iterator[Image.Image]:
    yield from (Image.open(file).convert("RGB") for file in sorted(folder.iterdir()))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


# Measuring ---------------------------------------------------------------------------------------


def rows_of(kind: str, pictures: Sequence[Image.Image]) -> Iterator[list[str]]:
    for name, side in SIDES.items():
        say(f"{kind}: {name}")
        images = [fit(picture, side) for picture in pictures]
        standard = [measured(image, jpeg) for image in images]
        files = {"JPEG": standard}
        for title, write in FORMATS.items():
            files[title] = [
                as_good(image, write, least.likeness)
                for image, least in zip(images, standard, strict=True)
            ]
        yield from ([kind, name, title, *cells(those, standard)] for title, those in files.items())


def measured(image: Image.Image, write: Callable[..., bytes], *quality: int) -> File:
    started = time.process_time()
    data = write(image, *quality)
    written = time.process_time()
    again = Image.open(io.BytesIO(data)).convert("RGB")
    read = time.process_time()
    write_ms, read_ms = 1000 * (written - started), 1000 * (read - written)
    return File(len(data), write_ms, read_ms, likeness(image, again))


def as_good(image: Image.Image, write: Callable[..., bytes], least: float) -> File:
    """The smallest whose SSIM is no worse, by halving the qualities that are left."""
    low, high = 20, 100
    best = measured(image, write, high)
    while high - low > 1:
        middle = (low + high) // 2
        file = measured(image, write, middle)
        if file.likeness >= least:
            high, best = middle, file
        else:
            low = middle
    return best


def likeness(one: Image.Image, other: Image.Image) -> float:
    """The mean SSIM of the two pictures' brightness."""
    x, y = (np.asarray(image.convert("L"), np.float32) for image in (one, other))
    mean_x, mean_y = smooth(x), smooth(y)
    variance_x, variance_y = smooth(x * x) - mean_x**2, smooth(y * y) - mean_y**2
    together = smooth(x * y) - mean_x * mean_y
    nearness = (2 * mean_x * mean_y + C1) * (2 * together + C2)
    return float(
        (nearness / ((mean_x**2 + mean_y**2 + C1) * (variance_x + variance_y + C2))).mean()
    )


def smooth(values: Any) -> Any:
    return gaussian_filter(values, WINDOW, truncate=3.5)


# What is shown -----------------------------------------------------------------------------------


def cells(files: Sequence[File], standard: Sequence[File]) -> list[str]:
    shares = [file.size / jpeg.size for file, jpeg in zip(files, standard, strict=True)]
    return [
        f"{median(file.size for file in files) / 1000:.1f}",
        f"{median(shares):.2f}",
        f"{median(file.likeness for file in files):.4f}",
        f"{median(file.write for file in files):.1f}",
        f"{median(file.read for file in files):.1f}",
    ]


def page(rows: str) -> str:
    return (
        "# Renditions in other formats\n\n"
        "Medians. *JPEG* is what Sightline makes; each other format has the lowest quality whose"
        " SSIM is no worse, picture by picture. *Of JPEG* is the median share of its bytes. Made by"
        f" `python -m bench.rendition_formats`.\n\n{rows}"
    )


if __name__ == "__main__":
    main()
