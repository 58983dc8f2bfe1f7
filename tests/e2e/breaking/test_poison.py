"""Pictures that kill their worker: they are given up, and no other is.

The negative control is the same with one safeguard removed, which must fail.
"""

import pytest

from tests.support.faults import failed, folder_of, ingest_worker, settled
from tests.support.promises import FULL, only_in_full

# One by itself, and two side by side.
PICTURES, DEADLY = (500, {100, 250, 251}) if FULL else (24, {12, 18, 19})

pytestmark = [pytest.mark.usefixtures("emptied"), pytest.mark.promise("P3")]


def test_three_poison_pictures_among_many_are_given_up_and_no_other(stack, tmp_path, figure):
    ingest_worker(stack, "deadly")
    stack.manage("ingest", str(folder_of(tmp_path, PICTURES, deadly=DEADLY)), check=True)

    assert stack.eventually(lambda: settled(stack), 400)

    figure(
        "P3", f"{len(failed(stack))} of {PICTURES} pictures given up, {len(DEADLY)} kill workers"
    )
    assert failed(stack) == [f"picture-{number}.png" for number in sorted(DEADLY)]
    assert stack.embedded() == PICTURES - len(DEADLY)
    page = stack.session().get("/admin/search/embedding/").text
    assert page.count("The worker stopped 3 times while it worked on this picture.") == len(DEADLY)


@only_in_full
def test_control_charged_in_batches_the_neighbours_are_condemned(stack, tmp_path):
    # All of it waits first: a worker that hears of the first pictures claims picture 3 alone.
    stack.kill("ingest")
    stack.manage("ingest", str(folder_of(tmp_path, 24, deadly={3})), check=True)
    ingest_worker(stack, "deadly", "crowded")

    assert stack.eventually(lambda: settled(stack), 120)

    assert len(failed(stack)) > 1
