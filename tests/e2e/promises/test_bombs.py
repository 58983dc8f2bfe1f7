"""JPEGs of 2,000 scans, each of which would take seconds: nobody behind them waits."""

import time

import pytest

from tests.support.faults import failed, ingest_worker, picture
from tests.support.pictures import jpeg_of_scans
from tests.support.promises import only_in_full

BOMBS = 10
# Seconds that a good picture may take more, behind so many.
MORE = 3
BOMB = jpeg_of_scans(2_000, (1_500, 1_500))  # 40 kB; decoded in full it takes 3 s.
# As a version stored them that did not look at the number of scans yet.
STORE = """
from unittest.mock import patch
from django.core.files.base import ContentFile
from search.formats.facts import inspect
from search.library import ingest
from search.models import User
from tests.support.faults import picture
from tests.support.pictures import jpeg_of_scans

facts, owner = inspect(ContentFile(picture(0)[1])), User.objects.get()
bomb = jpeg_of_scans(2_000, (1_500, 1_500))
with patch.object(ingest, "ring"):
    for number in range({bombs}):
        file = ContentFile(bomb + bytes([number]), name="bomb.jpg")
        ingest.ingest(file, owner=owner, facts=facts)
"""

pytestmark = [pytest.mark.usefixtures("emptied"), pytest.mark.promise("P3")]


def seconds(stack, session, number: int, *, at_the_door: int = 0, stored: int = 0) -> float:
    """From the upload of a good picture behind bombs until it is embedded.

    Those at the door come in the same request; those that are stored wait for the worker, which
    begins once the good picture waits too.
    """
    name, data = picture(number)
    pid = stack.pause("ingest")
    if stored:
        stack.manage("shell", "-c", STORE.format(bombs=stored), check=True)
    began = time.monotonic()
    assert session.upload(*[("bomb.jpg", BOMB)] * at_the_door, (name, data)).status_code == 200
    stack.resume(pid)
    assert stack.eventually(lambda: is_embedded(stack, name), 120), stack.logs()
    return time.monotonic() - began


def is_embedded(stack, name: str) -> bool:
    return bool(
        stack.sql(
            "SELECT 1 FROM search_embedding e JOIN search_asset a ON a.id = e.asset_id"
            " WHERE a.filename = %s AND fulfilled IS NOT NULL",
            name,
        )
    )


@only_in_full
def test_a_picture_behind_scan_bombs_waits_three_seconds_more_at_most(stack, figure):
    session = stack.session()
    seconds(stack, session, 1)  # The encoder is loaded.
    alone = seconds(stack, session, 2)
    behind = seconds(stack, session, 3, at_the_door=BOMBS)
    behind_stored = seconds(stack, session, 4, stored=BOMBS)
    figure(
        "P3",
        f"Embedded after {alone:.1f} s, behind {BOMBS} scan bombs in its request after"
        f" {behind:.1f} s, behind {BOMBS} in the library after {behind_stored:.1f} s",
    )
    assert max(behind, behind_stored) <= alone + MORE
    assert stack.eventually(lambda: failed(stack) == ["bomb.jpg"] * BOMBS, 30)


@only_in_full
def test_control_a_worker_that_takes_on_all_work_holds_it_up(stack):
    session = stack.session()
    ingest_worker(stack, "gullible")
    seconds(stack, session, 1)
    alone = seconds(stack, session, 2)
    assert seconds(stack, session, 3, stored=2) > alone + MORE
