"""Two beats at once: more bells are rung, and nothing is done twice."""

import pytest

from tests.support.faults import most_writes, picture, settled
from tests.support.promises import only_in_full

pytestmark = [pytest.mark.usefixtures("emptied"), pytest.mark.promise("P15"), only_in_full]
UPLOADS = 20


def test_two_beats_do_nothing_twice(stack, figure):
    session = stack.session()
    schedule = ("--schedule", str(stack.var / "beat-schedule-2"))
    twin = stack.supervisor.start("beat2", [*stack.commands["beat"], *schedule])
    try:
        sent = [session.upload(picture(number)).status_code for number in range(UPLOADS)]
        assert stack.eventually(lambda: settled(stack), 60)
        assert twin.process.poll() is None  # It went on all the while.
    finally:
        twin.process.kill()
        twin.process.wait(10)
        stack.supervisor.forget(twin)
    figure("P15", f"Two beats: {stack.embedded()} of {len(sent)} uploads embedded, each once")
    assert stack.embedded() == UPLOADS and most_writes(stack) == 1
