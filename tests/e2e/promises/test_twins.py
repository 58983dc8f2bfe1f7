"""The same files, sent again and again by several windows of one person at once."""

import pytest

from tests.support.crowd import ask, in_parallel
from tests.support.faults import picture, remove_assets
from tests.support.promises import FULL, only_in_full

FILES, TIMES, PEOPLE = (20, 50, 8) if FULL else (2, 8, 8)
CONSTRAINT = "one_asset_per_owner_and_original"

pytestmark = [pytest.mark.usefixtures("emptied"), pytest.mark.promise("P14")]


def send(stack, files: int, times: int) -> list:
    """Each file by everybody at the same time, then the next one."""
    windows = [stack.session() for _ in range(PEOPLE)]
    return in_parallel(windows, upload, sorted(list(range(files)) * times))


def upload(session, number: int):
    return ask(lambda: session.upload(picture(number)))


def assets(stack) -> int:
    return stack.sql("SELECT count(*) FROM search_asset")[0][0]


def originals(stack) -> int:
    return sum(path.is_file() for path in (stack.var / "media" / "originals").rglob("*"))


def test_a_file_that_is_sent_many_times_at_once_is_one_asset(stack, figure):
    answers = send(stack, FILES, TIMES)
    confirmed = sum(answer.status == 200 for answer in answers)
    figure(
        "P14",
        f"{FILES} files, each sent {TIMES} times by {PEOPLE} windows at once: {confirmed} of"
        f" {len(answers)} confirmed, {assets(stack)} assets, {originals(stack)} originals",
    )
    assert confirmed == FILES * TIMES
    assert assets(stack) == originals(stack) == FILES


@only_in_full
def test_control_without_the_constraint_it_is_several(stack):
    definition = stack.sql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", CONSTRAINT
    )[0][0]
    stack.sql(f"ALTER TABLE search_asset DROP CONSTRAINT {CONSTRAINT}")
    try:
        send(stack, 3, PEOPLE)
        assert assets(stack) > 3
    finally:
        remove_assets(stack)
        stack.sql(f"ALTER TABLE search_asset ADD CONSTRAINT {CONSTRAINT} {definition}")
