"""Stands in for `manage.py train`: its options, its lines, its state, and none of its work.

FAKE_TRAIN says how it ends: "refuse" with a sentence, "crash" with a traceback, "die" by SIGKILL,
"linger" after it has lost its listener, until there is a file `let-go`; "measure" that it never
comes to the end of, with a process of its own that ignores SIGTERM and holds its output. What it
did stands in `journal`, beside its folder.
"""

import json
import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path

STEPS = 10
PACE = 0.03
LINGERS = 60.0


def main() -> None:
    parser = ArgumentParser()
    for name in ("recipe", "data", "towers", "seed", "progress", "from", "parent"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS)
    for name in ("resume", "json"):
        parser.add_argument(f"--{name}", action="store_true")
    given = parser.parse_args()
    end_badly(os.environ.get("FAKE_TRAIN"))
    begin(given.out)
    try:
        train(given)
    except BrokenPipeError:
        if os.environ.get("FAKE_TRAIN") == "linger":
            linger(given.out.parent / "let-go")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    finally:
        note(given.out, "end")


def end_badly(how: str | None) -> None:
    if how == "refuse":
        refusal = {"code": "text", "parameters": {"text": "The captions are all equal."}}
        print(json.dumps(refusal), flush=True)
        sys.exit("CommandError: this is for people")
    if how == "crash":
        raise RuntimeError("It does not add up.")
    if how == "die":
        os.kill(os.getpid(), signal.SIGKILL)


def begin(out: Path) -> None:
    """Note the beginning, and whether somebody else is at it."""
    lines = [line.split() for line in journal(out).read_text().splitlines()]
    ended = {pid for what, pid in lines if what == "end"}
    others = {pid for what, pid in lines if what == "begin"} - ended
    note(out, "begin")
    if any(map(lives, others)):
        note(out, "overlap")


def train(given) -> None:
    signals = []
    signal.signal(signal.SIGTERM, lambda *_: signals.append(True))
    state = given.out / "state"
    begun = int(state.read_text()) if given.resume and state.exists() else 0
    for step in range(begun + 1, given.steps + 1):
        time.sleep(PACE)
        state.write_text(str(step))
        line = {"step": step, "steps": given.steps, "loss": 1 / step, "pictures_per_second": 99.5}
        print(json.dumps(line), flush=True)
        if signals:
            return
    (given.out / "model.safetensors").write_text("weights")
    state.unlink()
    if os.environ.get("FAKE_TRAIN") == "measure":
        measure(given.out)
    recall = {"value": 0.71, "low": 0.69, "high": float("nan")}
    figures = {"checkpoint": str(given.out), "words to pictures": {"R@1": recall}}
    print(json.dumps(figures | {"argv": " ".join(sys.argv[1:])}), flush=True)


def measure(out: Path) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    helper = subprocess.Popen(["sleep", str(LINGERS)])
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    (out.parent / "helper").write_text(str(helper.pid))
    print(json.dumps({"measured": 0.25}), flush=True)
    time.sleep(LINGERS)


def linger(let_go: Path) -> None:
    until = time.monotonic() + LINGERS
    while not let_go.exists() and time.monotonic() < until:
        time.sleep(0.05)


def journal(out: Path) -> Path:
    path = out.parent / "journal"
    path.touch()
    return path


def note(out: Path, what: str) -> None:
    with journal(out).open("a") as file:
        file.write(f"{what} {os.getpid()}\n")


def lives(pid: str) -> bool:
    with suppress(ProcessLookupError):
        os.kill(int(pid), 0)
        return True
    return False


if __name__ == "__main__":
    main()
