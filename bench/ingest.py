"""How near does Sightline come to the bare forward pass, from a file to stored and searchable?

    .venv/bin/python -m bench.ingest [--pictures 24] [--rounds 3] [--checkpoint FOLDER]

A race on all cores, in which the ways take turns: the forward pass by torch and transformers alone,
of tensors; the way of tutorials, a loop over pictures with the processor and `get_image_features`;
the same in batches; Sightline's encoder alone; and Sightline whole, a demo to which the upload page
sends the pictures, or which `manage.py ingest` reads them into: from the first byte until each
picture has its renditions and its vector. Pictures are drawn as a camera and as the web have them
(bench/photographs.py). The checkpoint is a SigLIP 2 of base size with random weights unless one is
named; the environment is the demo's too, so that engines can be compared. Each way of Sightline's
races in 8 bits too. Nothing else may run meanwhile. Writes tables to bench/results/. Takes 16
minutes.
"""

import os
import resource
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench import peers
from bench.photographs import KINDS, draw_all
from bench.site import Site
from bench.support import apart, parser_of, report, say, table
from tests.support.session import Session

# What the upload page sends at a time.
AT_ONCE = 3
# Maximum seconds until all pictures of a round are there.
PATIENCE = 900
# Seconds between two looks whether they are.
LOOK = 0.05
THERE = """
SELECT (SELECT count(*) FROM search_asset), (SELECT count(*) FROM search_embedding),
    (SELECT count(*) FROM search_rendition WHERE fulfilled IS NULL)
    + (SELECT count(*) FROM search_embedding WHERE fulfilled IS NULL)
"""
# Another row of the same checkpoint, as `encoder add --precision int8` makes it, unproved: what its
# vectors are worth is not what is measured. Without probes, which are those of the other.
ADD_INT8 = """
CREATE TEMPORARY TABLE other AS SELECT * FROM search_encoder;
UPDATE other SET id = id + 1, slug = slug || '-int8', precision = 'int8', state = 'retired',
    probes = '{}';
INSERT INTO search_encoder SELECT * FROM other
"""
SERVE = """
UPDATE search_encoder SET state = 'retired';
UPDATE search_encoder SET state = 'serving' WHERE precision = '{}'
"""
PRECISIONS = {"fp32": "", "int8": ", int8"}
PEERS = {
    "forward": "bare forward pass",
    "encode": "Sightline's encoder alone",
    "encode int8": "Sightline's encoder alone, int8",
    "batches": "processor and model, in batches",
    "loop": "processor and model, in a loop",
}
UPLOAD, COMMAND = "Sightline, uploaded by the page", "Sightline, `manage.py ingest`"


class Outcome(NamedTuple):
    """Seconds of one way in one round, and processor seconds by step."""

    seconds: float
    steps: dict[str, float]

    @property
    def processor(self) -> float:
        return sum(self.steps.values())


Way = Callable[[Sequence[Path]], Outcome]
Race = dict[str, list[Outcome]]  # The rounds of each way.


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--pictures", type=int, default=24, help="of each kind in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--checkpoint", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="sl-") as name:
        folder = Path(name).resolve()
        checkpoint = (options.checkpoint or base(folder / "checkpoint")).resolve()
        say("drawing pictures")
        files = {kind: draw_all(kind, options.pictures, folder / kind) for kind in KINDS}
        say("starting a demo")
        with (
            Site(folder / "var", env={"ENCODER_CHECKPOINT": str(checkpoint)}) as site,
            peers.start(checkpoint) as others,
        ):
            races = race(Contest(site, others), files, options.rounds)
        report("ingest", page(options, files, races))


def base(folder: Path) -> Path:
    say("writing a checkpoint of base size")
    apart("bench.memory", "checkpoint", folder)
    return folder


# The race ----------------------------------------------------------------------------------------


