"""Processes of Sightline, forked from one that has imported torch; as a command it is that one.

To import torch and the parts of transformers that we use takes 5 CPU-seconds, and the end-to-end
tests start some forty workers and commands that need them, besides the processes that run tests. In
production each imports them itself.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import random
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from types import ModuleType
from typing import NoReturn

import psutil

from config.supervisor import BASE_DIR

# Where it listens; processes of the same run inherit it.
ADDRESS = "SIGHTLINE_TEST_FORKS"
# What is imported beforehand, apart from the encoders: nothing that reads Django's settings, and
# nothing that pytest wants to rewrite.
COMMON = ("celery.apps.worker", "celery.bin.celery", "django.core.management", "psycopg")


class Fork:
    """What a Popen is to the supervisor: a process that leads a session of its own.

    `command` is what Popen would be given, from the interpreter on; the files are its standard
    input, output and error output.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        stdout: Path,
        stderr: Path | None = None,
        stdin: Path = Path(os.devnull),
    ) -> None:
        self._code = stdout.with_suffix(".code")
        self._code.unlink(missing_ok=True)
        stdout.write_bytes(b"")
        with ExitStack() as opened:
            files = [opened.enter_context(stdin.open("rb"))]
            files += [opened.enter_context(path.open("ab")) for path in (stdout, stderr or stdout)]
            order = [list(command[1:]), dict(env), str(self._code)]
            self.pid = _fork(order, [file.fileno() for file in files])
        self._process = psutil.Process(self.pid)

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        """Its exit code, which is 1 where it could leave none; None while it runs."""
        if self._process.is_running():
            return None
        return int(self._code.read_text()) if self._code.exists() else 1

    def wait(self, seconds: float) -> None:
        """Wait for its end. Raises psutil.TimeoutExpired."""
        self._process.wait(seconds)

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):  # As Popen: it may have ended.
            os.kill(self.pid, number)


def run(
    command: Sequence[str], env: Mapping[str, str], *, stdin: str = "", timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """What subprocess.run() is to a Popen. Raises psutil.TimeoutExpired."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("stdin", "stdout", "stderr")]
        paths[0].write_text(stdin)
        fork = Fork(command, env, stdin=paths[0], stdout=paths[1], stderr=paths[2])
        try:
            fork.wait(timeout)
        except psutil.TimeoutExpired:
            os.killpg(fork.pid, signal.SIGKILL)
            raise
        texts = [path.read_text() for path in paths[1:]]
        return subprocess.CompletedProcess(command, fork.returncode, *texts)


def _fork(order: list[object], files: Sequence[int]) -> int:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address())
        socket.send_fds(connection, [b"\0"], files)
        connection.sendall(json.dumps(order).encode() + b"\n")
        return int(connection.makefile().readline())


def address() -> str:
    """Where the process listens that forks the others; it is started here if there is none."""
    if ADDRESS not in os.environ:
        folder = mkdtemp(prefix="sl-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ[ADDRESS] = f"{folder}/forks"
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, os.environ[ADDRESS]],
            stdin=subprocess.PIPE,  # At whose end it ends as well.
            stdout=subprocess.PIPE,
            cwd=BASE_DIR,
            start_new_session=True,
        )
        assert process.stdout and process.stdout.readline() == b"ready\n"
        atexit.register(process.kill)
    return os.environ[ADDRESS]


# In the process that forks ------------------------------------------------------------------------


def serve(path: str) -> None:
    """Fork a process for each order that comes, until the standard input ends."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        import_beforehand()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # So that none remains as a zombie.
        print("ready", flush=True)
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if not os.fork():
                listener.close()
                obey(connection)
            connection.close()


def import_beforehand() -> None:
    # OpenMP's threads do not survive a fork, so none are started here, nor in the children, which
    # share two cores with everything else.
    importlib.import_module("torch").set_num_threads(1)
    encoders = importlib.import_module("workers.encoders")
    ours = (f"workers.encoders.{module.name}" for module in pkgutil.iter_modules(encoders.__path__))
    for module in (*COMMON, *ours):
        importlib.import_module(module)
    # So that collections do not look at, and thereby copy, all of it: 1.2 CPU-seconds for each.
    gc.freeze()


def obey(connection: socket.socket) -> NoReturn:
    """Become what the order says. The connection ends with this process."""
    _, files, _, _ = socket.recv_fds(connection, 1, 3)
    command, env, code = json.loads(connection.makefile().readline())
    os.setsid()
    # Only now: whoever knows it may end the whole group.
    connection.sendall(b"%d\n" % os.getpid())
    become(env, files)
    returned = main(command)
    if code:
        Path(code).write_text(str(returned))
    sys.exit(returned)


def become(env: dict[str, str], files: list[int]) -> None:
    """Take on an environment and the three standard files, as a new interpreter would."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    random.seed()
    os.environ.clear()
    os.environ.update(env)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(0)  # noqa: SIM115  # What the parent's has read ahead is not ours.


def main(command: list[str]) -> int:
    """Run `-m module ...`, `script ...` or, as pytest-xdist has it, `-u -c code`; its exit code."""
    run_one, sys.argv = runpy.run_path, command
    if command[0] == "-m":
        run_one, sys.argv = runpy.run_module, command[1:]
    elif command[0] == "-u":
        run_one, sys.argv = run_code, command[2:]
    try:
        run_one(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def run_code(code: str, run_name: str) -> None:
    """In a main module of its own, of which multiprocessing would import nothing anew."""
    sys.modules[run_name] = ModuleType(run_name)
    exec(code, vars(sys.modules[run_name]))


if __name__ == "__main__":
    serve(sys.argv[1])
