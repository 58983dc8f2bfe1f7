"""A test with a time of its own to keep runs while the other test processes wait."""

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

# Any two files that all of them see. Whoever waits to be alone holds the door, so that nobody
# enters before.
DOOR, ROOM = Path(__file__), Path(__file__).with_name("stack.py")


@contextmanager
def among_others() -> Iterator[None]:
    """Run beside tests of other processes, but for those that are alone."""
    with ExitStack() as stack:
        with locked(DOOR, fcntl.LOCK_EX):
            stack.enter_context(locked(ROOM, fcntl.LOCK_SH))
        yield


@contextmanager
def alone() -> Iterator[None]:
    """Wait until the tests of the other processes have ended, and run before the next begin."""
    with locked(DOOR, fcntl.LOCK_EX), locked(ROOM, fcntl.LOCK_EX):
        yield


@contextmanager
def locked(path: Path, how: int) -> Iterator[None]:
    with path.open() as file:
        fcntl.flock(file, how)
        yield
