"""How long does a search by words that nobody has searched for take, from the click to the page?

    .venv/bin/python -m bench.texts [--rounds 40] [--assets 2000] [--waiting 1000]

All of Sightline as a demo runs it, with a SigLIP 2 of base size and random weights. In turn: the
text tower alone, in this process and by the engine that serves; a search with new words; the same
search again, whose vector is then in the cache. Then the same with `--waiting` pictures that are
being embedded: the ingest worker is stopped (SIGSTOP) and let go on block by block.
Writes a page of results. Takes 3 minutes, a third of it for the library.
"""

import os
import signal
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.gap import gap, units
from bench.memory import checkpoint
from bench.stack import Browser, Stack, new_words, stack, still_waiting, wait
from bench.support import parser_of, report, say, table, timed

# Searches in a row, with the ingest worker at rest or at work.
BLOCK = 5
# Seconds until the ingest worker is at work again, or at rest.
SETTLE_SECONDS = 2
# Bars: of the whole beyond these milliseconds by the bare pass, and of the load by idleness.
PAGE_MS, MOST_PASSES, MOST_LOAD = 30, 1.15, 1.5

Times = dict[str, list[float]]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--assets", type=int, default=2_000, help="that have their vectors")
    parser.add_argument("--waiting", type=int, default=1_000, help="pictures to be embedded")
    parser.add_argument("--checkpoint", type=Path, help="a folder; otherwise one is made")
    options = parser.parse_args()
    with checkpoint(options.checkpoint) as folder, stack(folder) as all_of_it:
        report("texts", page_of(options, measure(options, all_of_it, folder)))


def measure(options: Namespace, all_of_it: Stack, folder: Path) -> Times:
    say("filling the library")
    fill(options.assets)
    wait(options.waiting)
    browser, words, tower = all_of_it.browser(), new_words(), bare_pass(folder)
    for _ in range(5):
        search(browser, next(words))
        tower()
    say("at rest")
    times: Times = {}
    for _ in range(options.rounds):
        a_round(browser, next(words), tower, times)
    say(f"while {options.waiting} wait")
    all_of_it.start("ingest")
    while still_waiting() == options.waiting:  # Until its encoder is loaded, and at work.
        time.sleep(0.5)
    for _ in range(options.rounds // BLOCK):
        for name, number in (("idle", signal.SIGSTOP), ("load", signal.SIGCONT)):
            all_of_it.signal("ingest", number)
            time.sleep(SETTLE_SECONDS)
            for _ in range(BLOCK):
                clock(times, name, lambda: search(browser, next(words)))
    say(f"{still_waiting()} still wait")
    return times


def a_round(browser: Browser, text: str, tower: Callable[[], Any], times: Times) -> None:
    clock(times, "bare", tower)
    clock(times, "new", lambda: search(browser, text))
    clock(times, "again", lambda: search(browser, text))


def search(browser: Browser, text: str) -> None:
    if "encoder is not answering" in browser.search(text):
        raise SystemExit(f"{text}: the encoder did not answer in time.")


def clock(times: Times, name: str, work: Callable[[], Any]) -> None:
    times.setdefault(name, []).append(1000 * timed(work)[0])


def bare_pass(folder: Path) -> Callable[[], Any]:
    """The text tower of the checkpoint on 64 tokens, by the engine that the query worker uses."""
    import torch

    from workers.encoders.load import load_encoder

    model = load_encoder(str(folder))._towers._model  # type: ignore[attr-defined]
    ids = torch.arange(1, 65)[None]

    @torch.inference_mode()
    def run() -> Any:
        return model.get_text_features(input_ids=ids)

    return run


def fill(assets: int) -> None:
    """Assets with drawn vectors of the encoder that serves, and its thresholds, which a library has
    from its fiftieth asset on: without them a page shows all, and takes 14 ms longer."""
    from bench.vector_library import embed, write_assets
    from search.library import sample_catalogue
    from search.matches import calibrate
    from search.models import Encoder, User

    # So that nothing is calibrated by words, for which hundreds are encoded.
    sample_catalogue.begin(assets)
    owner, encoder = User.objects.get(username="owner"), Encoder.objects.get()
    drawn = gap(assets, 10, 1)
    # A checkpoint that is named may have fewer dimensions than one of base size.
    vectors = units(drawn.library[:, : encoder.dimensions])
    embed(write_assets(owner, assets), drawn._replace(library=vectors), encoder)
    calibrate.calibrate(encoder)


def page_of(options: Namespace, times: Times) -> str:
    names = {
        "bare": "the text tower alone",
        "new": "a search with new words",
        "again": "the same again, its vector in the cache",
        "idle": "new words, the ingest worker stopped",
        "load": f"new words, while {options.waiting:,} pictures wait",
    }
    rows = [["what", "median, ms", "p95, ms"]]
    rows += [[names[name], *figures(each)] for name, each in times.items()]
    of = {name: median(each) for name, each in times.items()}
    passes, load = (of["new"] - PAGE_MS) / of["bare"], of["load"] / of["idle"]
    return (
        f"From the click to the page: {options.rounds} rounds, in turn; {options.assets:,} assets"
        f" with vectors, a SigLIP 2 of base size with random weights; {os.cpu_count()} cores, load"
        f" {os.getloadavg()[0]:.1f}. Made by `python -m bench.texts`.\n\n{table(rows)}\n"
        f"A search with new words but for {PAGE_MS} ms takes {passes:.2f} of the bare pass (at most"
        f" {MOST_PASSES}); while pictures wait it takes {load:.2f} of an idle one (at most"
        f" {MOST_LOAD}).\n"
    )


def figures(each: list[float]) -> list[str]:
    return [f"{median(each):.0f}", f"{quantiles(each, n=20)[-1]:.0f}"]


if __name__ == "__main__":
    main()
