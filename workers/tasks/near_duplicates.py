"""Near-duplicates: each new asset is compared with those that were there before."""

import time

from search.library import near_duplicates
from workers.turns import turn

# Seconds that a step takes at most, and one comparison more: 9 ms among 100,000.
STEP_SECONDS = 0.5


def waits() -> bool:
    return near_duplicates.waiting().exists()


def do() -> bool:
    """Find the near-duplicates of some assets; whether any was compared."""
    with turn("near-duplicates") as taken:
        return taken and compare_some()


def compare_some() -> bool:
    until = time.monotonic() + STEP_SECONDS
    compared = False
    while near_duplicates.compare_next():
        compared = True
        if time.monotonic() > until:
            break
    return compared
