"""What has just not answered is left alone for a while, so that not everybody waits for it."""

import time


class Silence:
    """Begins when something did not answer; ends when it answers, which one at a time find out.

    By the clock, without a thread: a process that is forked meanwhile goes on with it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: float | None = None

    def begin(self) -> None:
        self._until = time.monotonic() + self._seconds

    def end(self) -> None:
        self._until = None

    def lasts(self) -> bool:
        """Whether to go without it. Whoever hears No once it has lasted long enough is to try, and
        the others go without meanwhile.
        """
        if self._until is None:
            return False
        if time.monotonic() < self._until:
            return True
        self.begin()
        return False


# Redis did not answer a cache or a publisher of this process. Between two attempts, each of which
# costs somebody the second that a timeout lasts, everybody else goes on at once.
redis = Silence(2.0)
