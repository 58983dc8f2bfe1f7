"""A hostile corpus through the one `admit`: a sentence for each file, whichever way it comes."""

import io

import pytest
from PIL import Image

from search.formats import decode
from search.formats.derived import derive_here
from search.formats.facts import examine
from search.formats.sniff import BAD_BYTES, UndecodableImage
from tests.support.corpus import corpus

pytestmark = pytest.mark.promise("P4")
# Longer side of a query picture, in pixels.
SIDE = 1024
# Codes by which the program says that it has come to its end, and not what is wrong with a file.
OURS = {"decoding_failed", "decoding_takes_too_long"}


def verdict(work, data: bytes, *args: int) -> str:
    """The sentence by which these bytes are refused; empty where they are accepted."""
    try:
        work(io.BytesIO(data), *args)
    except UndecodableImage as refusal:
        assert refusal.code not in OURS
        return str(refusal)
    return ""


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {name: draw() for name, draw in corpus().items()}


@pytest.fixture(scope="module")
def verdicts(files) -> dict[str, str]:
    """As of an upload."""
    return {name: verdict(examine, data) for name, data in files.items()}


def test_a_file_to_search_by_gets_the_verdict_of_an_upload(files, verdicts, figure):
    others = {name: verdict(decode.shrink_here, data, SIDE) for name, data in files.items()}

    refused = sum(map(bool, verdicts.values()))
    figure("P4", f"{len(files)} files, {refused} of them refused with a sentence, as both entries")
    assert len(set(files.values())) == len(files) >= 200
    assert {name for name in files if others[name] != verdicts[name]} == set()


def test_every_verdict_is_one_sentence(verdicts):
    sentences = {name: text for name, text in verdicts.items() if text}

    assert {n for n, text in sentences.items() if not text.endswith(".") or "\n" in text} == set()
    assert len(set(sentences.values())) > 40


def test_what_is_accepted_can_be_shown_and_searched(files, verdicts):
    accepted = {name: files[name] for name, text in verdicts.items() if not text}

    later = {
        name: [verdict(derive_here, data, 448, 1600, 640), verdict(decode.decode_here, data, 448)]
        for name, data in accepted.items()
    }

    assert len(accepted) > 100
    assert {name for name, sentences in later.items() if any(sentences)} == set()


def test_control_a_second_door_with_rules_of_its_own_differs(files, verdicts):
    def other_door(file):
        with decode.refuse_damage("file"):
            Image.open(file).load()

    others = {}
    for name, data in list(files.items())[::3]:
        try:
            others[name] = bool(verdict(other_door, data))
        except BAD_BYTES:
            others[name] = True

    assert any(others[name] != bool(verdicts[name]) for name in others)
