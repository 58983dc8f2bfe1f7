"""Training runs in tests: made, and trained by a stand-in."""

import sys
from pathlib import Path

from search.models import TrainingRun
from workers.tasks import training

# It needs no packages: to look for them would take twice as long as all else that it does.
FAKE = [sys.executable, "-I", "-S", str(Path(__file__).parent / "fake_train.py")]


def make_run(**fields) -> TrainingRun:
    return TrainingRun.objects.create(**{"recipe": "siglip", "seed": 7} | fields)


def trained(run: TrainingRun) -> TrainingRun:
    training.do()
    run.refresh_from_db()
    return run
