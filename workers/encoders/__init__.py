"""Encoders: checkpoints in memory, and what each family of them needs; no Django."""

import os
import sys

from workers.encoders.lean_imports import LeanImports

sys.meta_path.insert(0, LeanImports())

# Number of times that a thread of torch looks for more work before it sleeps, which libgomp reads
# when torch is loaded. By default 300,000: with other processes on the same two cores, these
# looks were most of an encoding (a picture 44 ms of CPU and 263 by the clock, with 5,000 to
# 20,000 looks 13 to 20 and 50); alone on the cores both take the same time.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
