"""Queries by a picture that somebody has chosen."""

from tempfile import TemporaryFile

from search.query import Example, Query, remember_picture
from tests.support.factories import make_user, picture


def picture_query(colour: str = "red") -> Query:
    with TemporaryFile() as file:
        picture(colour).save(file, "PNG")
        return Query(like=(Example(picture=remember_picture(file, make_user())),))
