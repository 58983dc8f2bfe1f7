import os
import signal
import time
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import Error as DatabaseError

from search.liveness import PROCESSES, Idle, NotReady, patience

# Number of times that a worker is asked: one answer may come too late behind other work.
TIMES = 3


class Command(BaseCommand):
    help = (
        "Whether the workers of a kind, or the beat, do their work; exit code 1 where something"
        " waits for one and nothing is done."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("worker", choices=list(PROCESSES))
        parser.add_argument(
            "--end",
            type=Path,
            metavar="PIDFILE",
            help="kill the idle worker whose id is in this file, so that it is started anew",
        )

    def handle(self, *args: Any, worker: str, end: Path | None, **options: Any) -> None:
        try:
            self.stdout.write(verdict(worker))
        except Idle as idle:
            if end:
                kill(end)
            raise CommandError(str(idle)) from None
        except DatabaseError as error:
            raise CommandError(f"The database does not answer: {str(error).strip()}") from None


def verdict(worker: str) -> str:
    """What there is to say where the worker is not to blame. Raises Idle."""
    for again in reversed(range(TIMES)):
        try:
            PROCESSES[worker]()
        except Idle:
            if not again:
                raise
        except NotReady as refusal:  # To start the worker anew would not help.
            return str(refusal)
        else:
            break
    return "ok"


def kill(pidfile: Path) -> None:
    """Kill the process of this file, unless it has just been started: it may be loading."""
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        if time.time() - pidfile.stat().st_mtime > patience().total_seconds():
            os.kill(int(pidfile.read_text()), signal.SIGKILL)
