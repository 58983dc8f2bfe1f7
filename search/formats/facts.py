"""The facts of a picture that are stored with it, found in a process that can be thrown away."""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import IO

from PIL import Image, ImageFile

from search.formats import exif
from search.formats.dates import time_taken
from search.formats.decode import (
    admit,
    draft,
    in_sandbox,
    is_on_its_side,
    upright_srgb,
)
from search.formats.derived import Derived, derive_from, side_for
from search.formats.likeness import layout_of, perceptual_hash

# Longer side, in pixels, of the picture that the main colour, hash and layout are taken from.
COLOUR_SIDE = 64
# Maximum pixels of a picture that all is made of while somebody waits: it takes 0.1 to 0.3 seconds.
# A JPEG is not decoded in full.
MOST_PIXELS, MOST_OF_JPEG = 16_000_000, 32_000_000
# Minimum longer side of a draft of a JPEG, large ones excepted: that of the preview, which is made
# of the same draft. Another draft has other roundings, and facts are to be those of the file alone.
DRAFT_SIDE = 1600


@dataclass(frozen=True, slots=True)
class Facts:
    """What a picture is: its format, upright size in pixels and main colour ("#rrggbb").

    Also its perceptual hash and layout (search.formats.likeness), and when it was taken, by the
    camera's clock as if that were UTC; None where the file does not say so, or nothing credible.
    Who says so is "camera" or "file" (search.formats.dates). With what it was taken: camera, lens
    and exposure, as far as the file says (search.formats.exif).
    """

    format: str
    width: int
    height: int
    colour: str
    phash: str
    layout: bytes
    taken: datetime | None
    taken_source: str = ""
    camera: dict[str, str] = field(default_factory=dict)


def inspect(file: IO[bytes]) -> Facts:
    """The facts of an upload, all of which is read in a process that can be thrown away.

    Raises `UndecodableImage`.
    """
    return _parse(in_sandbox(examine, file))


def inspect_and_derive(
    file: IO[bytes], sides: Sequence[int], at_least: int
) -> tuple[Facts, Derived | None]:
    """The same, and what `derive()` would make, by the same decoding, unless it is very large."""
    answer = in_sandbox(examine_and_derive, file, at_least, *sides)
    end = answer.index(b"\n") + 1
    pieces = memoryview(answer)[end:]  # Megabytes, of which this is no copy.
    return _parse(answer[:end]), Derived.unpack(pieces) if pieces else None


def inspect_own(file: IO[bytes]) -> Facts:
    """The same of a file that this program has made itself: without a new process, 75 ms of CPU."""
    return _parse(examine(file))


def _parse(answer: bytes) -> Facts:
    facts = json.loads(answer)
    facts["layout"] = bytes.fromhex(facts["layout"])
    facts["taken"] = facts["taken"] and datetime.fromisoformat(facts["taken"])
    return Facts(**facts)


def examine(file: IO[bytes]) -> bytes:
    """The same facts as JSON, decoded in this process. Raises `UndecodableImage`."""
    return _as_json(admit(file, _facts))


def examine_and_derive(file: IO[bytes], at_least: int, *sides: int) -> bytes:
    """The same facts in a line, and behind it what was derived."""

    def work(image: ImageFile.ImageFile, name: str) -> bytes:
        is_left = is_large(image.size, name) or (
            name == "JPEG" and side_for(image.size, sides[0], at_least) > DRAFT_SIDE
        )
        facts = _as_json(_facts(image, name)) + b"\n"
        return facts if is_left else facts + derive_from(image, name, at_least, *sides).pack()

    return admit(file, work)


def is_large(size: tuple[int, int], name: str) -> bool:
    """Whether more than the facts of a picture is left to be made by a worker."""
    return size[0] * size[1] > (MOST_OF_JPEG if name == "JPEG" else MOST_PIXELS)


def _as_json(facts: Facts) -> bytes:
    return json.dumps(asdict(facts) | {"layout": facts.layout.hex()}, default=str).encode()


def _facts(image: ImageFile.ImageFile, name: str) -> Facts:
    width, height = image.size
    draft(image, side=2 * COLOUR_SIDE if is_large(image.size, name) else DRAFT_SIDE)
    png = image.fp.getvalue() if name == "PNG" and isinstance(image.fp, io.BytesIO) else b""
    picture = upright_srgb(image, side=COLOUR_SIDE)
    if is_on_its_side(image):
        width, height = height, width
    red, green, blue = picture.resize((1, 1), Image.Resampling.BOX).tobytes()
    colour = f"#{red:02x}{green:02x}{blue:02x}"
    likeness = perceptual_hash(picture), layout_of(picture)
    taken = time_taken(image, png)
    return Facts(name, width, height, colour, *likeness, *taken, exif.camera(image))
