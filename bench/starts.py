"""Prints how long a demo takes to begin, to fill, to end, and to begin again.

    .venv/bin/python -m bench.starts [--pictures 500]

Nothing else may run meanwhile. It fails where the second start takes more than 15 seconds.
"""

import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from config import embedded
from config.supervisor import BASE_DIR

WELCOME = "Ctrl-C stops everything"
MOST_SECONDS = 15  # Of a second start.


class Demo:
    """A demo that prints to a file."""

    def __init__(self, var: Path, port: int, pictures: int) -> None:
        self.var, self.output = var, var.with_name("output")
        command = ["manage.py", "demo", "--port", str(port), "--pictures", str(pictures)]
        self.began = time.monotonic()
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                env=os.environ | {"VAR_DIR": str(var)},
                cwd=BASE_DIR,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def seconds_until_welcome(self) -> float:
        while WELCOME not in (printed := self.output.read_text()):
            if self.process.poll() is not None:
                sys.exit(printed)
            time.sleep(0.05)
        return time.monotonic() - self.began

    def seconds_until_embedded(self, pictures: int) -> float:
        """Until so many pictures have their vector by the encoder that serves."""
        query = (
            "SELECT count(vector) FROM search_embedding JOIN search_encoder e ON e.id = encoder_id"
            " WHERE e.state = 'serving'"
        )
        with psycopg.connect(embedded.database_url(self.var), autocommit=True) as connection:
            while connection.execute(query).fetchone() < (pictures,):
                time.sleep(0.2)
        return time.monotonic() - self.began

    def seconds_to_stop(self) -> float:
        began = time.monotonic()
        self.process.terminate()
        self.process.wait()
        return time.monotonic() - began


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--pictures", type=int, default=500)
    options = parser.parse_args()
    port, pictures = options.port, options.pictures
    with TemporaryDirectory(prefix="sl-") as folder:
        var = Path(folder).resolve() / "var"
        first = Demo(var, port, pictures)
        print(f"First start: the address after {first.seconds_until_welcome():.1f} s,", end=" ")
        print(f"{pictures} pictures embedded after {first.seconds_until_embedded(pictures):.1f} s.")
        print(f"Stop: {first.seconds_to_stop():.1f} s.")
        second = Demo(var, port, pictures)
        seconds = second.seconds_until_welcome()
        second.seconds_to_stop()
    print(f"Second start: {seconds:.1f} s.")
    if seconds > MOST_SECONDS:
        sys.exit(f"That is more than {MOST_SECONDS} s.")


if __name__ == "__main__":
    main()
