"""Lists the benchmarks, or starts one by its name.

    .venv/bin/python -m bench [NAME [ARGUMENT ...]]

Arguments are those of the benchmark; `--help` tells them.
"""

import runpy
import sys

from bench.listing import benchmarks, entry


def main() -> None:
    name, *arguments = sys.argv[1:] or [""]
    if not name:
        print("\n".join(map(entry, benchmarks())), end="")
    elif name in {one.name for one in benchmarks()}:
        sys.argv[1:] = arguments
        runpy.run_module(f"bench.{name}", run_name="__main__", alter_sys=True)
    else:
        sys.exit(f"There is no benchmark {name}: `python -m bench` lists them.")


if __name__ == "__main__":
    main()
