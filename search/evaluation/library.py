"""The library as datasets: titles of its assets, people's labels, and their judgements."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any
from uuid import UUID

from search.evaluation.dataset import (
    PICTURES_TO_PICTURES,
    WORDS_TO_PICTURES,
    Dataset,
    NoDataset,
    Picture,
    PictureFile,
    Right,
    Task,
    both_ways,
)
from search.models import Asset, AssetLabel, Embedding, Encoder, JudgedQuery, Judgement

TITLES = "titles of the library"
LABELS = "labels of the library"
JUDGED = "judgements of the compare page"

# Maximum assets on which titles and labels are measured, as many as COCO has.
MOST = 5000
SEED = 2026

Grades = dict[UUID, int]  # Of the assets that are right answers to a query.


def embedded_assets(encoders: Sequence[Encoder]) -> list[UUID]:
    """The assets that all of these encoders have embedded, in the order of their ids."""
    assets = Asset.objects.all()
    for encoder in encoders:
        done = Embedding.objects.filter(encoder=encoder).done()
        assets = assets.filter(pk__in=done.values("asset"))
    pks = list(assets.order_by("pk").values_list("pk", flat=True))
    if not pks:
        names = " and ".join(str(encoder) for encoder in encoders)
        raise NoDataset("nothing_embedded", encoders=names)
    return pks


def sample(assets: Sequence[UUID], name: str) -> tuple[Sequence[UUID], list[str]]:
    """The assets, or always the same of very many, and notes for a person about that."""
    if len(assets) <= MOST:
        return assets, []
    part = sorted(Random(SEED).sample(assets, MOST))  # noqa: S311
    return part, [f"The {name} are measured on {MOST:,} of {len(assets):,} assets."]


def titles(assets: Sequence[UUID]) -> Dataset:
    """Each title and description asks for the assets that carry it, and these ask for them."""
    assets, notes = sample(assets, TITLES)
    numbers = {pk: number for number, pk in enumerate(assets)}
    pictures_of: dict[str, Right] = {}
    rows = Asset.objects.order_by("pk").values_list("pk", "title", "description")
    for pk, *captions in rows:
        for caption in filter(None, map(str.strip, captions)):
            if pk in numbers:
                pictures_of.setdefault(caption, {})[numbers[pk]] = 1
    texts = list(pictures_of)
    tasks = both_ways(texts, list(pictures_of.values()), len(assets))
    return Dataset(TITLES, texts, assets, tasks, notes=notes)


def labels(assets: Sequence[UUID]) -> Dataset | None:
    """Each label of people's asks for its assets, and these for it and for each other."""
    assets, notes = sample(assets, LABELS)
    numbers = {pk: number for number, pk in enumerate(assets)}
    of_people = AssetLabel.objects.filter(source=AssetLabel.Source.PERSON)
    pictures_of: dict[str, Right] = {}
    labels = of_people.order_by("label__name", "asset")
    for name, pk in labels.values_list("label__name", "asset"):
        if pk in numbers:
            pictures_of.setdefault(name, {})[numbers[pk]] = 1
    if not pictures_of:
        return None
    texts = list(pictures_of)
    tasks = both_ways(texts, list(pictures_of.values()), len(assets))
    tasks += alike(pictures_of.values(), len(assets))
    return Dataset(LABELS, texts, assets, tasks, notes=notes)


def alike(labelled: Iterable[Right], assets: int) -> list[Task]:
    """Pictures to pictures: right are those with a label in common, graded by how many."""
    shared: dict[int, Right] = defaultdict(lambda: defaultdict(int))
    for pictures in labelled:
        for one in pictures:
            for other in pictures:
                if one != other:
                    shared[one][other] += 1
    queries = sorted(shared)
    if not queries:
        return []
    right = [shared[number] for number in queries]
    return [Task(PICTURES_TO_PICTURES, queries, range(assets), right)]


def judgements(assets: Sequence[UUID]) -> Dataset | None:
    """The queries that people judged hits of, and the grade that they agree on for each hit."""
    grades_of: dict[int, dict[UUID, list[int]]] = defaultdict(lambda: defaultdict(list))
    for pk, asset, grade in Judgement.objects.values_list("query", "asset", "grade"):
        grades_of[pk][asset].append(grade)
    if not grades_of:
        return None
    by_words: dict[str, Grades] = {}
    by_picture: dict[Picture, Grades] = {}
    embedded = set(assets)
    for query in JudgedQuery.objects.filter(pk__in=grades_of).order_by("pk"):
        of_query = grades_of[query.pk]
        grades = {asset: mean_grade(several) for asset, several in of_query.items()}
        if query.words:
            by_words[query.words] = grades
        elif query.asset_id is None or query.asset_id in embedded:
            by_picture[query.asset_id or picture_file(query)] = grades
    return graded(JUDGED, assets, by_words, by_picture)


def picture_file(query: JudgedQuery) -> PictureFile:
    picture = query.picture
    return PictureFile(f"The picture of judged query {query.pk}", lambda: picture.open("rb"))


def mean_grade(grades: Sequence[int]) -> int:
    """The mean of several people's grades, rounded; a tie goes to the lower."""
    return math.ceil(sum(grades) / len(grades) - 0.5)


def graded(
    name: str,
    assets: Sequence[UUID],
    by_words: dict[str, Grades],
    by_picture: dict[Picture, Grades] | None = None,
) -> Dataset:
    """The set of these queries; those to which no asset is right can tell nothing."""
    numbers = {pk: number for number, pk in enumerate(assets)}
    words = right_only(by_words, numbers)
    pictures = right_only(by_picture or {}, numbers)
    if not words and not pictures:
        raise NoDataset("nothing_fits", name=name)
    files = [picture for picture in pictures if picture not in numbers]
    places: dict[Picture, int] = {picture: place for place, picture in enumerate([*assets, *files])}
    examples = [places[picture] for picture in pictures]
    everything = range(len(assets))
    tasks = [
        Task(WORDS_TO_PICTURES, range(len(words)), everything, list(words.values())),
        Task(PICTURES_TO_PICTURES, examples, everything, list(pictures.values())),
    ]
    left_out = len(by_words) + len(by_picture or {}) - len(words) - len(pictures)
    notes = [f"{left_out} queries of the {name} have no right answer and are left out."]
    return Dataset(
        name,
        list(words),
        [*assets, *files],
        [task for task in tasks if task.queries],
        notes=notes if left_out else [],
    )


def right_only(queries: Mapping[Any, Grades], numbers: dict[UUID, int]) -> dict[Any, Right]:
    """Each query that has right answers, with their numbers and grades."""
    with_right = {}
    for query, grades in queries.items():
        right = {numbers[pk]: grade for pk, grade in grades.items() if grade and pk in numbers}
        right.pop(numbers.get(query, -1), None)  # An asset is no answer to itself.
        if right:
            with_right[query] = right
    return with_right
