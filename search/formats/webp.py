"""Large WebP pictures, decoded once.

Pillow decodes every WebP as an animation: two canvases, a copy of the frame and the picture, four
times the pixels of one with 64 megapixels: 1,067 MiB. libwebp itself, which Pillow has loaded, does
it into one buffer: with the copy that it needs of a lossless one 290 to 530 MiB.
"""

import ctypes
import io
from importlib import import_module
from typing import Any

from PIL import Image, WebPImagePlugin

# Pixels above which a picture is worth it; below, Pillow's way takes 130 MiB at most.
LARGE = 8_000_000
# Bit in the flags of an extended WebP, and where they are, that says it moves.
MOVES, FLAGS = 2, 20


def load(image: Image.Image) -> Image.Image:
    """The picture with its pixels in memory: itself, or another one in place of a large WebP."""
    if image.width * image.height > LARGE and _is_still(image) and (decode := _decoder()):
        return _still(decode, image)
    image.load()
    return image


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height by the header; 0 where there is none, as Pillow will say."""
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X":
        return _number(body[4:7]) + 1, _number(body[7:10]) + 1
    if kind == b"VP8L":
        bits = _number(body[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return _number(body[6:8]) & 0x3FFF, _number(body[8:10]) & 0x3FFF


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def is_decoded_once(image: Image.Image) -> bool:
    """Whether a large picture would be, and not as an animation."""
    return _is_still(image) and _decoder() is not None


def _is_still(image: Image.Image) -> bool:
    """Whether this is a WebP that has but one picture, and no frames."""
    if not isinstance(image, WebPImagePlugin.WebPImageFile) or not isinstance(image.fp, io.BytesIO):
        return False
    head = image.fp.getvalue()[: FLAGS + 1]
    return not (head[12:16] == b"VP8X" and head[FLAGS] & MOVES)


def _decoder() -> Any:
    """libwebp's function; None where Pillow was built so that it can't be found."""
    try:
        # What is linked with Pillow's module is found by it.
        function = ctypes.CDLL(import_module("PIL._webp").__file__).WebPDecodeRGBAInto
    except (AttributeError, ImportError, OSError):
        return None
    size, pointer = ctypes.c_size_t, ctypes.c_void_p
    function.argtypes = (ctypes.c_char_p, size, pointer, size, ctypes.c_int)
    function.restype = pointer
    return function


def _still(decode: Any, image: Any) -> Image.Image:
    data = image.fp.getvalue()
    image._decoder = None  # With its canvases.
    width, height = image.size
    pixels = bytearray(4 * width * height)
    place = (ctypes.c_ubyte * len(pixels)).from_buffer(pixels)
    if not decode(data, len(data), place, len(pixels), 4 * width):
        raise OSError("broken WebP")
    mode = "RGBA" if image.mode == "RGBA" else "RGBX"
    # These share the memory of the bytes.
    return Image.frombuffer(mode, image.size, pixels, "raw", mode, 0, 1)
