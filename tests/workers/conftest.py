"""What the tests of encoders, studio and training share."""

import torch

# Where tests run in several processes, a second thread in each only waits for the others': the
# tests of the encoders took 61 CPU-seconds with two threads at load 10, 22 with one.
torch.set_num_threads(1)
