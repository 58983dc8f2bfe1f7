"""What decoding takes of memory, and where."""

import io

import pytest

from search.formats import decode as decoding
from search.formats import sandbox
from search.formats.limits import TooLarge
from tests.support import pictures
from tests.support.formats import decode

MIB = 1 << 20


def memory(data, *args):
    """MiB that decoding takes a new process, at its peak."""
    with pictures.upload(data) as file:
        return int(sandbox.run(pictures.peak_of_decoding, file, *args)) / MIB


def test_a_transparent_picture_takes_its_pixels_once():
    data = pictures.png((4000, 4000), (200, 30, 30, 120), mode="RGBA", compress_level=1)
    once = 4000 * 4000 * 4 / MIB

    assert memory(data, 0, 448) < 1.5 * once
    assert memory(data, 0, 0) > 2.5 * once  # whole, as all pictures were decoded


@pytest.fixture
def ran(monkeypatch):
    """The orders to the sandbox, to which every picture above 1,000 pixels is heavy."""
    orders = []
    run = sandbox.run
    monkeypatch.setattr(decoding, "MOST_PIXELS_HERE", 1000)
    monkeypatch.setattr(sandbox, "run", lambda *order: orders.append(order) or run(*order))
    return orders


@pytest.mark.parametrize("size", [{"side": 40}, {"at_least": 20}])
@pytest.mark.parametrize("format", ["PNG", "WebP", "TIFF"])
def test_a_heavy_picture_is_decoded_in_the_sandbox_and_comes_back_the_same(ran, format, size):
    data = pictures.saved(pictures.corners(), format)

    apart = decode(data, **size)

    assert len(ran) == 1
    assert apart.size == (40, 27) if "side" in size else (32, 22)
    assert apart.tobytes() == decoding.decode_here(io.BytesIO(data), *order_of(**size)).tobytes()


def order_of(side=0, at_least=0):
    return side, at_least


def test_a_light_picture_needs_no_process(ran):
    decode(pictures.png((30, 30)), at_least=20)

    assert not ran


def test_a_baseline_jpeg_counts_as_large_as_it_is_decoded(ran):
    decode(pictures.jpeg((200, 200)), at_least=25)
    assert not ran

    decode(pictures.jpeg((200, 200), progressive=True), at_least=25)
    assert len(ran) == 1


def test_a_heavy_picture_is_refused_as_any_other(ran):
    with pytest.raises(TooLarge, match="20,001 pixels"):
        decode(pictures.png_of_size(20_001, 5), at_least=2)
