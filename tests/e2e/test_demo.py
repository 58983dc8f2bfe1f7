"""`manage.py demo` as a person runs it: a process that is started, signalled and looked at."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config import embedded
from config.supervisor import BASE_DIR
from search.management.commands.demo import status
from tests.support.faults import picture
from tests.support.prepared import OURS
from tests.support.promises import only_in_full
from tests.support.session import Session
from tests.support.stack import Stack, free_port

PICTURES = 60  # Enough that some are still to come once the pages have been looked at.
PAGES = ("/", "/?q=red", "/upload/", "/admin/")
ROWS = (
    "search_asset WHERE title LIKE '% %'",
    "search_asset WHERE id NOT IN (SELECT asset_id FROM search_assetlabel)",
    "search_assetlabel WHERE source <> 'person'",
    "search_collection",
    "search_embedding WHERE vector IS NOT NULL AND encoder_id IN (SELECT id FROM search_encoder"
    " WHERE state = 'serving')",
)
COMPARED = """
    SELECT slug, state, count(vector) FROM search_encoder
    LEFT JOIN search_embedding ON encoder_id = search_encoder.id
    GROUP BY slug, state ORDER BY slug
"""


class Demo:
    """A demo in a folder, and what it has printed."""

    def __init__(self, var: Path, *, port: int | None = None, **settings: str) -> None:
        self.var, self.port = var, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = tempfile.NamedTemporaryFile()  # noqa: SIM115  # Gone with this object.
        inherited = {name: value for name, value in os.environ.items() if name not in OURS}
        # With a second thread in each process, they mostly wait for each other's on two cores.
        self.env = inherited | {"VAR_DIR": str(var), "OMP_NUM_THREADS": "1"} | settings
        command = ["manage.py", "demo", "--port", str(self.port), "--pictures", str(PICTURES)]
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, *command],
            env=self.env,
            cwd=BASE_DIR,
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )

    def printed(self) -> str:
        return Path(self.output.name).read_text()

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.printed()
        return "Ctrl-C stops everything" in self.printed()

    def seconds_to_start(self) -> float:
        assert Stack.eventually(self.is_up, 240), self.printed()
        return time.monotonic() - self.started

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Send a signal; the seconds until the process has ended."""
        began = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(60) == 0, self.printed()
        return time.monotonic() - began

    def child(self, name: str) -> psutil.Process:
        """The child of this name in which its work is done."""
        child = next(self.children(name))
        return next(iter(child.children()), child)

    def has_child(self, name: str) -> bool:
        return any(self.children(name))

    def children(self, name: str) -> Iterator[psutil.Process]:
        children = psutil.Process(self.process.pid).children()
        return (child for child in children if re.search(name, relic(child, self.var)))

    def relics(self) -> list[str]:
        """What still runs in this folder."""
        return [text for process in psutil.process_iter() if (text := relic(process, self.var))]


def is_ready(demo: Demo) -> bool:
    """Each process of the site asks by itself, and a busy machine may take a second too many."""
    return Stack.eventually(lambda: status(f"{demo.url}/readyz") == "200", 30)


def log(demo: Demo, name: str) -> str:
    return (demo.var / "logs" / f"{name}.log").read_text()


def relic(process: psutil.Process, var: Path) -> str:
    try:
        here = process.environ().get("VAR_DIR") == str(var)
        return " ".join(process.cmdline()) if here else ""
    except (psutil.NoSuchProcess, psutil.AccessDenied):  # It has ended, or is somebody else's.
        return ""


@pytest.fixture(scope="module")
def folder():
    folder = Path(tempfile.mkdtemp(prefix="sl-")).resolve()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def first(folder):
    """A demo in an empty folder, looked at while it filled, until PostgreSQL was killed."""
    demo = Demo(folder / "var")
    demo.seconds = demo.seconds_to_start()
    demo.ready = is_ready(demo)
    demo.password = re.search(r"Sign in as curator with the password (\S+)", demo.printed())[1]
    session = Session(demo.url)
    session.sign_in("curator", demo.password)
    demo.pages = {path: session.get(path) for path in PAGES}
    pid = (demo.var / "postgres" / "postmaster.pid").read_text().split()[0]
    os.kill(int(pid), signal.SIGKILL)
    demo.code = demo.process.wait(30)
    demo.left = demo.relics()
    return demo


