"""What do the files that take most take of memory and time?

    .venv/bin/python -m bench.worst_files [--files N]

The files (tests/support/worst.py) are drawn one after another. Writes the table to bench/results/.
Takes 5 minutes.
"""

import sys
from itertools import islice

from bench.support import apart, parser_of, report, say

# Number of files in the table.
WORST = 10
# Longer side of a query picture, in pixels (search/query/pictures.py).
QUERY_SIDE = 1024
HEAD = (
    "# The files that take most\n\n"
    "What each of {count} files takes until it is accepted or refused: the sandbox's memory at its"
    " peak, by how much the process that asks has grown afterwards, and seconds on a processor, as"
    " an upload and as a picture to search by. The {worst} that take most memory come first,"
    " then the {worst} that take longest. Two cores. Made by `python -m bench.worst_files`.\n"
)
COLUMNS = "| file | MB | sandbox, MiB | worker, MiB | seconds | to search by, MiB | seconds | |\n"


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--files", type=int, metavar="N", help="only the first N")
    options = parser.parse_args()
    from tests.support.worst import worst

    # Each in a process of its own, so that the memory it took to draw it is not there.
    rows = [apart("bench.worst_files", name).strip() for name in islice(worst(), options.files)]
    report("worst_files", table([row.split("\t") for row in rows]))


def table(rows: list[list[str]]) -> str:
    largest = sorted(rows, key=lambda row: -float(row[2]))[:WORST]
    slowest = sorted(rows, key=lambda row: -float(row[4]))[:WORST]
    lines = HEAD.format(count=len(rows), worst=WORST)
    for part in (largest, slowest):
        lines += "\n" + COLUMNS + "|" + " --- |" * 8 + "\n"
        lines += "".join("| " + " | ".join(row) + " |\n" for row in part)
    return lines


def measure(name: str) -> None:
    from tests.support.worst import cost, worst

    data = worst()[name]()
    upload, query = cost(data), cost(data, QUERY_SIDE)
    say(f"{name}: {upload.sandbox:.0f} MiB, {upload.seconds:.1f} s {upload.sentence}")
    fields = [f"{len(data) / 1e6:.1f}", f"{upload.sandbox:.0f}", f"{max(upload.worker, 0):.0f}"]
    fields += [f"{upload.seconds:.1f}", f"{query.sandbox:.0f}", f"{query.seconds:.1f}"]
    print("\t".join([name, *fields, upload.sentence or "accepted"]))


if __name__ == "__main__":
    if sys.argv[1:] and not sys.argv[1].startswith("-"):
        measure(sys.argv[1])
    else:
        main()
