"""What the fault tests share: a stack that counts what is written, and ways to fail."""

import io
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from PIL import Image

from tests.support.sabotage import MAGENTA
from tests.support.stack import Stack

LEASE, BELL = 3, 1
# Maximum seconds until workers do their work again.
BACK = 10
numbers = count(1)
PLAIN = (90, 120, 150)


@contextmanager
def counting_stack() -> Iterator[Stack]:
    """A stack whose PostgreSQL counts every time that a vector is written."""
    env = {"CLAIM_LEASE_SECONDS": str(LEASE), "BELL_SECONDS": str(BELL)}
    with Stack(env=env) as running:
        count_writes(running)
        yield running


def empty(stack) -> None:
    """Leave an empty library, an honest ingest worker and all processes to the next test."""
    for name in {"redis", *stack.commands} - {"ingest"} - stack.children.keys():
        stack.start(name)
    if "ingest" not in stack.children or stack.env.get("SABOTAGE"):
        ingest_worker(stack)
    remove_assets(stack)
    shutil.rmtree(stack.var / "media", ignore_errors=True)


def remove_assets(stack) -> None:
    for table in ("written", "search_embedding", "search_rendition", "search_asset"):
        stack.sql(f"DELETE FROM {table}")


def count_writes(stack) -> None:
    """Let PostgreSQL itself note every time that a vector is written."""
    stack.sql("CREATE TABLE written (embedding bigint)")
    stack.sql(
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO written VALUES (NEW.id); RETURN NEW; END $$"
    )
    stack.sql(
        "CREATE TRIGGER note AFTER UPDATE OF vector ON search_embedding"
        " FOR EACH ROW WHEN (NEW.vector IS NOT NULL) EXECUTE FUNCTION note()"
    )


def ingest_worker(stack, *faults: str) -> None:
    """Replace the ingest worker, by one with faults where some are named."""
    if "ingest" in stack.children:
        stack.kill("ingest")
    stack.env["SABOTAGE"] = ",".join(faults)
    app = stack.commands["ingest"].index("-A") + 1
    stack.commands["ingest"][app] = "tests.support.sabotage" if faults else "workers.celery"
    stack.start("ingest")


def picture(number: int, colour=PLAIN) -> tuple[str, bytes]:
    """A small PNG whose bytes no other number has."""
    image = Image.new("RGB", (64, 48), colour)
    image.putpixel((40, 30), (number % 256, number // 256, 99))
    data = io.BytesIO()
    image.save(data, "PNG")
    return f"picture-{number}.png", data.getvalue()


def folder_of(tmp_path, count: int, *, deadly: set[int]):
    return folder_in(tmp_path, [MAGENTA if n in deadly else PLAIN for n in range(count)])


def folder_in(tmp_path, colours):
    """A folder with a picture in each of these colours."""
    for number, colour in enumerate(colours):
        name, data = picture(number, colour)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def fill(stack, folder) -> None:
    """Store the pictures of a folder, all at once, and ring no bell."""
    stack.manage("shell", "-c", FILL.format(folder=folder), check=True)


# The pictures are of one kind, so that one inspection, which takes a process, is enough for them.
FILL = """
from pathlib import Path
from unittest.mock import patch
from django.core.files import File
from search.library import ingest
from search.models import User

files = [File(path.open("rb"), name=path.name) for path in sorted(Path("{folder}").iterdir())]
facts, _ = ingest.inspect_and_derive(files[0], [1], 0)
inspect = patch.object(ingest, "inspect_and_derive", return_value=(facts, None))
with inspect, patch.object(ingest, "ring"):
    for file in files:
        with file:
            ingest.ingest(file, owner=User.objects.earliest("pk"))
"""


def claims(stack) -> set:
    """The tokens under which something is claimed."""
    return {t for (t,) in stack.sql("SELECT token FROM search_embedding WHERE token IS NOT NULL")}


def wait_for_a_claim(stack) -> None:
    """Return once a worker has claimed something anew, and so is at work on it."""
    before = claims(stack)
    assert stack.eventually(lambda: bool(claims(stack) - before), 60), stack.logs()


def settled(stack) -> bool:
    """Whether nothing waits any more."""
    return not stack.sql(
        "SELECT 1 FROM search_embedding WHERE fulfilled IS NULL AND error = '' LIMIT 1"
    )


def failed(stack) -> list[str]:
    rows = stack.sql(
        "SELECT a.filename FROM search_embedding e JOIN search_asset a ON a.id = e.asset_id"
        " WHERE e.error <> '' ORDER BY 1"
    )
    return [name for (name,) in rows]


def most_writes(stack) -> int:
    """How often the vector that was written most often was written."""
    return stack.sql(
        "SELECT coalesce(max(n), 0) FROM"
        " (SELECT count(*) AS n FROM written GROUP BY embedding) AS per_embedding"
    )[0][0]


# Whether work is done ----------------------------------------------------------------------------


def encodes(session) -> bool:
    """Whether words that nobody has asked before are encoded."""
    page = session.get("/", {"q": f"picture of a mug, number {next(numbers)}"})
    assert page.status_code == 200
    return not re.search("encoder is (not )?answering", page.text)


def upload(session) -> None:
    assert session.upload(picture(next(numbers))).status_code == 200


def ingests(stack, session) -> bool:
    """Whether what is uploaded now is soon embedded, with all that waited."""
    upload(session)
    return stack.eventually(lambda: settled(stack), BACK)


def seconds_until(condition) -> float:
    began = time.monotonic()
    while not condition() and time.monotonic() - began < 2 * BACK:
        time.sleep(0.1)
    return time.monotonic() - began
