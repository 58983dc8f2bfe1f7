"""What the tests of encoders, studio and training share."""

import pytest
import torch

from workers.encoders import memory

# Where tests run in several processes, a second thread in each only waits for the others': the
# tests of the encoders took 61 CPU-seconds with two threads at load 10, 22 with one.
torch.set_num_threads(1)


@pytest.fixture(scope="package", autouse=True)
def instructions_stay():
    """To have them forgotten takes a third of the time in which a small encoder is loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "leave_code", lambda: None)
        yield
