"""A demo of its own that a benchmark runs: its servers, its workers and the site."""

import ctypes
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg

from config import embedded
from config.supervisor import BASE_DIR
from tests.support.prepared import environment
from tests.support.session import Session

WELCOME = "Ctrl-C stops everything"
PASSWORD = re.compile(r"Sign in as (\S+) with the password (\S+)")
# By the words of its command, the step that a process of the demo takes a processor for.
STEPS = {"gunicorn": "door", "ingest": "worker"}
# Processor seconds of a second below which nothing is at work.
IDLE = 0.1
# Of prctl(2): processes whose parent has ended become children of this one.
PR_SET_CHILD_SUBREAPER = 36


class Site:
    """What `manage.py demo` starts; use it with `with`. It prints to a file."""

    def __init__(self, var: Path, *, pictures: int = 0, env: Mapping[str, str] | None = None):
        self.var, self.output, self.port = var, var.with_name("output"), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = environment(var) | dict(env or {})
        self.began = time.monotonic()
        command = ["manage.py", "demo", "--port", str(self.port), "--pictures", str(pictures)]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                env=self.env,
                cwd=BASE_DIR,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        self.seconds_until_welcome()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds_to_stop()

    # How far it is ------------------------------------------------------------------------------

    def seconds_until_welcome(self) -> float:
        while WELCOME not in (printed := self.output.read_text()):
            if self.process.poll() is not None:
                sys.exit(printed)
            time.sleep(0.05)
        return time.monotonic() - self.began

    def seconds_until_embedded(self, pictures: int) -> float:
        """Until so many pictures have their vector by the encoder that serves."""
        query = (
            "SELECT count(vector) FROM search_embedding JOIN search_encoder e ON e.id = encoder_id"
            " WHERE e.state = 'serving'"
        )
        while self.sql(query)[0] < pictures:
            time.sleep(0.2)
        return time.monotonic() - self.began

    def seconds_to_stop(self) -> float:
        if "connection" in vars(self):
            self.connection.close()
        began = time.monotonic()
        self.process.terminate()
        self.process.wait()
        return time.monotonic() - began

    def settle(self) -> None:
        """Wait until nothing is at work for a second."""
        before, after = sum(self.spent().values()), float("inf")
        while after - before > IDLE:
            before = sum(self.spent().values())
            time.sleep(1)
            after = sum(self.spent().values())

    # Its edges ----------------------------------------------------------------------------------

    @cached_property
    def connection(self) -> psycopg.Connection[Any]:
        # One for all: PostgreSQL takes a processor for 7 ms to begin another, and a row is looked
        # for twenty times a second while the site is measured.
        return psycopg.connect(embedded.database_url(self.var), autocommit=True)

    def sql(self, statement: str) -> Any:
        """Run a statement; the first row."""
        cursor = self.connection.execute(statement)
        return cursor.fetchone() if cursor.description else None

    def account(self) -> tuple[str, str]:
        """Name and password of the curator, which a first start prints."""
        line = PASSWORD.search(self.output.read_text())
        assert line, self.output.read_text()  # noqa: S101
        return line[1], line[2]

    def session(self) -> Session:
        """A browser without the browser, signed in as the curator."""
        session = Session(self.url, timeout=600)
        session.sign_in(*self.account())
        return session

    def manage(self, *arguments: str) -> None:
        """Run a command of the same library, and wait for all that it has started."""
        adopt()
        before = set(psutil.Process().children())
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, env=self.env, cwd=BASE_DIR, check=True, capture_output=True)
        for process in set(psutil.Process().children()) - before:
            process.wait()

    def spent(self) -> dict[str, float]:
        """Processor seconds by step, of all that has run so far: door, worker, database, rest."""
        postmaster = int((self.var / "postgres" / "postmaster.pid").read_text().split()[0])
        seconds = {"door": 0.0, "worker": 0.0, "database": seconds_of(psutil.Process(postmaster))}
        demo = psutil.Process(self.process.pid)
        seconds["rest"] = own_seconds_of(demo)
        for child in demo.children():
            step = step_of(child)
            seconds[step] += seconds_of(child)
        return seconds


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def adopt() -> None:
    """Count what our children leave running among our children: a sandbox ends after its command.

    Where the system knows no such thing, its time is missing.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def step_of(process: psutil.Process) -> str:
    try:
        words = process.cmdline()
    except psutil.NoSuchProcess:  # A zombie, too.
        words = []
    return next((step for word, step in STEPS.items() if word in words), "rest")


def seconds_of(process: psutil.Process) -> float:
    """Of a process and all that it has started, those that have ended included."""
    try:
        descendants = process.children(recursive=True)
    except psutil.NoSuchProcess:
        return 0.0  # It has ended a moment ago; a later look counts it among its parent's.
    return sum(map(own_seconds_of, [process, *descendants]))


def own_seconds_of(process: psutil.Process) -> float:
    """Of a process, and of its children that have ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system + times.children_user + times.children_system
