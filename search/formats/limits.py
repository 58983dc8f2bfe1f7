"""How large a picture may be; all of it is checked on the header, before anything is decoded."""

from math import prod

from PIL import AvifImagePlugin, Image, ImageFile, PngImagePlugin

from search.formats.sniff import UndecodableImage

# Maximum megapixels; more for JPEG, which can be decoded at an eighth of its size.
MEGAPIXELS = {"JPEG": 120}
MEGAPIXELS_OF_OTHERS = 64
# Maximum length of one side, in pixels.
SIDE = 20_000
# Maximum number of frames of an animation.
FRAMES = 500
# Maximum bytes of metadata.
METADATA_BYTES = 4_000_000
# Maximum number of pieces that metadata comes in, and of scans of a JPEG: progressive encoders
# write about 10.
PIECES, SCANS = 2_000, 100
# Maximum bytes of a BMP in runs, of 2 bytes each: Pillow takes a second for a million of them.
RUN_BYTES = 6_000_000
# Maximum pixels of all scans: 100 of 24 megapixels, 20 of 120. These take a second of processor,
# where 100 of 120 took 4.5.
SCANNED_PIXELS = 2_400_000_000

# Pillow warns above this and refuses twice as much, by its own count; ours is check_size.
Image.MAX_IMAGE_PIXELS = MEGAPIXELS["JPEG"] * 1_000_000

# A smaller one, as by default, would call a large colour profile damage.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY

# Each further thread of its decoder would reserve address space, which is limited.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


class TooLarge(UndecodableImage):
    """This picture passes a limit."""


def megapixels_allowed(name: str) -> int:
    """Maximum megapixels of a picture of this format."""
    return MEGAPIXELS.get(name, MEGAPIXELS_OF_OTHERS)


def check_size(size: tuple[int, int], name: str) -> None:
    """Raises TooLarge for too many pixels, in all or on one side."""
    megapixels, allowed = prod(size) / 1_000_000, megapixels_allowed(name)
    if megapixels > allowed:
        raise TooLarge("too_many_megapixels", megapixels=megapixels, allowed=allowed, format=name)
    if max(size) > SIDE:
        raise TooLarge("side_too_long", pixels=max(size), allowed=SIDE)


def check_metadata(image: ImageFile.ImageFile) -> None:
    """Raises TooLarge for too many bytes of metadata among those read so far."""
    segments = [body for _, body in getattr(image, "applist", [])] or image.info.values()
    size = sum(len(value) for value in segments if isinstance(value, bytes | str))
    if size > METADATA_BYTES:
        raise TooLarge(
            "too_much_metadata", megabytes=size / 1_000_000, allowed=METADATA_BYTES / 1_000_000
        )


def check_frames(image: ImageFile.ImageFile) -> None:
    """Raises TooLarge for an animation of too many frames."""
    frames = getattr(image, "n_frames", 1)
    if frames > FRAMES:
        raise TooLarge("too_many_frames", frames=frames, allowed=FRAMES)