@pytest.fixture(scope="module")
def second(first):
    """A demo in the same folder, which goes on filling; stopped while a child hangs."""
    demo = Demo(first.var)
    demo.seconds_to_start()
    demo.rival = Demo(first.var)
    demo.rival_ended = demo.rival.process.wait(60)
    assert Stack.eventually(lambda: "is complete" in demo.printed(), 120), demo.printed()
    session = Session(demo.url)
    demo.password = first.password
    session.sign_in("curator", demo.password)
    demo.page = session.get("/")
    with psycopg.connect(embedded.database_url(demo.var), autocommit=True) as connection:
        demo.counts = {
            rows: connection.execute(f"SELECT count(*) FROM {rows}").fetchone()[0] for rows in ROWS
        }
        demo.compared = compared(connection)
    demo.child("-Q ingest").suspend()
    demo.seconds_to_stop = demo.stop()
    demo.left = demo.relics()
    return demo


def compared(connection: psycopg.Connection) -> list[tuple[str, str, int]]:
    """The encoders, once three are ready or a minute is over: slug, state and how many vectors."""

    def encoders() -> list[tuple[str, str, int]]:
        return connection.execute(COMPARED).fetchall()

    states = ["ready", "ready", "serving"]
    Stack.eventually(lambda: sorted(state for _, state, _ in encoders()) == states, 60)
    return encoders()


# The first start ---------------------------------------------------------------------------------


def test_the_first_start_opens_on_a_site_that_is_ready(first):
    print(f"First start: {first.seconds:.1f} s.")
    assert first.ready
    assert f"Sightline is ready: {first.url}/" in first.printed()


def test_the_printed_password_opens_all_pages(first):
    statuses = {path: page.status_code for path, page in first.pages.items()}
    assert statuses == dict.fromkeys(PAGES, 200)
    assert "sign-in" not in str(first.pages["/admin/"].url)


def test_the_page_opens_on_pictures_and_says_how_many_are_still_to_come(first):
    page = " ".join(first.pages["/"].text.split())
    assert page.count("<img ") >= 12
    done = int(re.search(rf"(\d+) of {PICTURES} pictures of the sample catalogue are in", page)[1])
    assert done < PICTURES


def test_it_shows_how_far_the_embedding_is(first, second):
    assert f"/{PICTURES} [" in first.printed()
    assert f"{PICTURES}/{PICTURES}" in second.printed()


def test_when_postgres_dies_everything_stops_with_its_last_lines(first):
    assert first.code == 1
    assert "The process postgres has ended, so everything stops." in first.printed()
    assert first.left == []


# The second, which goes on -----------------------------------------------------------------------


def test_the_next_start_completes_what_was_cut_off(second):
    assert list(second.counts.values()) == [PICTURES, 0, 0, 11, PICTURES]


def test_a_complete_catalogue_is_spoken_of_no_more(second):
    assert second.page.status_code == 200
    assert "sample catalogue are in" not in second.page.text


def test_three_families_can_be_compared(second):
    assert second.compared == [
        ("studio-clip", "ready", PICTURES),
        ("studio-siglip", "ready", PICTURES),
        ("studio-siglip2", "serving", PICTURES),
    ]


@pytest.mark.promise("P15")
def test_a_second_demo_in_the_same_folder_is_refused_in_a_sentence(second):
    assert second.rival_ended == 1
    sentence = r"CommandError: A demo runs in .* already: stop it.*\.\n"
    assert re.fullmatch(sentence, second.rival.printed())


def test_sigterm_leaves_nothing_running_even_where_a_child_hangs(second):
    print(f"Stop: {second.seconds_to_stop:.1f} s.")
    assert second.left == []
    assert second.seconds_to_stop < 15


