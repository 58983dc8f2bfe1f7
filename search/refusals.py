"""Refusals: a code, its parameters, and the one sentence that a person reads.

A leaf without Django, which encoders and training use as well. Rows and children's answers carry
code and parameters; the sentence is made here, where it is shown, so that it can be said in another
language later.
"""

from collections.abc import Mapping
from typing import Any, Self

SENTENCES = {
    "text": "{text}",  # Of rows and programs from before there were codes.
    # Formats ---------------------------------------------------------------------------------
    "is_pdf": "This is a PDF, not a picture.",
    "is_postscript": "This is a PostScript drawing; please save it as PNG first.",
    "is_photoshop": "This is a Photoshop document; please save it as PNG or JPEG first.",
    "is_heic": "This is a HEIC picture; please save it as JPEG first.",
    "is_video": "This is a video, not a picture.",
    "is_jpeg_xl": "This is a JPEG XL picture; please save it as JPEG first.",
    "is_jpeg_2000": "This is a JPEG 2000 picture; please save it as JPEG first.",
    "is_icon": "This is an icon; please save it as PNG first.",
    "is_zip": "This is a ZIP archive, not a picture.",
    "is_web_page": "This is a web page, not a picture.",
    "is_svg": "This is an SVG drawing; please save it as PNG first.",
    "is_text": "This is text, not a picture.",
    "is_no_picture": "This is not a picture that can be read: {formats} or {last}.",
    "file_is_empty": "This file is empty.",
    "file_is_damaged": "This {format} file is damaged or incomplete.",
    "too_many_megapixels": "This picture has {megapixels:,.1f} megapixels; "
    "{allowed} are allowed in a file of type {format}.",
    "far_too_many_megapixels": "This picture has more than {at_least} megapixels; "
    "{allowed} are allowed in a file of type {format}.",
    "side_too_long": "This picture is {pixels:,} pixels long on one side; {allowed:,} are allowed.",
    "too_much_metadata": "This picture carries {megabytes:,.1f} MB of metadata; "
    "{allowed:g} MB are allowed.",
    "too_many_frames": "This animation has {frames:,} frames; {allowed} are allowed.",
    "decoding_takes_too_long": "This picture takes too long to decode.",
    "decoding_takes_too_much_memory": "This picture takes too much memory to decode.",
    "decoding_failed": "This picture can't be decoded.",
    "region_is_no_four_numbers": "A region is four numbers: left, top, width and height.",
    "region_too_small": "This region is too small: draw it larger.",
    "region_outside": "This region lies outside of the picture.",
    # Library ---------------------------------------------------------------------------------
    "too_many_bytes": "This file has {megabytes:,.1f} MB; {allowed:g} MB are allowed.",
    "storage_away": "The storage could not be read.",
    "original_missing": "The original is missing from the storage.",
    # Query -----------------------------------------------------------------------------------
    # Matches and comparison ------------------------------------------------------------------
    # Evaluation ------------------------------------------------------------------------------
    # Encoders --------------------------------------------------------------------------------
    # Training --------------------------------------------------------------------------------
    # Work: promises, requests and runs -------------------------------------------------------
}


class Refusal(Exception):
    """What can't be done, and why: one kind is one subclass, caught by who can mend it.

    `parameters` are values of JSON: they cross over to rows and from children.
    """

    def __init__(self, code: str, **parameters: Any) -> None:
        super().__init__(code, parameters)
        self.code, self.parameters = code, parameters

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The refusal that `as_json()` wrote."""
        return cls(row["code"], **row["parameters"])

    def as_json(self) -> dict[str, Any]:
        """Code and parameters, as a child process or a row carries them."""
        return {"code": self.code, "parameters": self.parameters}

    def __reduce__(self) -> Any:
        # Across the processes of a pool: by default the parameters would come back as a second
        # positional argument.
        return type(self).of, (self.as_json(),)

    def __str__(self) -> str:
        return sentence(self.code, self.parameters)


def sentence(code: str, parameters: Mapping[str, Any]) -> str:
    """What a person reads; nothing for no code. An unknown code is shown as it is: a newer worker
    may have written it.
    """
    return SENTENCES.get(code, code).format_map(parameters) if code else ""
