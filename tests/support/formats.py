"""The facts, the picture or the refusal of some bytes."""

import io

import pytest

from search.formats import decode as decoding
from search.formats import facts
from search.formats.sniff import UndecodableImage
from tests.support import pictures


def inspect(data):
    with pictures.upload(data) as file:
        return facts.inspect(file)


def decode(data, **options):
    return decoding.decode(io.BytesIO(data), **options)


def decoded_or_none(data):
    try:
        return decode(data)
    except UndecodableImage:
        return None


def refusal(data, kind=UndecodableImage):
    """The sentence of the refusal, which has to be of this kind exactly."""
    with pytest.raises(UndecodableImage) as caught:
        inspect(data)
    assert caught.type is kind
    return str(caught.value)
