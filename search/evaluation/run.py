"""A run: several encoders on the same datasets, measured, compared in pairs, and stored."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray

from search.evaluation import cost, index
from search.evaluation.chance import Estimate, estimate, p_value
from search.evaluation.dataset import COST, INDEX, Dataset
from search.evaluation.encoding import picture_vectors, text_vectors
from search.evaluation.figures import Values, values
from search.models import Encoder, Evaluation
from workers.encoders.protocol import LoadedEncoder, Vectors

Measures = dict[str, Values]  # By the names of the figures.


@dataclass(slots=True)
class Result:
    """The figures of a run's encoders in one task of one dataset, each by its slug."""

    dataset: str
    task: str
    language: str = ""
    queries: int = 0
    figures: dict[str, dict[str, Estimate]] = field(default_factory=dict)
    values: dict[str, Measures] = field(default_factory=dict)
    # Of each pair of encoders, the p-value of each figure.
    differences: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)

    def add(self, slug: str, measures: Measures) -> None:
        self.values[slug] = measures
        self.figures[slug] = {name: estimate(each) for name, each in measures.items()}
        self.queries = len(next(iter(measures.values())))

    def compare(self) -> None:
        """Each encoder with each other, on the values of the same queries."""
        for pair in combinations(self.values, 2):
            ours, theirs = (self.values[slug] for slug in pair)
            self.differences[pair] = {name: p_value(ours[name], theirs[name]) for name in ours}

    def differences_of(self, slug: str) -> dict[str, dict[str, float]]:
        """The p-values against each other encoder."""
        mine = {pair: each for pair, each in self.differences.items() if slug in pair}
        return {one if slug == two else two: each for (one, two), each in mine.items()}


class Run:
    """Measures one encoder after the other, then compares and stores them."""

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        self.id: UUID = uuid4()
        self.datasets = datasets
        self.encoders: dict[str, Encoder] = {}
        self._results: dict[tuple[str, str, str], Result] = {}

    @property
    def results(self) -> list[Result]:
        return list(self._results.values())

    def measure(self, row: Encoder, encoder: LoadedEncoder) -> None:
        """All tasks of all datasets, and the cost. Raises NoDataset and CheckpointError."""
        self.encoders[row.slug] = row
        for dataset in self.datasets:
            texts, pictures = text_vectors(dataset, encoder), picture_vectors(dataset, row, encoder)
            for (task, language), measures in in_all_tasks(dataset, texts, pictures).items():
                self._result(dataset.name, task, language).add(row.slug, measures)
        result = self._result(self.datasets[0].name, COST)
        result.queries = cost.SAMPLES
        result.figures[row.slug] = cost.costs(self.datasets[0], encoder)

    def measure_index(
        self, row: Encoder, encoder: LoadedEncoder, assets: Sequence[UUID], words: Sequence[str]
    ) -> None:
        """The HNSW index, with these words and assets for queries."""
        self._result(self.datasets[0].name, INDEX).add(
            row.slug, index.recalls_of(row, encoder, assets, words)
        )

    def store(self) -> None:
        """A row for each encoder and task; first they are compared."""
        for result in self.results:
            result.compare()
        Evaluation.objects.bulk_create(
            Evaluation(
                encoder=self.encoders[slug],
                run=self.id,
                dataset=result.dataset,
                task=result.task,
                language=result.language,
                queries=result.queries,
                figures=figures,
                differences=result.differences_of(slug),
            )
            for result in self.results
            for slug, figures in result.figures.items()
        )

    def _result(self, dataset: str, task: str, language: str = "") -> Result:
        key = (dataset, task, language)
        return self._results.setdefault(key, Result(*key))


def in_all_tasks(
    dataset: Dataset, texts: Vectors, pictures: Vectors
) -> dict[tuple[str, str], Measures]:
    """By task and language; all languages together first."""
    languages: dict[str, list[Measures]] = defaultdict(list)
    by_language = {}
    for task in dataset.tasks:
        queries = (texts if task.asks_in_words else pictures)[list(task.queries)]
        candidates = (texts if task.answers_in_words else pictures)[list(task.candidates)]
        measures = values(task, queries, candidates)
        by_language[task.name, task.language] = measures
        if task.language:
            languages[task.name].append(measures)
    return {(name, ""): join(several) for name, several in languages.items()} | by_language


def join(languages: list[Measures]) -> Measures:
    """The values of all languages, weighted so that each language counts the same in the mean."""
    total = sum(len(next(iter(measures.values()))) for measures in languages)

    def weigh(of_one: Values) -> NDArray[np.float64]:
        return of_one * (total / len(of_one) / len(languages))

    return {
        name: np.concatenate([weigh(measures[name]) for measures in languages])
        for name in languages[0]
    }
