"""Saves a run while it goes on, so that it can be stopped and resumed."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path
from shutil import rmtree
from typing import Any
from zipfile import is_zipfile

import torch

from search.refusals import Refusal

STATE = "state"  # Name of the folder within that of the result.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class TrainingError(Refusal):
    """This training cannot go on."""


class Stopped(Refusal):
    """Someone asked the run to stop, and it was saved."""


class SavedState:
    """The state of a run, in a folder within the folder that its result goes to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / STATE
        self._path = self._folder / "training.pt"

    def exists(self) -> bool:
        return self._path.is_file()

    def save(self, state: dict[str, Any]) -> None:
        """Replace the saved state as a whole. Raises TrainingError; the one before then stays."""
        beside = self._path.with_suffix(".new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except RuntimeError as error:
            # torch's writer says so that not all of it could be written.
            raise self._unsaved(beside, state, "the disk is full") from error
        except OSError as error:
            reason = "the disk is full" if error.errno == ENOSPC else str(error.strerror)
            raise self._unsaved(beside, state, reason) from error

    def _unsaved(self, beside: Path, state: dict[str, Any], reason: str) -> TrainingError:
        beside.unlink(missing_ok=True)
        code = "step_not_saved" if self.exists() else "first_step_not_saved"
        return TrainingError(code, step=state["step"], reason=reason)

    def load(self) -> dict[str, Any]:
        """The state that was saved last. Raises TrainingError."""
        damaged = TrainingError("saved_training_damaged", file=str(self._path))
        # What is no archive torch takes for a format of long ago, and stumbles anywhere.
        if not is_zipfile(self._path):
            raise damaged
        try:
            return torch.load(self._path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError) as error:
            raise damaged from error

    def delete(self) -> None:
        """Remove the state of a run that has come to its end."""
        rmtree(self._folder, ignore_errors=True)


@contextmanager
def stop_signals() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM was received; a second one does what it did before."""
    received = []

    def ask(number: int, _frame: object) -> None:
        received.append(number)
        signal.signal(number, before[number])

    before: dict[int, Any] = {each: signal.getsignal(each) for each in _SIGNALS}
    for number in before:
        signal.signal(number, ask)
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
