"""A child process that is killed at a step of its work, as by `kill -9`."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import connections


def die(*args: Any, **kwargs: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(function: Callable[..., Any]) -> Callable[..., None]:
    def wrapped(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)
        die()

    return wrapped


def is_killed(work: Callable[[], Any]) -> bool:
    """Whether a child process that does this is killed by it."""
    child = os.fork()
    if not child:
        with suppress(BaseException):
            for connection in connections.all(initialized_only=True):
                connection.connection = None  # The parent's; a new one is made.
            work()
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
