"""Child processes that start one after another and all end together."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Self

from config import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
GRACE_SECONDS = 10.0  # What still runs then is killed.
LAST_LINES = 20
# Maximum bytes of a log; what was written before is kept once, beside it.
LOG_BYTES = 10_000_000


@dataclass(frozen=True)
class Child:
    """A process that leads a session of its own, so that Ctrl-C reaches its parent alone."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stops_last: bool
    may_end: bool

    def died(self) -> bool:
        code = self.process.poll()
        return code is not None and not (self.may_end and code == 0)

    def last_lines(self) -> str:
        return last_lines(self.log)

    @property
    def refusal(self) -> Path:
        """The file in which config.step leaves the sentence that a step was refused with."""
        return refusal_beside(self.log)


def refusal_beside(log: Path) -> Path:
    return log.with_suffix(".refusal")


def rotate(log: Path) -> None:
    """Move what a log holds beside it, once that is too much; whoever writes it need not know."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)


def last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:])


class ChildDied(Exception):
    """A child ended that should have gone on; the text names it and gives its last lines."""

    def __init__(self, child: Child) -> None:
        super().__init__(child.name, child.process.returncode)
        self.child = child

    def __str__(self) -> str:
        if self.child.refusal.exists():
            return self.child.refusal.read_text()
        code = self.child.process.returncode
        ending = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return (
            f"The process {self.child.name} has ended ({ending}), so everything stops."
            f" Its last lines, from {self.child.log}:\n{self.child.last_lines()}"
        )


class Supervisor:
    """Starts children, notices when one dies, and stops them with all that they have started."""

    def __init__(self, var: Path, *, env: Mapping[str, str] | None = None) -> None:
        self.var = var
        self.env = env
        self.children: list[Child] = []
        self._stop_requested = False

    def __enter__(self) -> Self:
        (self.var / "logs").mkdir(mode=0o700, exist_ok=True)
        # Should this process be killed before it can, the watchdog at the pipe's other end will
        # end the children.
        ears, self._mouth = os.pipe()
        self._watchdog = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor", str(self.var)],
            stdin=ears,
            start_new_session=True,
            cwd=BASE_DIR,
        )
        os.close(ears)
        return self

    def __exit__(self, *error: object) -> None:
        for last in (False, True):
            end_groups([c.process.pid for c in self.children if c.stops_last == last])
        self._watchdog.kill()
        self._watchdog.wait()
        os.close(self._mouth)

    def obey_signals(self) -> None:
        """From now on SIGINT and SIGTERM make the next check() end this process."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        # An exception from here could come between a child's start and its entry in the list,
        # and leave that child running.
        self._stop_requested = True

    def start(
        self, name: str, command: Sequence[str], *, stops_last: bool = False, may_end: bool = False
    ) -> Child:
        """Start a child; its output goes to a log file that begins anew."""
        log = self.log_of(name)
        refusal_beside(log).unlink(missing_ok=True)
        log.write_bytes(b"")
        # Appended to, so that it can be emptied while the child writes.
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=BASE_DIR,
                env=self.env,
            )
        return self.adopt(Child(name, process, log, stops_last, may_end))

    def adopt(self, child: Child) -> Child:
        """Look after a child from now on, and end it with the others."""
        self.children.append(child)
        self._tell_watchdog(child)
        return child

    def start_step(self, name: str, *command: str) -> Child:
        """Start one of our own commands, which is to end well or in a sentence."""
        step = [sys.executable, "-m", "config.step", str(refusal_beside(self.log_of(name)))]
        return self.start(name, [*step, *command], may_end=True)

    def log_of(self, name: str) -> Path:
        return self.var / "logs" / f"{name}.log"

    def forget(self, child: Child) -> None:
        """Leave out a child that has ended as it should: its id may soon be a stranger's."""
        self.children.remove(child)
        self._tell_watchdog(child)

    def _tell_watchdog(self, child: Child) -> None:
        os.write(self._mouth, f"{child.process.pid}\n".encode())

    def restart(self, name: str, command: Sequence[str]) -> Child:
        """End the child of this name with all that it has started, and start this in its place.

        Its log lies beside the new one, as NAME.before.log.
        """
        child = next(child for child in self.children if child.name == name)
        end_groups([child.process.pid])
        self.forget(child)
        child.log.replace(child.log.with_name(f"{name}.before.log"))
        return self.start(name, command)

    def finish(self, child: Child, *, meanwhile: Callable[[], object] = bool) -> None:
        """Wait for the good end of a child that may end, and call `meanwhile` now and then."""
        while child.process.poll() is None:
            self.pause()
            meanwhile()
        self.check()
        self.forget(child)

    def pause(self, seconds: float = 0.2) -> None:
        time.sleep(seconds)
        self.check()

    def check(self) -> None:
        """Raise ChildDied if a child has died, and SystemExit if a signal asked for the end.

        Logs that have grown too long are begun anew.
        """
        if self._stop_requested:
            sys.exit()
        for child in self.children:
            if child.died():
                raise ChildDied(child)
            rotate(child.log)


def end_groups(leaders: Iterable[int]) -> None:
    """Ask the leaders to end, and kill what is left of their groups when the grace is over.

    Only the leaders are asked: each ends its own children in good order.
    """
    leaders = list(leaders)
    for leader in leaders:
        _ask(leader)
    until = time.monotonic() + GRACE_SECONDS
    while any(map(_group_lives, leaders)) and time.monotonic() < until:
        time.sleep(0.05)
    for leader in leaders:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(leader, 0)


def _ask(leader: int) -> None:
    try:
        os.kill(leader, signal.SIGTERM)
    except ProcessLookupError:  # It died and left children behind.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGTERM)


def _group_lives(leader: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(leader, os.WNOHANG)
    try:
        os.killpg(leader, 0)
    except (ProcessLookupError, PermissionError):  # macOS: a group of zombies.
        return False
    return True


def watch(lines: Iterable[str]) -> None:
    """End the groups that were named once, when the one who names them is gone."""
    leaders: set[int] = set()
    for line in lines:
        leaders ^= {int(line)}
    end_groups(leaders)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if embedded.answers(folder):
        embedded.start_database(folder)  # So that the last who holds it is this process.
    watch(sys.stdin)
