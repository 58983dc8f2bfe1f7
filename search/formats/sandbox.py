"""Runs one function of ours on one file in a process of its own, which can be thrown away."""

import importlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import PIL

from search.refusals import Refusal

# Maximum seconds of a process, by the clock on the wall.
SECONDS = 60
# Resource limits of a process, by their names in `resource`.
LIMITS = {
    # Bytes of address space. What is let pass by its header (memory.py) needs 704 MiB; a file whose
    # header lies ends here, with 700 in memory at most.
    "AS": 736 * 1024**2,
    "CPU": 10,  # seconds; none of the files of bench/worst_files.py takes half of it
    "FSIZE": 0,  # bytes of any file that it writes
    "CORE": 0,
}
# Exit status of a process that has reported its exception.
REPORTED = 3
PATH = [str(Path(__file__).parents[2]), str(Path(PIL.__file__).parents[1])]
START = (
    "import sys; sys.path += sys.argv[1:3];"
    " from search.formats.sandbox import obey; obey(sys.argv[3])"
)

# Maximum processes at once.
# The worst of the accepted pictures takes 700 MiB: sixteen threads that take one each would be more
# than a small server has.
AT_ONCE = threading.BoundedSemaphore(2)


class Lost(Exception):
    """The process died before it answered; the text is the end of its standard error."""


class OutOfTime(Lost):
    """The process took longer than it may."""


class Failed(Exception):
    """The function raised an exception; the text is its traceback.

    Of a refusal its kind's name, code and parameters cross over; of a bug nothing else.
    """

    def __init__(
        self, traceback: str, *, kind: str = "", code: str = "", parameters: Any = None
    ) -> None:
        super().__init__(traceback)
        self.kind, self.code, self.parameters = kind, code, parameters or {}


def run(work: Callable[..., bytes], file: IO[bytes], *args: int) -> bytes:
    """What `work(file, *args)` answers; it must be a module's function that needs only Pillow."""
    order = json.dumps([LIMITS, work.__module__, work.__name__, args])
    # Isolated (-I) and without site-packages (-S), which saves 2 ms; they are found by PATH.
    command = [sys.executable, "-I", "-S", "-B", "-c", START, *PATH, order]
    child = _run(command, file)
    if child.returncode == -signal.SIGKILL:
        # By the kernel, which was short of memory, or by a person: not by what is in the file.
        child = _run(command, file)
    if child.returncode == 0:
        return child.stdout
    last_words = child.stderr.decode(errors="replace")
    if child.returncode == REPORTED:
        raise Failed(last_words, **json.loads(child.stdout))
    raise OutOfTime if child.returncode == -signal.SIGXCPU else Lost(last_words)


def _run(command: list[str], file: IO[bytes]) -> "subprocess.CompletedProcess[bytes]":
    try:
        # No environment: what takes hostile bytes apart shall not know our secrets.
        with AT_ONCE:
            return subprocess.run(
                command, **_source(file), capture_output=True, env={}, timeout=SECONDS
            )
    except subprocess.TimeoutExpired:
        raise OutOfTime from None


def _source(file: IO[bytes]) -> dict[str, Any]:
    try:
        return {"stdin": file.fileno()}
    except (AttributeError, io.UnsupportedOperation):  # It is in memory, or of a remote storage.
        file.seek(0)
        return {"input": file.read()}


def obey(order: str) -> None:
    """In the new process: take on the limits, then do the work and write its answer."""
    limits, module, name, args = json.loads(order)
    # Here and not between fork and exec, which is unsafe in a process with threads.
    for limit, value in limits.items():
        _limit(getattr(resource, f"RLIMIT_{limit}"), value)
    sys.excepthook = _report
    work = getattr(importlib.import_module(module), name)
    _answer(work(_stdin(), *args), 0)


def _limit(limit: int, value: int) -> None:
    # macOS has some limits in name only, and a host may have set a tighter one.
    with suppress(ValueError, OSError):
        resource.setrlimit(limit, (value, value + 1))  # the soft one says which limit it was


def _stdin() -> io.BytesIO:
    size = os.fstat(0).st_size
    if not size:  # It is a pipe, or an empty file.
        return io.BytesIO(sys.stdin.buffer.read())
    # Read at a place, not onwards: the position belongs to the parent, whose buffer relies on it.
    return io.BytesIO(os.pread(0, size, 0))


def _report(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    sys.__excepthook__(kind, error, traceback)
    refusal = {"kind": kind.__name__} | error.as_json() if isinstance(error, Refusal) else {}
    _answer(json.dumps(refusal).encode(), REPORTED)


def _answer(answer: bytes, status: int) -> None:
    sys.stdout.buffer.write(answer)
    sys.stdout.flush()
    os._exit(status)  # Tidying up the interpreter would take 7 ms.
