"""What does finding words cost among 100,000 assets, and what does updating them?

    .venv/bin/python -m bench.lexical [--assets 100000]

A library of its own, in an embedded PostgreSQL that is removed again. Words are drawn by Zipf's
law from 30,000 made-up ones (seed 5); two hundred labels, two an asset; fifty collections. Takes
5 minutes.
"""

import random
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from bench.support import library, median_seconds, parser_of, record, run, timed

SEED, VOCABULARY, REPEATS = 5, 30_000, 15


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--assets", type=int, default=100_000)
    options = parser.parse_args()
    with record("lexical"), library():
        measure(options.assets)


def measure(assets: int) -> None:
    from django.db import connection

    words = vocabulary()
    report("filled in all", timed(lambda: fill(assets, words))[0])
    renewing = "UPDATE search_assetwords SET words = NULL"
    report("words of all written again", timed(lambda: run(renewing))[0])
    run("VACUUM ANALYZE")
    with connection.cursor() as cursor:
        for name in ("search_asset", "search_assetwords", "asset_words", "asset_title_begins"):
            cursor.execute("SELECT pg_total_relation_size(%s::regclass) / 1e6", [name])
            print(f"{name:40}{cursor.fetchone()[0]:9.1f} MB")
    ask(words)
    correct(words)
    complete(words)
    change()


def vocabulary() -> list[str]:
    rng = random.Random(SEED)  # noqa: S311
    syllables = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]
    words = ("".join(rng.choices(syllables, k=rng.randint(2, 4))) for _ in range(2 * VOCABULARY))
    return list(dict.fromkeys(words))[:VOCABULARY]


def fill(assets: int, words: list[str]) -> None:
    from search.models import Asset, AssetLabel, Collection, Label, User

    rng = random.Random(SEED)  # noqa: S311
    owner = User.objects.create(username="owner")
    labels = Label.objects.bulk_create(Label(name=word) for word in words[1000:1200])
    collections = Collection.objects.bulk_create(
        Collection(name=f"{word} trip", slug=word) for word in words[2000:2050]
    )
    weights = [1 / (rank + 3) for rank in range(VOCABULARY)]
    drawn = iter(rng.choices(words, weights, k=assets * 18))
    rows = (asset(Asset, number, drawn, rng, owner) for number in range(assets))
    while some := Asset.objects.bulk_create(islice(rows, 5000)):
        links = [(a, label) for a in some for label in rng.sample(labels, 2)]
        AssetLabel.objects.bulk_create(AssetLabel(asset=a, label=label) for a, label in links)
        member = Collection.assets.through
        member.objects.bulk_create(
            member(asset=a, collection=rng.choice(collections)) for a in some[::5]
        )


def asset(model: Any, number: int, drawn: Iterator[str], rng: random.Random, owner: Any) -> Any:
    title = " ".join(next(drawn) for _ in range(rng.randint(2, 5))).capitalize()
    long = " ".join(next(drawn) for _ in range(rng.randint(10, 30))) if number % 3 == 0 else ""
    return model(
        id=UUID(int=rng.getrandbits(128), version=4),
        owner=owner,
        original=f"originals/{number}",
        filename=f"IMG_{number:06}.jpg",
        sha256=f"{number:064x}",
        width=600,
        height=400,
        format="JPEG",
        bytes=1,
        colour="#888888",
        title=title,
        description=long,
    )


def ask(words: list[str]) -> None:
    from search.models import Asset
    from search.query import lexical

    queries = {
        "1 rare word": [words[-5]],
        "1 common word": [words[0]],
        "3 words": [words[0], words[3], words[9]],
        "4 letters of a word": [words[20][:4]],
        "2 letters of a word": [words[20][:2]],
        "a file name": ["IMG_004711.jpg"],
        "what all have": ["img"],
        "a sentence": ["the", words[0], "of", "a", words[3]],
    }
    for name, typed in queries.items():
        hits = lexical.search(Asset.objects.all(), typed, [])
        count = lexical.containing(Asset.objects.all(), typed, []).count()
        report(f"{name} ({count} assets), best 48", repeated(lambda h=hits: list(h[:48])))
        rows = hits.values("pk", "where", "exact", "rank")
        report(f"{name}, ids of the best 500", repeated(lambda f=rows: list(f[:500])))


def correct(words: list[str]) -> None:
    from search.models import User, Word
    from search.query import Query, spelling

    user = User.objects.get()
    print(f"{Word.objects.count()} words")
    for rank in (20, 900, 9_000):
        word = next(word for word in words[rank:] if len(word) >= 6)
        typed = Query.of(f"{word[:3]}{word[4]}{word[3]}{word[5:]}")
        meant = spelling.correction(typed, user)
        what = f"{typed.text} corrected to {meant and meant.text} ({word})"
        report(what, repeated(lambda q=typed: spelling.correction(q, user)))


def complete(words: list[str]) -> None:
    from search.models import User
    from search.query.completion import completions

    user = User.objects.get()
    typed = [words[20], f"{words[0]} {words[3][:2]}", "label:", f"label:{words[1100][:2]}", "img 0"]
    typed += [words[20][:n] for n in (1, 2, 3, 4)]
    for text in typed:
        count = len(completions(text, user))
        report(f"{count} completions of {text!r}", repeated(lambda t=text: completions(t, user)))


def change() -> None:
    from django.db import transaction

    from search.models import Asset, AssetLabel, Label

    some = list(Asset.objects.all()[:500])

    def rename(field: str) -> None:
        with transaction.atomic():
            for number, each in enumerate(some):
                setattr(each, field, f"{time.monotonic()} {number}")
                each.save(update_fields=[field])

    report("500 renames", repeated(lambda: rename("title"), 5))
    report("500 changes of another column", repeated(lambda: rename("sha256"), 5))
    added = Label.objects.create(name="added")

    def give() -> None:
        AssetLabel.objects.bulk_create(AssetLabel(asset=a, label=added) for a in some)
        AssetLabel.objects.filter(label=added).delete()

    report("a label for 500 assets, and taken away", repeated(give, 5))
    label = Label.objects.exclude(pk=added.pk).first()
    seconds, _ = timed(lambda: Label.objects.filter(pk=label.pk).update(name="renamed"))
    report(f"a label of {label.asset_labels.count()} assets renamed", seconds)


def repeated(work: Callable[[], Any], times: int = REPEATS) -> float:
    return median_seconds(work, times)


def report(what: str, seconds: float) -> None:
    print(f"{what:60}{seconds * 1000:9.1f} ms", flush=True)


if __name__ == "__main__":
    main()
