"""How far a command is: a bar on a terminal, lines in a log."""

import sys
from typing import Any

from tqdm import tqdm

# Seconds between two lines, and before the first: what takes less says nothing.
LINE_SECONDS = 10


class Bar(tqdm):
    """tqdm, which goes on in lines on standard error where that is no terminal."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.in_lines = not sys.stderr.isatty()
        if self.in_lines:
            options |= dict.fromkeys(("delay", "mininterval", "maxinterval"), LINE_SECONDS)
        super().__init__(*args, **options | {"file": sys.stderr})

    def display(self, msg: str | None = None, pos: int | None = None) -> Any:
        if not self.in_lines:
            return super().display(msg, pos)
        if msg is None:
            print(self.line(), file=sys.stderr, flush=True)
        return False  # There is nothing to clear.

    def line(self) -> str:
        """For example: "Reading: 1,200 of 50,000, 3:20"."""
        total = f" of {self.total:,}" if self.total else ""
        name = self.desc.removesuffix(": ") or "Done"
        return f"{name}: {self.n:,}{total}, {tqdm.format_interval(self.format_dict['elapsed'])}"

    def close(self) -> None:
        self.leave = self.leave and not self.in_lines
        super().close()
