"""How far the sample catalogue is, which a demo fills an empty library with behind its pages.

A file in VAR_DIR says that it is being filled and with how many pictures, from before the first is
stored until the last is embedded: so a start that was cut off is gone on with by the next.
"""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from search.models import Asset


@dataclass(frozen=True, slots=True)
class Progress:
    """How many pictures are in the library, and how many there will be."""

    done: int
    total: int


def begin(pictures: int) -> None:
    """Note that the catalogue is being filled with so many pictures."""
    new = _note().with_suffix(".new")
    new.write_text(str(pictures))
    new.rename(_note())  # Whoever reads it meanwhile never sees half of it.


def end() -> None:
    """Note that the catalogue is complete."""
    _note().unlink(missing_ok=True)


def is_filling() -> bool:
    """Whether pictures are still to come."""
    return _note().exists()


def progress() -> Progress | None:
    """How far the catalogue is; None when none is being filled."""
    try:
        total = int(_note().read_text())
    except FileNotFoundError:
        return None
    # Whatever somebody uploads meanwhile counts too: to tell them apart is worth no column.
    return Progress(min(Asset.objects.count(), total), total)


def _note() -> Path:
    return Path(settings.VAR_DIR) / "sample-catalogue"
