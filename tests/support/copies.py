"""Pictures that the library holds, and queries by them."""

import io
from tempfile import TemporaryFile

from PIL import Image

from search.formats.facts import inspect_own
from search.formats.region import Region
from search.library.near_duplicates import compare_next
from search.models import Asset
from search.query import Example, Query, answer, remember_picture
from tests.support.factories import make_user
from tests.support.placed import put


def file_of(image: Image.Image, **options) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, options.pop("format", "PNG"), **options)
    file.seek(0)
    return file


def add(image: Image.Image, *, distance: float = 0.5, **fields) -> Asset:
    """An asset that looks like this, compared with all others."""
    facts = inspect_own(file_of(image))
    likeness = {"phash": facts.phash, "layout": facts.layout}
    asset = put(distance, size=image.size, **likeness, **fields)
    while compare_next():
        pass
    return asset


def by(image: Image.Image, *, region: Region | None = None, **options) -> Query:
    with TemporaryFile() as file:  # The sandbox reads a descriptor.
        file.write(file_of(image, **options).getvalue())
        token = remember_picture(file, make_user())
    return Query(like=(Example(picture=token, region=region),))


def matches(query: Query) -> dict[str, str]:
    return {hit.asset.title: hit.match for hit in answer(query, make_user()).hits}
