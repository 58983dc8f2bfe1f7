"""The process that forks one for each file: kept warm, so that none has to import anything first.

A new interpreter that imports Pillow takes 76 ms of a processor, a fork of one that has 3. This
process never reads a file itself, so that a fork finds nothing of any other file in its memory.
"""

import gc
import importlib
import io
import json
import os
import resource
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

from search.refusals import Refusal

# Modules whose functions are run, with all that these import.
WARM = ("search.formats.facts", "search.formats.decode")
# Exit status of a process that has reported its exception, and of one that could not.
REPORTED, BROKEN = 3, 1
# Bytes that say how long an order is, and how many files come with it: the picture, where the
# answer goes, where complaints go, and where the exit status goes.
HEAD, FILES = 4, 4
# File descriptors that are closed in each fork, up to this one: there are some twenty.
HIGHEST = 256


def serve() -> None:
    """Fork a process for each order on the standard input, until that and all forks have ended."""
    for module in WARM:
        importlib.import_module(module)
    from PIL import Image

    Image.preinit()
    gc.freeze()  # A collection in a fork would touch, and thereby copy, all of it.
    Zygote(socket.socket(fileno=0)).serve()


class Zygote:
    """Whoever sends an order is sent the exit status; closing that socket kills the fork."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders: socket.socket | None = orders
        self._clients: dict[int, socket.socket] = {}  # By the process whose end they wait for.
        self._selector = selectors.DefaultSelector()
        self._selector.register(orders, selectors.EVENT_READ, self._obey)
        self._selector.register(_signals(), selectors.EVENT_READ, self._reap)

    def serve(self) -> None:
        while self._orders or self._clients:
            for key, _ in self._selector.select():
                key.data(key.fileobj)

    def _obey(self, orders: socket.socket) -> None:
        head, files, *_ = socket.recv_fds(orders, HEAD, FILES)
        if not head:  # The process that we serve has ended, or wants another of our kind.
            self._selector.unregister(orders)
            orders.close()
            self._orders = None
            return
        order = orders.recv(int.from_bytes(head), socket.MSG_WAITALL)
        *streams, client = files
        pid = os.fork()
        if not pid:
            become(order, streams)
        for stream in streams:
            os.close(stream)
        self._watch(pid, socket.socket(fileno=client))

    def _watch(self, pid: int, client: socket.socket) -> None:
        self._clients[pid] = client
        self._selector.register(client, selectors.EVENT_READ, partial(self._kill, pid))

    def _kill(self, pid: int, client: socket.socket) -> None:
        """Nobody waits for this process any more."""
        if self._clients.get(pid) is client:
            self._selector.unregister(client)
            os.kill(pid, signal.SIGKILL)

    def _reap(self, signals: socket.socket) -> None:
        signals.recv(HIGHEST)
        for pid in list(self._clients):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._tell(self._clients.pop(pid), os.waitstatus_to_exitcode(status))

    def _tell(self, client: socket.socket, status: int) -> None:
        with suppress(KeyError):  # It was killed.
            self._selector.unregister(client)
        with client, suppress(OSError):
            client.sendall(str(status).encode())


def _signals() -> socket.socket:
    """Where a byte comes out when a fork has ended."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    signal.set_wakeup_fd(theirs.detach(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return ours


# In the fork -------------------------------------------------------------------------------------


def become(order: bytes, streams: Sequence[int]) -> NoReturn:
    """Do the work of an order on these files as standard input, output and error output."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(len(streams), HIGHEST)  # What belongs to the zygote, and to other forks.
        _work(*json.loads(order))
    finally:
        os._exit(BROKEN)


def _work(limits: dict[str, int], module: str, name: str, args: Sequence[int]) -> None:
    for limit, value in limits.items():
        _limit(getattr(resource, f"RLIMIT_{limit}"), value)
    try:
        work = getattr(importlib.import_module(module), name)
        _answer(work(_picture(), *args), 0)
    except Refusal as refusal:
        _report({"kind": type(refusal).__name__} | refusal.as_json())
    except BaseException:
        _report({})
        raise


def _report(refusal: dict[str, Any]) -> None:
    traceback.print_exc()
    _answer(json.dumps(refusal).encode(), REPORTED)


def _limit(limit: int, value: int) -> None:
    # macOS has some limits in name only, and a host may have set a tighter one.
    with suppress(ValueError, OSError):
        resource.setrlimit(limit, (value, value + 1))  # the soft one says which limit it was


def _picture() -> io.BytesIO:
    # Read at a place, not onwards: the position belongs to whoever sent the file.
    return io.BytesIO(os.pread(0, os.fstat(0).st_size, 0))


def _answer(answer: bytes, status: int) -> NoReturn:
    sys.stdout.buffer.write(answer)
    sys.stdout.flush()
    os._exit(status)  # Tidying up the interpreter would take 7 ms.
