"""Processes of Sightline, forked from one that has imported torch; as a command it is that one.

To import torch and the parts of transformers that we use takes 5 CPU-seconds, and the end-to-end
tests start some forty workers and commands that need them. In production each imports them itself.
"""

import gc
import importlib
import json
import os
import pkgutil
import random
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, NoReturn

import psutil

from config.supervisor import BASE_DIR

# What is imported beforehand, apart from the encoders: nothing that reads Django's settings.
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
        files = [str(path) for path in (stdin, stdout, stderr or stdout, self._code)]
        self.pid = _fork([list(command[1:]), dict(env), files])
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
        """Wait for its end, and kill it and raise psutil.TimeoutExpired where that takes longer."""
        try:
            self._process.wait(seconds)
        except psutil.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            raise

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
        fork.wait(timeout)
        texts = [path.read_text() for path in paths[1:]]
        return subprocess.CompletedProcess(command, fork.returncode, *texts)


def _fork(order: list[object]) -> int:
    stdin, stdout = _parent()
    print(json.dumps(order), file=stdin, flush=True)
    return int(stdout.readline())


@cache
def _parent() -> tuple[IO[str], IO[str]]:
    """The standard input and output of the process that forks the others; it ends with us."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=BASE_DIR,
        start_new_session=True,
    )
    assert process.stdin and process.stdout
    return process.stdin, process.stdout


# In the process that forks ------------------------------------------------------------------------


def serve() -> None:
    """Fork a process for each order on the standard input; it prints its id."""
    import_beforehand()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # So that none remains as a zombie.
    for line in sys.stdin:
        if not os.fork():
            become(*json.loads(line))


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


def become(command: list[str], env: dict[str, str], files: list[str]) -> NoReturn:
    """Run the command as an interpreter of its own would."""
    os.setsid()
    print(os.getpid(), flush=True)  # Only now: whoever knows it may end the whole group.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    random.seed()
    os.environ.clear()
    os.environ.update(env)
    *standard, code = files
    for number, path in enumerate(standard):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND if number else os.O_RDONLY
        os.dup2(os.open(path, flags), number)
    sys.stdin = open(0)  # noqa: SIM115  # What the parent's has read ahead is not ours.
    returned = main(command)
    Path(code).write_text(str(returned))
    sys.exit(returned)


def main(command: list[str]) -> int:
    """Run `-m module ...` or `script ...`; its exit code."""
    run_one, sys.argv = runpy.run_path, command
    if command[0] == "-m":
        run_one, sys.argv = runpy.run_module, command[1:]
    try:
        run_one(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    serve()