# Further ones ------------------------------------------------------------------------------------


@only_in_full
def test_a_later_start_finds_its_data_and_stops_when_a_child_dies(second):
    again = Demo(second.var, CLAIM_LEASE_SECONDS="3")
    again.seconds_to_start()
    assert is_ready(again)
    assert "with the password of the first start" in again.printed()
    assert "Embedding" not in again.printed()
    start_a_deaf_worker_anew(again, second.password)

    assert Stack.eventually(lambda: "beat: Starting..." in log(again, "beat"))
    os.kill(again.child("beat").pid, signal.SIGKILL)
    assert again.process.wait(30) == 1
    assert "The process beat has ended (killed by signal 9), so everything st" in again.printed()
    # However many lines beat had written by then, the last of them are the last that are shown.
    lines = log(again, "beat").splitlines()[-20:]
    assert "beat: Starting..." in "\n".join(lines)
    assert again.printed().splitlines()[-len(lines) :] == lines
    assert again.relics() == []


def start_a_deaf_worker_anew(demo: Demo, password: str) -> None:
    """Stop the child in which the ingest worker works: it stays up, answers pings, does nothing."""
    session = Session(demo.url)
    session.sign_in("curator", password)
    deaf = demo.child("-Q ingest")
    deaf.suspend()
    assert session.upload(picture(1)).status_code == 200
    sentence = "The worker ingest is started anew: The (embeddings|renditions) that wait make no"
    assert Stack.eventually(lambda: bool(re.search(sentence, demo.printed())), 40), demo.printed()
    assert Stack.eventually(lambda: not deaf.is_running() and demo.has_child("-Q ingest"), 20)


def test_its_children_end_when_it_is_killed_itself(second):
    demo = Demo(second.var)
    # The last that starts before the site is ready.
    assert Stack.eventually(lambda: demo.has_child("-Q ingest"), 60), demo.printed()
    demo.process.kill()
    demo.process.wait()
    assert Stack.eventually(lambda: demo.relics() == [], 15), demo.relics()


# Cut off, and refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_start_ends_it_too(second, number):
    demo = Demo(second.var)
    assert Stack.eventually(lambda: "Starting" in demo.printed())
    demo.stop(number)
    assert "is ready" not in demo.printed()
    assert demo.relics() == []


def test_ctrl_c_while_the_database_is_made_leaves_nothing_running(folder):
    demo = Demo(folder / "cut")
    assert Stack.eventually(lambda: any(demo.var.glob("postgres*")))
    demo.stop(signal.SIGINT)
    assert demo.printed() == "Stopping ...\n"
    assert demo.relics() == []


def test_a_taken_port_is_refused_in_a_sentence(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo = refused(Demo(folder / "other", port=port))
    assert demo == (
        f"CommandError: Sightline cannot listen on 127.0.0.1:{port} (Address already in use):"
        f" free it, or choose another port, as in `make demo PORT={port + 1}`."
    )


def test_a_folder_with_too_long_a_path_is_refused_in_a_sentence(folder):
    demo = refused(Demo(folder / ("x" * 100)))
    assert re.fullmatch(r"CommandError: The path .* too long for a Unix socket: set V.*\.", demo)


def test_a_folder_that_cannot_be_written_is_refused_in_a_sentence(folder):
    (folder / "file").touch()
    demo = refused(Demo(folder / "file" / "var"))
    assert re.fullmatch(r"Sightline cannot write to .*: make it writable.*\.", demo)


def test_a_checkpoint_that_cannot_be_loaded_is_refused_in_a_sentence(second):
    demo = refused(Demo(second.var, ENCODER_CHECKPOINT=str(second.var / "nothing")))
    assert str(second.var / "nothing") in demo


def refused(demo: Demo) -> str:
    """The sentence in which a demo says why it does not start."""
    assert demo.process.wait(120) == 1, demo.printed()
    assert demo.relics() == []
    lines = demo.printed().splitlines()
    (sentence,) = [line for line in lines if line not in {"Starting ...", "Stopping ..."}]
    return sentence
