"""Training that curators ask for: each run in a process of its own, never twice at once.

This process imports no torch: it starts `manage.py train`, writes down what that says, and stops
it. Should this process be killed, the other's lock on the run keeps everyone else away until it
has ended too.
"""

import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Self

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from search.models import TrainingRun
from search.refusals import Refusal
from workers.training.report import MEASURED, PROGRESS, parse_line
from workers.writes import persist

logger = logging.getLogger(__name__)

COMMAND = [sys.executable, "manage.py", "train"]
# Seconds between two reads of its progress, and two writes of it.
TICK_SECONDS = 1.0
# Seconds for saving its state, after which it is killed; the state before that is whole. A person
# who stops it waits; whoever ends this worker gives it 90 seconds.
STOP_SECONDS, SAVING_SECONDS = 8, 60
# Seconds that its last lines take at most.
LISTEN_SECONDS = 5
# Maximum bytes of its error output that are read.
MAX_ERROR_BYTES = 4096
# Set when this worker is to end.
ending = threading.Event()


class CantBegin(Refusal):
    """The run can't begin."""


def waits() -> bool:
    """Whether a run waits; without Redis it goes on waiting, since it would be trained here."""
    return not settings.CELERY_TASK_ALWAYS_EAGER and TrainingRun.objects.claimable().exists()


def do() -> bool:
    """Train what waits, one run at a time, until nothing does or this worker is to end."""
    while not ending.is_set() and (run := TrainingRun.objects.claim()):
        train(run)
    return False


def train(run: TrainingRun) -> None:
    """Train a claimed run until it has ended, is to stop, or is another worker's."""
    try:
        folder = folder_of(run)
        with folder.with_name(f"{folder.name}.lock").open("w") as lock:
            if not watch(run, partial(is_free, lock)):
                persist(run.give_back)
            elif is_finished(folder):  # Its worker died before it could say so.
                persist(partial(run.finish, run.figures))
            else:
                with TemporaryFile() as errors, Training(run, folder, lock, errors) as training:
                    conclude(run, training)
    except CantBegin as refusal:
        persist(partial(run.fail, refusal))
    except OSError as error:
        persist(partial(run.fail, unwritable(error)))


def conclude(run: TrainingRun, training: "Training") -> None:
    """Watch a training to its end, and store how it ended."""
    wanted = watch(run, training.has_ended, training.progress)
    training.stop()
    persist(partial(run.report, **training.progress()))
    if training.result:
        persist(partial(run.finish, training.result))
    elif not wanted:
        persist(run.give_back)
    else:
        persist(partial(run.fail, training.failure()))


def watch(
    run: TrainingRun,
    is_over: Callable[[], bool],
    progress: Callable[[], dict[str, Any]] = dict,
) -> bool:
    """Renew the claim until it is over (True), or until the run is to stop here (False)."""
    while not is_over():
        if ending.wait(TICK_SECONDS) or not still_wanted(run, progress()):
            return False
    return True


def still_wanted(run: TrainingRun, progress: dict[str, Any]) -> bool:
    """Whether this worker is to go on with the run, of which it stores the progress."""
    try:
        return run.report(**progress)
    except (OperationalError, InterfaceError) as error:
        # No reason to stop: nobody else can begin it, for its lock is held.
        logger.warning("The progress of %s can't be written: %s", run, error)
        connection.close()
        return True


# Where the result lies ---------------------------------------------------------------------------


def folder_of(run: TrainingRun) -> Path:
    """The folder of this run's result, made if it is new. Raises CantBegin and OSError."""
    if run.origin and run.start_from is None:
        raise CantBegin("origin_removed", origin=run.origin)
    if run.folder:
        Path(run.folder).mkdir(parents=True, exist_ok=True)
        return Path(run.folder)
    folder = settings.VAR_DIR / "trained" / str(run)
    # Another database may have used this place.
    if folder.exists():
        raise CantBegin("training_folder_exists", folder=str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    persist(partial(run.keep_folder, folder))
    folder.mkdir()
    return folder


def is_finished(folder: Path) -> bool:
    """Whether the result is whole: the command removes the state once it is."""
    return (folder / "model.safetensors").exists() and not (folder / "state").exists()


def is_free(lock: IO[str]) -> bool:
    """Take the lock, unless a process that outlived its worker still has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unwritable(error: OSError) -> Refusal:
    if error.filename:
        reason = {"folder": str(error.filename), "reason": error.strerror}
        return Refusal("training_folder_unwritable", **reason)
    return Refusal("text", text=str(error))


# The process that trains -------------------------------------------------------------------------


class Training:
    """`manage.py train` at work: what it says, and how it ends."""

    def __init__(self, run: TrainingRun, folder: Path, lock: IO[str], errors: IO[bytes]) -> None:
        self._errors = errors
        self._progress: dict[str, Any] = {}
        self.result: dict[str, Any] = {}
        self.refusal: Refusal | None = None
        self._process = subprocess.Popen(
            command(run, folder),
            cwd=settings.BASE_DIR,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            # A lock is held until the last process that has it ends.
            pass_fds=[lock.fileno()],
            # A group, so that all of it can be ended: it draws in processes. Not a session, which
            # would not stand back as this worker's does (config/priority.py).
            process_group=0,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101
        with self._process.stdout as lines:
            for line in lines:
                self._take(parse_line(line))

    def _take(self, answer: dict[str, Any]) -> None:
        if "step" in answer or MEASURED in answer:
            self._progress = self._progress | answer
        elif "code" in answer:
            self.refusal = Refusal.of(answer)
        elif answer:
            self.result = answer

    def progress(self) -> dict[str, Any]:
        """How far it is by its last line, by the names of the row's columns."""
        return {name: self._progress[name] for name in PROGRESS if name in self._progress}

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def stop(self) -> None:
        """Have it save and end; nothing happens where it has ended."""
        if not self.has_ended():
            self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(SAVING_SECONDS if ending.is_set() else STOP_SECONDS)
        # What it has started holds its output open, to which the listener would listen for ever.
        with suppress(ProcessLookupError, PermissionError):  # macOS: a group of zombies.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._listener.join(LISTEN_SECONDS)

    def failure(self) -> Refusal:
        """Why it ended without a result: its refusal, or the last line of a crash."""
        self._errors.seek(0)
        words = self._errors.read()[-MAX_ERROR_BYTES:].decode(errors="replace").strip()
        logger.error("A training ended with code %s: %s", self._process.returncode, words)
        if self.refusal:
            return self.refusal
        if self._process.returncode < 0 or not words:
            return Refusal("training_killed")
        return Refusal("text", text=words.splitlines()[-1])


def command(run: TrainingRun, folder: Path) -> list[str]:
    """The command line; one that has begun before goes on where it was."""
    given = {"recipe": run.recipe, "data": run.data, "towers": run.towers, "seed": run.seed}
    given |= {"parent": os.getpid()}
    given |= {"steps": run.steps} if run.steps else {}
    given |= {"from": run.start_from.slug} if run.start_from else {}
    options = [f"--{name}={value}" for name, value in given.items()]
    resume = ["--resume"] if any(folder.iterdir()) else []
    return [*COMMAND, *options, f"--out={folder}", "--progress=json", "--json", *resume]
