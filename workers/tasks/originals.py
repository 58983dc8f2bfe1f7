"""What workers make of originals, ahead of its use, or a note of why it can't be made."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from search.formats.sniff import UndecodableImage
from search.library.originals import StorageAway
from search.models import Embedding, Rendition

Thing = TypeVar("Thing")
Made = TypeVar("Made")

# Threads that make what is used next. They wait for processes of the sandbox, of which there are as
# many (AT_ONCE in search/formats/sandbox.py).
THREADS = 2


def ahead(
    work: Callable[[Thing], Made], things: Iterable[Thing]
) -> Iterator[tuple[Thing, Callable[[], Made]]]:
    """Each thing, and what returns or raises what `work` makes of it, in a thread, while those
    before are used. The work must not touch the database.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        futures = deque((thing, pool.submit(work, thing)) for thing in things)
        try:
            while futures:
                thing, future = futures.popleft()
                yield thing, future.result
        finally:
            pool.shutdown(cancel_futures=True)


def made_or_failure(
    promises: Sequence[Embedding | Rendition], make: Callable[[], Made]
) -> Made | None:
    """What is made for these promises of one asset, or None after noting why there is nothing."""
    try:
        return make()
    except UndecodableImage as error:
        for promise in promises:
            promise.fail(error)
    except StorageAway:  # Which no picture answers for.
        for promise in promises:
            promise.put_back()
    return None
