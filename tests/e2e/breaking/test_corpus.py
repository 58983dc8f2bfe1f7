"""The whole hostile corpus sent to a running site: by every entry, and it lives on."""

import html
import json
import re
import time
from pathlib import Path

import psutil
import pytest

from tests.support.corpus import corpus
from tests.support.faults import failed, settled
from tests.support.promises import only_in_full

pytestmark = [pytest.mark.usefixtures("emptied"), pytest.mark.promise("P4"), only_in_full]
ACCEPTED = ""


def uploaded(session, files) -> dict[str, str]:
    return {name: verdict(session.upload((name, data))) for name, data in files.items()}


def searched_by(session, files) -> dict[str, str]:
    return {
        name: verdict(session.post("/query-pictures/", files=[("picture", (name, data))]))
        for name, data in files.items()
    }


def verdict(response) -> str:
    """The sentence of the page; empty where the file was accepted."""
    assert response.status_code < 500, response.text
    sentence = SENTENCE.search(response.text)
    assert bool(sentence) == (response.status_code >= 400), response.text
    if sentence is None:
        return ACCEPTED
    text = re.sub("<[^>]*>", "", sentence[1] or sentence[2])
    return " ".join(html.unescape(text).split())


# On the page of an upload, and on that of a search.
SENTENCE = re.compile(
    r'data-state="refused".*?row__state">(.*?)</span>|role="alert"><bdi>.*?</bdi>: (.*?)</p>',
    re.DOTALL,
)


def ingested(stack, folder: Path) -> dict[str, str]:
    outcome = json.loads(stack.manage("ingest", str(folder), "--json").stdout)
    verdicts = {Path(row["file"]).name: row["reason"] for row in outcome["refused"]}
    taken = [*outcome["stored"], *outcome["skipped"]]
    return verdicts | {Path(row["file"]).name: ACCEPTED for row in taken}


def processes(stack) -> set[int]:
    """The ids of all processes that serve and work."""
    parents = [psutil.Process(stack.children[n].process.pid) for n in ("web", "ingest", "query")]
    return {process.pid for parent in parents for process in (parent, *parent.children())}


def test_every_entry_says_the_same_and_nothing_dies(stack, tmp_path, figure):
    files = {f"{number}.jpg": draw() for number, draw in enumerate(corpus().values())}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    session, before = stack.session(), processes(stack)
    started = time.monotonic()

    by_upload = uploaded(session, files)
    by_picture = searched_by(session, files)
    by_folder = ingested(stack, tmp_path)

    accepted = [name for name, sentence in by_upload.items() if sentence == ACCEPTED]
    seconds = time.monotonic() - started
    figure("P4", f"{len(files)} files by 3 entries, {len(accepted)} accepted, in {seconds:.0f} s")
    assert by_picture == by_upload == by_folder
    assert stack.eventually(lambda: settled(stack), 120)
    assert failed(stack) == [] and stack.embedded() == len(accepted)
    assert processes(stack) == before
