"""How soon does a demo open, how soon is it complete, and how soon does it open again?

    .venv/bin/python -m bench.starts [--pictures 500] [--most 15]

Nothing else may run meanwhile. Fails where the second start takes more than 15 seconds, or what
`--most` says. Takes 3 minutes.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.site import Site
from bench.support import parser_of, record


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--most", type=int, default=15, help="seconds of the second start")
    options = parser.parse_args()
    pictures = options.pictures
    with record("starts"), TemporaryDirectory(prefix="sl-") as folder:
        var = Path(folder).resolve() / "var"
        first = Site(var, pictures=pictures)
        print(f"First start: the address after {first.seconds_until_welcome():.1f} s,", end=" ")
        print(f"{pictures} pictures embedded after {first.seconds_until_embedded(pictures):.1f} s.")
        print(f"Stop: {first.seconds_to_stop():.1f} s.")
        second = Site(var, pictures=pictures)
        seconds = second.seconds_until_welcome()
        second.seconds_to_stop()
        print(f"Second start: {seconds:.1f} s.")
    if seconds > options.most:
        sys.exit(f"That is more than {options.most} s.")


if __name__ == "__main__":
    main()
