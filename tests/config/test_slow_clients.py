"""Clients that send slowly, without end, or nothing hold up nobody else."""

import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from config.slow_clients import LimitedUnreader, LimitedWorker

ROOT = Path(__file__).parents[2]
APP = """
def application(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    stream, came = environ["wsgi.input"], 0
    while environ["PATH_INFO"] != "/unread" and came < length:
        data = stream.read(min(1000, length - came))
        if not data:
            break
        came += len(data)
    body = b"%d %d" % (came, len(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
CONFIG = """
from config import slow_clients
slow_clients.HEAD_SECONDS, slow_clients.BODY_SECONDS, slow_clients.BODY_BYTES = 0.4, 0.4, 400
worker_class, workers, threads, keepalive = {worker!r}, 1, 2, 2
limit_request_line, control_socket_disable, graceful_timeout = 0, True, 1
"""
OURS = "config.slow_clients.LimitedWorker"
WHOLE = b"GET /?q=red HTTP/1.1\r\nHost: a\r\n\r\n"
HALF = b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "


@contextmanager
def server(folder, worker):
    """A server of two threads; its address."""
    (folder / "app.py").write_text(APP)
    (folder / "conf.py").write_text(CONFIG.format(worker=worker))
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        command = [sys.executable, "-m", "gunicorn", "app:application", "--chdir", str(folder)]
        command += ["--config", str(folder / "conf.py"), "--bind", f"fd://{listener.fileno()}"]
        command += ["--pythonpath", f"{folder},{ROOT}"]
        process = subprocess.Popen(
            command, pass_fds=[listener.fileno()], cwd=ROOT, stderr=subprocess.DEVNULL
        )
        address = listener.getsockname()
        try:
            assert ask(address, WHOLE, seconds=10).endswith(b"0 5")
            yield address
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with server(tmp_path_factory.mktemp("ours"), OURS) as address:
        yield address


def connect(address, data=b"", seconds=3.0):
    connection = socket.create_connection(address, timeout=seconds)
    connection.sendall(data)
    return connection


def read(connection):
    """What comes until the server closes, or the answer is whole."""
    data = b""
    try:
        while more := connection.recv(65536):
            data += more
            head, whole, body = data.partition(b"\r\n\r\n")
            if whole and b"Content-Length: %d\r\n" % len(body) in head + b"\r\n":
                break
    except ConnectionResetError:
        pass
    return data


def ask(address, data, seconds=3.0):
    with closing(connect(address, data, seconds)) as connection:
        return read(connection)


def is_cut(connection, after):
    """Whether the server closes within that time and a bit, and not at once."""
    began = time.monotonic()
    connection.settimeout(after + 2)
    try:
        data = connection.recv(1000)
    except ConnectionResetError:
        data = b""
    return data == b"" and time.monotonic() - began < after + 1.5


@pytest.mark.parametrize("sent", [HALF, b""])
def test_a_process_that_ends_still_waits_for_the_rest_of_a_head(sent):
    ours, theirs = socket.socketpair()
    worker, waits = object.__new__(LimitedWorker), []
    worker.alive = False
    parser = SimpleNamespace(unreader=LimitedUnreader(ours))
    with ours, theirs:
        theirs.sendall(sent)
        is_left_open = worker.handle(
            SimpleNamespace(sock=ours, parser=parser, wait_for_data=waits.append)
        )
    assert is_left_open
    assert len(waits) == 1  # And not looked at again and again meanwhile.


@pytest.mark.parametrize("sent", [HALF, b"", b"GET /?" + b"q" * 5000])
def test_many_that_send_no_whole_head_hold_up_nobody(address, sent):
    slow = [connect(address, sent) for _ in range(16)]
    began = time.monotonic()

    answer = ask(address, WHOLE)

    assert answer.endswith(b"0 5")
    assert time.monotonic() - began < 0.3
    for connection in slow:
        connection.close()


def test_gunicorns_own_worker_is_held_up(tmp_path):
    with server(tmp_path, "gthread") as address:
        slow = [connect(address, HALF) for _ in range(2)]

        with pytest.raises(TimeoutError):
            ask(address, WHOLE, seconds=1)

        for connection in slow:
            connection.close()


def test_a_head_that_does_not_end_in_time_is_cut(address):
    with closing(connect(address, HALF)) as connection:
        for _ in range(4):
            time.sleep(0.15)
            try:
                connection.sendall(b"x")
            except OSError:
                break

        assert is_cut(connection, after=0.5)


def test_an_endless_line_is_refused(address):
    began = time.monotonic()
    with closing(connect(address, b"GET /?q=")) as connection:
        with suppress(OSError):
            while time.monotonic() < began + 5:
                connection.sendall(b"x" * 10_000)
        answer = read(connection)

    assert time.monotonic() < began + 3
    assert answer == b"" or b"414" in answer.splitlines()[0]


def test_it_is_answered_where_the_client_listens(address):
    assert b"414" in ask(address, b"GET /?q=" + b"x" * 300_000).splitlines()[0]


def test_a_query_of_ten_thousand_characters_arrives(address):
    line = b"GET /?q=" + b"%E7%8C%AB" * 13_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"

    assert ask(address, line).endswith(b"0 117002")


def test_a_body_that_drips_is_cut(address):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
    with closing(connect(address, head)) as connection:
        began = time.monotonic()
        try:
            while time.monotonic() - began < 3:
                connection.sendall(b"x")
                time.sleep(0.05)
        except OSError:
            pass

    assert time.monotonic() - began < 2.5


def test_one_that_gets_on_is_read_to_its_end(address):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n"
    with closing(connect(address, head)) as connection:
        for _ in range(10):
            time.sleep(0.1)  # Longer than BODY_SECONDS in all, and fast enough.
            connection.sendall(b"x" * 300)

        assert read(connection).endswith(b"3000 0")


def test_a_connection_serves_one_request_after_another(address):
    with closing(connect(address, WHOLE)) as connection:
        answers = [read(connection)]
        time.sleep(0.6)  # Longer than a head may take: its time begins anew.
        connection.sendall(WHOLE)
        answers.append(read(connection))

    assert [answer[-3:] for answer in answers] == [b"0 5", b"0 5"]


def test_two_that_come_together_are_both_answered(address):
    with closing(connect(address, WHOLE + WHOLE)) as connection:
        data = b""
        while data.count(b"0 5") < 2:
            data += connection.recv(1000)


def test_what_is_left_of_a_large_body_holds_up_nobody(address):
    head = b"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000000\r\n\r\n"
    silent = [connect(address, head) for _ in range(8)]
    began = time.monotonic()

    assert b"200 OK" in read(silent[0])
    assert ask(address, WHOLE, seconds=10).endswith(b"0 5")

    # Each may hold one of two threads for REST_SECONDS and LINGER_SECONDS.
    assert time.monotonic() - began < 8
    for connection in silent:
        connection.close()
