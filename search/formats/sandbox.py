"""Runs one function of ours on one file in a process of its own, which can be thrown away.

The process is a fork of one that is kept warm and that each process of ours has for itself
(zygote.py).
"""

import io
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import PIL

from search.formats.zygote import HEAD, REPORTED

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
# Maximum files of a warm process: the addresses in its forks' memory are all the same.
FILES = 500
PATH = [str(Path(__file__).parents[2]), str(Path(PIL.__file__).parents[1])]
START = "import sys; sys.path += sys.argv[1:]; from search.formats.zygote import serve; serve()"
# What the warm process is started with. Not our environment: what takes hostile bytes apart shall
# not know our secrets. Large pages where the system has them on request: a fork touches all of its
# memory for the first time, which took 25 of the 135 ms of a camera's picture, and now takes 10.
ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
# Bytes read at once.
PIECE = 1 << 18

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


class Ended(NamedTuple):
    """What a process answered and complained of, and its exit status, below zero by a signal."""

    answer: bytes
    complaints: bytes
    status: int


def run(work: Callable[..., bytes], file: IO[bytes], *args: int) -> bytes:
    """What `work(file, *args)` answers; it must be a module's function that needs only Pillow."""
    order = json.dumps([LIMITS, work.__module__, work.__name__, args]).encode()
    child = _run(order, file)
    if child.status == -signal.SIGKILL:
        # By the kernel, which was short of memory, or by a person: not by what is in the file.
        child = _run(order, file)
    if child.status == 0:
        return child.answer
    last_words = child.complaints.decode(errors="replace")
    if child.status == REPORTED:
        raise Failed(last_words, **json.loads(child.answer))
    raise OutOfTime if child.status == -signal.SIGXCPU else Lost(last_words)


def _run(order: bytes, file: IO[bytes]) -> Ended:
    with AT_ONCE, ExitStack() as stack:
        pairs = [socket.socketpair() for _ in ("answer", "complaints", "status")]
        ours, theirs = ([stack.enter_context(pair[side]) for pair in pairs] for side in (0, 1))
        _zygote.send(order, [_descriptor(file, stack), *(end.fileno() for end in theirs)])
        for end in theirs:
            end.close()
        try:
            answer, complaints, status = _read(ours, time.monotonic() + SECONDS)
        except TimeoutError:
            ours[-1].shutdown(socket.SHUT_RDWR)  # By which the process is killed.
            raise OutOfTime from None
    # Where there is none the zygote itself was killed.
    return Ended(answer, complaints, int(status or -signal.SIGKILL))


def _descriptor(file: IO[bytes], stack: ExitStack) -> int:
    """Of a file of the system's with these bytes, which is open as long as the stack."""
    with suppress(AttributeError, io.UnsupportedOperation):
        return file.fileno()
    copy = stack.enter_context(_file_in_memory())  # It is in memory, or of a remote storage.
    file.seek(0)
    shutil.copyfileobj(file, copy)
    copy.flush()
    return copy.fileno()


def _file_in_memory() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("picture"), "w+b")
    return tempfile.TemporaryFile()


def _read(ends: Sequence[socket.socket], until: float) -> list[bytes]:
    """All that comes from each, until all are closed. Raises TimeoutError."""
    received = [bytearray() for _ in ends]
    with selectors.DefaultSelector() as selector:
        for end, bytes_of_it in zip(ends, received, strict=True):
            selector.register(end, selectors.EVENT_READ, bytes_of_it)
        while selector.get_map():
            ready = selector.select(until - time.monotonic())
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                piece = os.read(key.fd, PIECE)
                key.data.extend(piece)
                if not piece:
                    selector.unregister(key.fileobj)
    return [bytes(each) for each in received]


class Zygote:
    """The warm process, started for the first file and ending with this process.

    Never shared with a process that is forked from this one: that starts its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._leaving: list[subprocess.Popen[bytes]] = []
        self._files = 0

    def send(self, order: bytes, files: Sequence[int]) -> None:
        """Have a process forked that does the work of an order on these files."""
        with self._lock:
            orders = self._start() if self._files >= FILES else self._orders or self._start()
            message = len(order).to_bytes(HEAD) + order
            try:
                socket.send_fds(orders, [message], list(files))
            except OSError:  # It has been killed.
                socket.send_fds(self._start(), [message], list(files))
            self._files += 1

    def _start(self) -> socket.socket:
        self._leave()
        self._orders, theirs = socket.socketpair()
        # Isolated (-I) and without site-packages (-S): both places are given.
        command = [sys.executable, "-I", "-S", "-B", "-c", START, *PATH]
        with theirs:
            # A group, which Ctrl-C does not end; not a session, which would not stand back as an
            # ingest worker's does (config/priority.py).
            self._process = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=ENVIRONMENT,
                process_group=0,
            )
        self._files = 0
        return self._orders

    def _leave(self) -> None:
        """Have the process end once all of its forks have; the next file starts another one."""
        if self._orders and self._process:
            self._orders.close()
            self._leaving.append(self._process)
            self._orders = None
        self._leaving = [process for process in self._leaving if process.poll() is None]

    def forget(self) -> None:
        """In a process that was forked from ours: the warm one is our parent's."""
        for process in (self._process, *self._leaving):
            if process:
                process.returncode = 0  # It is not a child of this process, which can't await it.
        if self._orders:
            self._orders.close()
        self._orders, self._process, self._leaving = None, None, []
        self._lock = threading.Lock()  # Another thread may have had it.


_zygote = Zygote()
os.register_at_fork(after_in_child=_zygote.forget)