class Contest:
    """The ways, each of which takes files and says how long it took."""

    def __init__(self, site: Site, others: ProcessPoolExecutor) -> None:
        self.site, self.others, self.session = site, others, site.session()
        self.ways: dict[str, Way] = {
            title: partial(self.peer, name) for name, title in PEERS.items()
        }
        site.sql(ADD_INT8)
        for way, work in {UPLOAD: self.by_upload, COMMAND: self.by_command}.items():
            for precision, words in PRECISIONS.items():
                self.ways[way + words] = partial(self.encoded, precision, work)

    def peer(self, name: str, files: Sequence[Path]) -> Outcome:
        run = self.others.submit(peers.run, name, files).result()
        return Outcome(run.seconds, {"encode": run.processor})

    def encoded(self, precision: str, work: Way, files: Sequence[Path]) -> Outcome:
        self.site.sql(SERVE.format(precision))
        return work(files)

    def by_upload(self, files: Sequence[Path]) -> Outcome:
        def work() -> None:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(lambda file: send(self.session, file), files))

        return self.whole(work, len(files))

    def by_command(self, files: Sequence[Path]) -> Outcome:
        """Without what it takes the command to start, which is the same for a million files."""
        empty = files[0].parent / "empty"
        empty.mkdir(exist_ok=True)
        wall, before = time.perf_counter(), processor_of_children()
        self.ingest([empty])
        wall, before = time.perf_counter() - wall, processor_of_children() - before
        whole = self.whole(lambda: self.ingest(files), len(files))
        steps = whole.steps | {"door": whole.steps["door"] - before}
        return Outcome(whole.seconds - wall, steps)

    def ingest(self, paths: Sequence[Path]) -> None:
        self.site.manage("ingest", *map(str, paths))

    def whole(self, work: Callable[[], object], count: int) -> Outcome:
        """From the first byte until all is there; then everything is removed again."""
        before, ours, started = self.site.spent(), processor_of_children(), time.perf_counter()
        work()
        self.await_all(count)
        seconds, after = time.perf_counter() - started, self.site.spent()
        steps = {step: after[step] - before[step] for step in after}
        steps["door"] += processor_of_children() - ours
        self.site.settle()
        self.site.sql("TRUNCATE search_asset CASCADE")
        self.site.settle()
        return Outcome(seconds, steps)

    def await_all(self, count: int) -> None:
        until = time.monotonic() + PATIENCE
        while self.site.sql(THERE) != (count, count, 0):
            if time.monotonic() > until:
                raise SystemExit(f"After {PATIENCE} s there is {self.site.sql(THERE)} of {count}.")
            time.sleep(LOOK)


def send(session: Session, file: Path) -> None:
    """As the upload page sends it."""
    files = [("files", (file.name, file.read_bytes()))]
    response = session.post("/upload/", files=files, headers={"HX-Request": "true"})
    if response.status_code != 200:
        raise SystemExit(f"{file.name}: {response.status_code} {response.text}")


def processor_of_children() -> float:
    """Processor seconds of those of our own children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def race(contest: Contest, files: dict[str, list[Path]], rounds: int) -> dict[str, Race]:
    """All ways with one picture first, so that all is loaded; then in turn, begun by another."""
    for way in contest.ways.values():
        way(files["web"][:1])
    races: dict[str, Race] = {kind: {name: [] for name in contest.ways} for kind in files}
    names = list(contest.ways)
    for number in range(rounds):
        for kind, several in files.items():
            for name in names[number % len(names) :] + names[: number % len(names)]:
                races[kind][name].append(contest.ways[name](several))
                say(f"{kind}: {name} took {races[kind][name][-1].seconds:.2f} s")
    return races


# What is shown -----------------------------------------------------------------------------------


def page(options: Namespace, files: dict[str, list[Path]], races: dict[str, Race]) -> str:
    encoder = "with random weights" if options.checkpoint is None else str(options.checkpoint)
    lines = [
        "# Sightline beside the bare forward pass\n",
        f"An encoder of base size {encoder}; {options.pictures} pictures of each kind in each of"
        f" {options.rounds} rounds, in which the ways take turns; medians, {os.cpu_count()} cores."
        " *Share*: of the speed of the bare forward pass, in the same round. *Processor*: ms of a"
        " picture on a processor. Sightline's time is from the first byte until each picture has"
        " its renditions and its vector. Made by `python -m bench.ingest`.",
    ]
    for kind, race in races.items():
        lines += ["", f"## {heading(kind, files[kind])}", ""]
        lines += [table(ways(race, options.pictures)), table(steps(race, options.pictures))]
    return "\n".join(lines)


def heading(kind: str, files: Sequence[Path]) -> str:
    (width, height), *_ = KINDS[kind]
    megabytes = median(file.stat().st_size for file in files) / 1e6
    return f"{kind.capitalize()}: {width} × {height}, {megabytes:.1f} MB"


def ways(race: Race, count: int) -> list[list[str]]:
    rows = [["way", "ms a picture", "share", "processor, ms"]]
    forward = race[PEERS["forward"]]
    for name, outcomes in race.items():
        share = median(f.seconds / o.seconds for f, o in zip(forward, outcomes, strict=True))
        figures = [o.seconds for o in outcomes], [o.processor for o in outcomes]
        ms, processor = (f"{1000 * median(each) / count:.0f}" for each in figures)
        rows.append([name, ms, f"{share:.2f}", processor])
    return rows


def steps(race: Race, count: int) -> list[list[str]]:
    """Processor time of a picture by step; encoding is what it takes alone."""
    names = ["door", "decode and renditions", "encode", "database", "rest"]
    rows = [["processor, ms a picture", *names]]
    for name, words in ((way + w, w) for way in (UPLOAD, COMMAND) for w in PRECISIONS.values()):
        encode = median(o.processor for o in race[PEERS["encode"] + words])
        part = {s: median(o.steps[s] for o in race[name]) for s in race[name][0].steps}
        seconds = [part["door"], part["worker"] - encode, encode, part["database"], part["rest"]]
        rows.append([name, *(f"{1000 * each / count:.0f}" for each in seconds)])
    return rows


if __name__ == "__main__":
    main()
