from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.core.management import CommandError

from search.evaluation import index, library
from search.evaluation.chance import estimate, text_of
from search.evaluation.dataset import NoDataset
from search.evaluation.index import KINDS, QUERIES, Searches
from search.evaluation.report import align
from search.management.commands.evaluate import encoder_named
from search.management.library import LibraryCommand
from search.models import Encoder
from workers.encoder_cache import encoder_of
from workers.encoders.protocol import CheckpointError


class Command(LibraryCommand):
    help = (
        "Measure how many of the nearest assets a search finds, and how soon, for words and for"
        " pictures, among shares of the library as filters leave them; store it for the admin."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--encoder", metavar="SLUG", help="the one that serves, unless another is given"
        )
        parser.add_argument(
            "--queries",
            type=int,
            default=QUERIES,
            metavar="N",
            help=f"of each kind; {QUERIES} unless given",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["queries"] < 1:
            raise CommandError("Ask at least one query: --queries 1.")
        row = encoder_named(options["encoder"]) if options["encoder"] else serving()
        try:
            searches = measure(row, options["queries"])
        except (NoDataset, CheckpointError) as error:
            raise CommandError(str(error)) from None
        index.store(row, searches)
        self.stdout.write("\n".join(report(row, searches)))


def serving() -> Encoder:
    row = Encoder.objects.serving()
    if row is None:
        raise CommandError("No encoder serves: add one with manage.py encoder add.")
    return row


def measure(row: Encoder, queries: int) -> list[Searches]:
    """Titles, descriptions and labels ask in words. Raises NoDataset and CheckpointError."""
    assets = library.embedded_assets([row])
    index.refuse_if_few(row, assets)
    labels = library.labels(assets)
    words = [*library.titles(assets).texts, *(labels.texts if labels else [])]
    return list(index.searches_of(row, encoder_of(row), assets, words, queries))


def report(row: Encoder, searches: Sequence[Searches]) -> list[str]:
    queries = max(len(each.ms) for each in searches)
    measures = f"recall@{index.FIRST} in percent and median ms"
    title = f"{row}: {measures}, at most {queries:,} queries of a kind"
    table = [["", "filter leaves", "recall", "ms", "by"], *(line(each) for each in searches)]
    return [title, *align(table)]


def line(searches: Searches) -> list[str]:
    recall = text_of(estimate(np.array(searches.recalls)))
    ms = f"{np.median(searches.ms):.1f}"
    return [KINDS[searches.kind], searches.title, recall, ms, searches.way]
