"""What a file is by its first bytes: the formats that are accepted, and strangers by their name."""

import re
import struct
import zlib
from typing import IO

from search.refusals import Refusal

# Every format that is accepted, under Pillow's name for it, and how its files begin.
FORMATS = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "WebP": rb"RIFF....WEBP",
    "AVIF": rb"....ftyp(?:....){0,32}?avi[fs]",
    "GIF": rb"GIF8[79]a",
    "TIFF": rb"II[*+]\0|MM\0\*",
    "BMP": rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",
}
# Codes of what else a file may be, tried in this order.
STRANGERS = {
    rb"%PDF-": "is_pdf",
    rb"%!PS|\xc5\xd0\xd3\xc6": "is_postscript",
    rb"8BPS": "is_photoshop",
    rb"....ftyp(?:hei|hev|mif1|msf1)": "is_heic",
    rb"....ftypcrx|FUJIFILMCCD-RAW|IIU\0|IIR[OS]|MMOR|FOVb": "is_camera_raw",
    rb"....(?:ftyp|moov|mdat|wide|free|skip|pnot)": "is_video",
    rb"\x1aE\xdf\xa3|RIFF....AVI |FLV\x01|\x30\x26\xb2\x75|\0\0\x01[\xb3\xba]": "is_video",
    rb"RIFF....WAVE|ID3|fLaC|\xff[\xf2\xf3\xfa\xfb]": "is_sound",
    rb"MM\0\+": "is_big_endian_bigtiff",
    rb"\0\x05\x16[\x00\x07]": "is_companion_of_macos",
    rb"\xff\x0a|\0\0\0\x0cJXL ": "is_jpeg_xl",
    rb"\0\0\0\x0cjP  |\xff\x4f": "is_jpeg_2000",
    rb"\0\0\x01\0": "is_icon",
    rb"PK\x03\x04": "is_zip",
    rb"Rar!\x1a|7z\xbc\xaf|\x1f\x8b|BZh": "is_archive",
    rb"(?i)\W*<(?:!doctype html|html|head|body|script)": "is_web_page",
    rb"(?i)\W*<(?:.*<)?svg\b": "is_svg",
    rb"[^\x00-\x08\x0e-\x1f\x7f]*\Z": "is_text",
}
# Names of pictures of formats that few have.
OTHER_PICTURES = {
    rb"gimp xcf": "GIMP",
    rb"v/1\x01": "OpenEXR",
    rb"#\?RADIANCE|#\?RGBE": "Radiance HDR",
    rb"qoif": "QOI",
    rb"P[1-7fF]\s": "Netpbm",
    rb"DDS ": "DirectDraw",
    rb"II\xbc\x01": "JPEG XR",
    rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF": "Windows metafile",
}
HEAD_BYTES = 1024

# What Pillow raises for bytes that it can't make a picture of.
BAD_BYTES = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    RuntimeError,  # of the AVIF decoder
    AssertionError,  # of a palette that is missing
    struct.error,
    zlib.error,
)


class UndecodableImage(Refusal):
    """This file is no picture that we can read."""


class UnsupportedFormat(UndecodableImage):
    """This file is something else than a picture, or a picture of a format not accepted."""


def sniff(file: IO[bytes]) -> str:
    """The format that the first bytes name. Raises UndecodableImage and UnsupportedFormat."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    for name, pattern in FORMATS.items():
        if re.match(pattern, head, re.DOTALL):
            return name
    if not head:
        raise UndecodableImage("file_is_empty")
    for pattern, other in OTHER_PICTURES.items():
        if re.match(pattern, head, re.DOTALL):
            raise UnsupportedFormat("is_another_picture", name=other)
    for pattern, code in STRANGERS.items():
        if re.match(pattern, head, re.DOTALL):
            raise UnsupportedFormat(code)
    *names, last = FORMATS
    raise UnsupportedFormat("is_no_picture", formats=", ".join(names), last=last)


def content_type(name: str) -> str:
    """The media type of a format."""
    return f"image/{name.lower()}"


# Of each format, the ends that names of its files have, the first one for those that have none.
EXTENSIONS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp", ".dib"),
}


def download_name(filename: str, name: str) -> str:
    """The file's name with an extension of its format in place of any other."""
    extensions = EXTENSIONS.get(name, (f".{name.lower()}",))
    if filename.lower().endswith(extensions):
        return filename
    # A number behind a dot is part of the name.
    return re.sub(r"(?<=.)\.(?=\w*[^\W\d])\w{1,5}$", "", filename) + extensions[0]
