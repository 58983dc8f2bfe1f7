"""The whole of Sightline on a folder and a port of its own, for tests that break parts of it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg
from redis import Redis

from config import embedded
from config.supervisor import Child, Supervisor
from search.management.commands.demo import processes, status
from tests.support.forks import Fork, run
from tests.support.prepared import PASSWORD, USER, copy_into, environment
from tests.support.session import Session

WORKERS = ("ingest", "query")
# Seconds that a process has to end, as in docker-compose.yml.
GRACE = 30


class Stack:
    """PostgreSQL, Redis, the workers and the site, as the demo runs them; use it with `with`.

    `env` adds settings, as in `env={"CLAIM_LEASE_SECONDS": "3"}`; with `catalogue` it begins with
    `prepared.PICTURES` of the sample catalogue, embedded.
    """

    def __init__(self, *, env: Mapping[str, str] | None = None, catalogue: bool = False) -> None:
        # Not pytest's tmp_path: a Unix socket's path has to be short.
        self.var = Path(tempfile.mkdtemp(prefix="sl-")).resolve()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = environment(self.var) | dict(env or {})
        self.catalogue = catalogue
        self.commands = processes(f"127.0.0.1:{self.port}")
        del self.commands["train"]  # Nothing is trained here.
        self.children: dict[str, Child] = {}

    def __enter__(self) -> Self:
        try:
            copy_into(self.var, catalogue=self.catalogue)
            embedded.start_database(self.var)
            self.supervisor = Supervisor(self.var, env=self.env).__enter__()
            self._start_all()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def _start_all(self) -> None:
        for name in ("redis", *self.commands):
            self.start(name)
        assert self.eventually(lambda: status(f"{self.url}/readyz") == "200", 60), self.logs()

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if error is not None:
            print(self.logs(), file=sys.stderr)
        for child in self.children.values():
            self._wake(child)
        if hasattr(self, "supervisor"):
            self.supervisor.__exit__(kind, error, traceback)
        embedded.stop_database(self.var)
        shutil.rmtree(self.var, ignore_errors=True)

    # Its processes: "web", "ingest", "query", "beat" and "redis" ---------------------------------

    def start(self, name: str) -> None:
        """Start a process, also one that kill() or stop() has ended."""
        if name == "redis":
            command = embedded.redis_command(self.var)
            self.children[name] = self.supervisor.start(name, command, stops_last=True)
            assert self.eventually(lambda: bool(embedded.redis_url(self.var)), 10)
        elif name in WORKERS:
            self.children[name] = self._fork(name)
        else:
            self.children[name] = self.supervisor.start(name, self.commands[name])

    def _fork(self, name: str) -> Child:
        log = self.supervisor.log_of(name)
        process = Fork(self.commands[name], self.env, stdout=log)
        return self.supervisor.adopt(Child(name, process, log, stops_last=False, may_end=False))

    def kill(self, name: str) -> None:
        """End a process and its children with SIGKILL."""
        self._end(name, signal.SIGKILL)

    def stop(self, name: str) -> None:
        """End a process as Docker does: SIGTERM, and SIGKILL where that takes longer than 30 s."""
        self._end(name, signal.SIGTERM)

    def _end(self, name: str, number: signal.Signals) -> None:
        child = self.children.pop(name)
        if number == signal.SIGKILL:
            os.killpg(child.process.pid, number)
        child.process.send_signal(number)
        try:
            child.process.wait(GRACE)
        except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
            self._end_by_force(child)
        self.supervisor.forget(child)

    def _end_by_force(self, child: Child) -> None:
        if child.name in WORKERS:
            child.process.send_signal(signal.SIGUSR1)  # Celery logs what each of its threads does.
            time.sleep(1)
        lines = child.log.read_text(errors="replace").splitlines()[-60:]
        warnings.warn(f"{child.name} did not end by itself:\n" + "\n".join(lines), stacklevel=1)
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)

    def pause(self, name: str) -> int:
        """Stop (SIGSTOP) the child in which a worker runs its tasks, and return its id."""
        pid = self.worker_child(name).pid
        os.kill(pid, signal.SIGSTOP)
        return pid

    def resume(self, pid: int) -> None:
        """Let a paused process go on (SIGCONT)."""
        os.kill(pid, signal.SIGCONT)

    def worker_child(self, name: str) -> psutil.Process:
        """The child in which the worker of this name runs its tasks."""
        worker = psutil.Process(self.children[name].process.pid)
        assert self.eventually(lambda: bool(worker.children()), 30)
        return worker.children()[0]

    def _wake(self, child: Child) -> None:
        # What a test has paused would sit out the whole grace period.
        try:
            for process in psutil.Process(child.process.pid).children():
                process.resume()
        except psutil.NoSuchProcess:
            pass

    # Its servers ---------------------------------------------------------------------------------

    def flush_redis(self) -> None:
        """Make Redis lose everything (FLUSHALL)."""
        Redis(unix_socket_path=str(self.var / "redis.sock")).flushall()

    def restart_postgres(self) -> None:
        """Restart PostgreSQL without a farewell (immediate mode); it comes back after recovery."""
        log = f"--log={self.var / 'postgres' / 'log'}"
        assert embedded.pg_ctl(self.var, "restart", "--mode=immediate", log)

    def connection(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection; as a context manager it is a transaction."""
        return psycopg.connect(embedded.database_url(self.var))

    def sql(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement in a transaction of its own; its rows, if it has any."""
        cursor = self._connected().execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []

    def _connected(self) -> "psycopg.Connection[tuple[Any, ...]]":
        # The same one for as long as it lives: tests ask ten times a second how far something is.
        try:
            self._asking.execute("")
        except (AttributeError, psycopg.OperationalError):
            self._asking = self.connection()
            self._asking.autocommit = True
        return self._asking

    # Its edges -----------------------------------------------------------------------------------

    def manage(
        self, *arguments: str, check: bool = False, stdin: str = "", timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run a manage.py command in this stack; it has a returncode, a stdout and a stderr."""
        command = [sys.executable, "manage.py", *arguments]
        done = run(command, self.env, stdin=stdin, timeout=timeout)
        assert not (check and done.returncode), done.stderr
        return done

    def session(self) -> Session:
        """A person's browser without the browser, signed in as the curator."""
        session = Session(self.url)
        session.sign_in(USER, PASSWORD)
        return session

    def logs(self) -> str:
        """The last lines of every process, dead ones too."""
        logs = sorted((self.var / "logs").glob("*.log"))
        return "\n".join(
            f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-30:])
            for log in logs
        )

    def embedded(self) -> int:
        """How many embeddings have their vector."""
        return self.sql("SELECT count(fulfilled) FROM search_embedding")[0][0]

    @staticmethod
    def eventually(condition: Callable[[], bool], seconds: float = 60) -> bool:
        """Whether the condition came true in time."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        return True


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
