"""A worker of gunicorn that no client holds up by sending slowly, without end, or nothing.

gunicorn's own (27.0) reads a head in a thread for as long as that takes: sixteen half-sent
ones stopped the site. Here a head is collected by the poller, at no thread's cost, within a time
and a length; a body and an answer must get on.
"""

import re
import time
from typing import Any

from gunicorn import http, util
from gunicorn.http.errors import LimitRequestLine, NoMoreData
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import _DEFER, ThreadWorker

# Maximum seconds until a head is complete, and its maximum bytes: a query of 10,000 characters is
# 120,000 in an address, and must reach the form to be answered with a sentence.
HEAD_SECONDS, HEAD_BYTES = 10.0, 256_000
# Minimum bytes of a body that come within so many seconds of waiting for it: 1 kB a second.
BODY_BYTES, BODY_SECONDS = 30_000, 30.0
# Maximum seconds for which an answer makes no headway at its receiver.
ANSWER_SECONDS = 60.0
# Maximum seconds to wait for what an answered client is still sending, before and after its answer
# has been closed: one that is closed too early may lose the answer.
REST_SECONDS, LINGER_SECONDS = 0.5, 1.0
# Maximum bytes of it that are let go by meanwhile.
LINGER_BYTES = 100_000_000
END_OF_HEAD = re.compile(rb"\n\r?\n")


class TooSlow(TimeoutError):
    """A client took longer than it may."""


class LimitedUnreader(SocketUnreader):
    """What a connection has sent: a head as far as it has come, then a body that gets on."""

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self.begin()

    def begin(self) -> None:
        """Expect a request, of which something may be there already."""
        self.began = time.monotonic()
        self.waited, self.came = 0.0, 0

    def collect_head(self) -> bool:
        """Take what has come, without waiting; whether the head is complete.

        Raises TooSlow, LimitRequestLine, and NoMoreData where the client has gone.
        """
        head = self.take_buffered()
        self.sock.setblocking(False)
        while not (complete := END_OF_HEAD.search(head.lstrip())) and len(head) <= HEAD_BYTES:
            try:
                data = self.sock.recv(HEAD_BYTES)
            except BlockingIOError:
                break
            if not data:
                raise NoMoreData(head)
            head += data
        self.unread(head)
        if not complete and len(head) > HEAD_BYTES:
            raise LimitRequestLine(len(head), HEAD_BYTES)
        if not complete and time.monotonic() - self.began > HEAD_SECONDS:
            raise TooSlow
        return bool(complete)

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next piece of a body. Raises TooSlow."""
        before, timeout = time.monotonic(), self.sock.gettimeout()
        self.sock.settimeout(max(BODY_SECONDS - self.waited, 0.001))
        try:
            data = super().chunk(size_hint)
        except TimeoutError:
            raise TooSlow from None
        finally:
            self.sock.settimeout(timeout)
        self.waited += time.monotonic() - before
        self.came += len(data)
        if self.came >= BODY_BYTES:
            self.waited, self.came = 0.0, 0
        return data


class LimitedWorker(ThreadWorker):
    """gunicorn's threads, for whole heads alone."""

    def handle(self, conn: Any) -> Any:
        if conn.parser is None:
            conn.parser = http.get_parser(conn.cfg, conn.sock, conn.client)
            conn.parser.unreader = LimitedUnreader(conn.sock)
        try:
            if not conn.parser.unreader.collect_head():
                if not self.alive:
                    # Its connection has come to this process, which is ending: no other has it.
                    conn.wait_for_data(LINGER_SECONDS)
                return _DEFER
        except LimitRequestLine as error:
            conn.sock.settimeout(LINGER_SECONDS)
            self.handle_error(None, conn.sock, conn.client, error)
            return self.end(conn)
        except (TooSlow, NoMoreData, OSError):
            return self.end(conn)
        conn.data_ready = True
        return super().handle(conn) or self.end(conn)

    def handle_request(self, req: Any, conn: Any) -> bool:
        conn.sock.settimeout(ANSWER_SECONDS)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            self.log.warning("Cut off %s, which is too slow: %s", conn.client, req.path)
            return False

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        until = time.monotonic() + REST_SECONDS
        if not keepalive or not conn.parser.finish_body(deadline=until):
            return False
        conn.parser.unreader.begin()
        return True

    def end(self, conn: Any) -> bool:
        """Close a connection here: gunicorn does so in the thread that accepts all others, and
        waits there for up to two seconds."""
        util.close_graceful(conn.sock, timeout=LINGER_SECONDS, max_drain=LINGER_BYTES)
        conn.close = lambda graceful=False: None
        return False
