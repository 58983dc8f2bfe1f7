"""A test with a time of its own to keep runs while the other test processes wait."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
# Whoever waits to be alone holds the door, so that nobody enters before.
DOOR, ROOM = (Path(tempfile.gettempdir()) / f"sightline-{name}-{RUN}" for name in ("door", "room"))


@contextmanager
def among_others() -> Iterator[None]:
    """Run beside tests of other processes, but for those that are alone."""
    with locked(DOOR, fcntl.LOCK_EX):
        room = locked(ROOM, fcntl.LOCK_SH)
        room.__enter__()
    try:
        yield
    finally:
        room.__exit__(None, None, None)


@contextmanager
def alone() -> Iterator[None]:
    """Wait until the tests of the other processes have ended, and run before the next begin."""
    with locked(DOOR, fcntl.LOCK_EX), locked(ROOM, fcntl.LOCK_EX):
        yield


@contextmanager
def locked(path: Path, how: int) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, how)
        yield
