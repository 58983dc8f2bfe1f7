"""EXIF: what a picture's tags say of the camera, its settings and the date."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from PIL import ExifTags, Image

from search.formats.sniff import BAD_BYTES

# Maximum characters of a camera's or lens's name.
LONGEST = 80

Tags = Mapping[int, Any]


def tags(image: Image.Image) -> tuple[Tags, Tags]:
    """The tags of the picture and its camera, and those of the satellites; none if broken."""
    with suppress(*BAD_BYTES):  # A picture with broken EXIF is still a picture.
        exif = image.getexif()
        return dict(exif) | exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    return {}, {}


def camera(image: Image.Image) -> dict[str, str]:
    """With what it was taken, as texts: "model", "lens" and "exposure", each if the file says it.

    No serial numbers and no names of people: everyone who sees the picture sees this too.
    """
    exif, _ = tags(image)
    exposure = (text for name, text_of in EXPOSURE if (text := _safely(text_of, exif.get(name))))
    texts = {
        "model": _model(exif),
        "lens": _name(exif.get(ExifTags.Base.LensModel)),
        "exposure": ", ".join(exposure),
    }
    return {name: text for name, text in texts.items() if text}


def _model(exif: Tags) -> str:
    """With the maker where the model does not begin with it: "Canon EOS R5", "SONY ILCE-7M3"."""
    make, model = _name(exif.get(ExifTags.Base.Make)), _name(exif.get(ExifTags.Base.Model))
    if not make or make.split()[0].casefold() == model.split(" ")[0].casefold():
        return model
    return f"{make} {model}".strip()


def _name(value: object) -> str:
    text = value if isinstance(value, str) else ""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:LONGEST]


def _safely(text_of: Callable[[float], str], value: Any) -> str:
    """The text of a number that can be one of its kind; cameras write several, zeros and NaN."""
    with suppress(*BAD_BYTES, ArithmeticError):
        number = float(value[0] if isinstance(value, tuple | list) else value)
        return text_of(number) if 0 < number < 10_000_000 else ""
    return ""


def _seconds(time: float) -> str:
    return f"{_short(time)} s" if time >= 0.3 else f"1/{round(1 / time)} s"


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


EXPOSURE: list[tuple[int, Callable[[float], str]]] = [
    (ExifTags.Base.ExposureTime, _seconds),
    (ExifTags.Base.FNumber, lambda number: f"f/{_short(number)}"),
    (ExifTags.Base.ISOSpeedRatings, lambda number: f"ISO {round(number)}"),
    (ExifTags.Base.FocalLength, lambda length: f"{_short(length)} mm"),
]
