"""People who upload and search side by side, and what they were answered."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from queue import Empty, SimpleQueue
from typing import NamedTuple

from httpx2 import HTTPError

from tests.support.session import Session

PAUSE = 0.2  # Seconds of a person between two acts.


class Answer(NamedTuple):
    """What became of a request: a status, 0 where there was no answer, and its text."""

    status: int
    seconds: float
    text: str = ""


def ask(request: Callable[[], object]) -> Answer:
    """Send a request and time it; a connection that was refused or cut is an answer too."""
    began = time.monotonic()
    try:
        response = request()
    except HTTPError as error:
        return Answer(0, time.monotonic() - began, repr(error))
    return Answer(response.status_code, time.monotonic() - began, response.text)


def is_up(stack) -> bool:
    """Whether the site answers, as it does some seconds after its start."""
    return ask(lambda: Session(stack.url).get("/healthz")).status == 200


class Crowd:
    """Threads that go on until the block ends; each has a session, in which it acts all the time.

    `act(session, number)` returns an Answer; the number is another one each time.
    """

    def __init__(self, stack, act: Callable[[Session, int], Answer], *, people: int):
        self.stack, self.act = stack, act
        self.answers: list[Answer] = []
        self.over = threading.Event()
        self._numbers = count(1)
        self._threads = [threading.Thread(target=self._live) for _ in range(people)]

    def _live(self) -> None:
        session = self.stack.session()
        while not self.over.is_set():
            self.answers.append(self.act(session, next(self._numbers)))
            self.over.wait(PAUSE)  # Two cores are shared by all of this.

    @contextmanager
    def at_it(self):
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self.over.set()
            for thread in self._threads:
                thread.join()

    def statuses(self) -> Counter[int]:
        return Counter(answer.status for answer in self.answers)

    def lost(self) -> list[Answer]:
        """What was answered by no page or by an error of ours."""
        return [answer for answer in self.answers if not 200 <= answer.status < 500]


def search(session: Session, number: int) -> Answer:
    """Search for words, of which every fourth are new and have to be encoded."""
    words = f"a blue mug, {number}" if number % 4 == 0 else WORDS[number % len(WORDS)]
    answer = ask(lambda: session.get("/", {"q": words, "everything": "1"}))
    # Of a page that is as it should be nothing is kept: there are thousands.
    is_whole = answer.status == 200 and not NO_VECTOR.search(answer.text)
    return answer._replace(text="") if is_whole else answer


# What a page says that was made without the vector of its words.
NO_VECTOR = re.compile("encoder is (not )?answering")
WORDS = ["red mug", "two blue bicycles", "a lamp in the snow", "yellow", "a dotted boat"]


@contextmanager
def meanwhile(work, *arguments):
    """Run `work` in a thread while the block runs; its exception is the test's."""
    raised = []

    def run() -> None:
        try:
            work(*arguments)
        except BaseException as error:  # noqa: BLE001
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if raised:
        raise raised[0]


def in_parallel(sessions: Sequence[Session], act: Callable, items: Iterable) -> list:
    """What `act(session, item)` returns for all the items, which the sessions share."""
    waiting: SimpleQueue = SimpleQueue()
    for item in items:
        waiting.put(item)
    answers: list = []

    def work(session: Session) -> None:
        with suppress(Empty):
            while True:
                answers.append(act(session, waiting.get_nowait()))

    with ThreadPoolExecutor(len(sessions)) as pool:
        for _ in pool.map(work, sessions):  # Raises what was raised there.
            pass
    return answers


def p95(answers: Iterable[Answer]) -> float:
    """Seconds within which 95 of 100 answers came."""
    seconds = sorted(answer.seconds for answer in answers)
    return seconds[len(seconds) * 95 // 100]
