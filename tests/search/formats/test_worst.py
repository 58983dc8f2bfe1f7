"""The files that take most, each within what a small server has: memory and time."""

import pytest

from tests.support.promises import only_in_full
from tests.support.worst import cost, worst

pytestmark = pytest.mark.promise("P5")
# MiB of the sandbox at its peak and of the process that asks, and seconds of a processor.
SANDBOX, WORKER, SECONDS = 700, 60, 5
# The largest and slowest by bench/results/worst_files.md.
NAMES = (
    "full_colours.avif",
    "plain.avif",
    "lossless_with_alpha.webp",
    "lossy_with_alpha.webp",
    "rgb_in_one_strip.tif",
    "progressive_cut.jpg",
    "progressive.jpg",
    "floats.tif",
    "grey_of_16_bits.png",
    "runs_of_one_pixel.bmp",
)


@only_in_full
@pytest.mark.parametrize("side", [0, 1024], ids=["upload", "query picture"])
def test_no_file_takes_more_than_it_may(side, figure):
    costs = {name: cost(worst()[name](), side) for name in NAMES}
    largest = max(each.sandbox for each in costs.values())
    slowest = max(each.seconds for each in costs.values())

    figure("P5", f"{len(costs)} worst files: {largest:.0f} MiB and {slowest:.1f} s at most")
    too_much = {
        name: each
        for name, each in costs.items()
        if each.sandbox > SANDBOX or each.seconds > SECONDS or each.worker > WORKER
    }
    assert too_much == {}


@only_in_full
def test_a_header_that_lies_gains_nothing(figure):
    data = worst()["full_colours_with_alpha.avif"]()
    at = data.index(b"av1C") + 6
    liar = cost(data[:at] + b"\x1c" + data[at + 1 :])  # It is grey, it says.

    assert "Decoding this picture would take 767 MB" in cost(data).sentence
    figure("P5", f"An AVIF whose header lies: {liar.sandbox:.0f} MiB, then a sentence")
    assert liar.sentence == "This picture takes too much memory to decode."
    assert liar.sandbox <= SANDBOX
