"""The vocabulary: which labels encoders suggest, for which assets, and what people say to that.

Everything here compares vectors that are stored; nothing runs an encoder.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from statistics import quantiles
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from pgvector.django import CosineDistance

from search.models import Asset, AssetLabel, Embedding, Encoder, Label, LabelVector, Rejection

logger = logging.getLogger(__name__)

# Number of assets whose scores a threshold is fitted to; it tells their spread to some percent.
SAMPLE = 2000
# Minimum number of scores to fit a threshold to; below it a label without one is not suggested.
LEAST_SAMPLE = 20
# Deviations from the median to the threshold.
# 71 labels of 300 drawn pictures by an earlier bundled encoder: precision 0.93 and recall 0.83,
# against 0.87 and 0.76 of two deviations above the mean; 93 labels of 500 harder pictures by the
# present one: 0.96 and 0.31. Labels of half the library stay below the threshold as a rule
# (patterns: recall 0.31 of the 300), and need one of their own.
DEVIATIONS = 3.5
# Minimum deviation: half precision alone moves scores by as much.
LEAST_DEVIATION = 0.002
# Threshold of a label that is not suggested yet: no score is above 1.
OUT_OF_REACH = 2.0
# Maximum suggestions on an asset's page.
MOST_SUGGESTIONS = 20
# Numbers of assets to which the admin names the threshold that they would reach.
COUNTS = (1, 3, 10, 30, 100, 300, 1000)

# Key of the advisory lock, any number that nothing else locks: "label" in ASCII.
ADVISORY_LOCK = 0x6C6162656C

# One statement, so that at no moment suggestions are missing. MATERIALIZED: a distance may only
# be taken where the encoder is known to be the same; vectors of two lengths have none.
REPLACE = """
WITH scored AS MATERIALIZED (
    SELECT e.asset_id, v.label_id, v.lowest, 1 - (e.vector <=> v.vector) AS score
    FROM search_embedding e
    JOIN search_encoder c ON c.id = e.encoder_id AND c.state = 'serving'
    JOIN search_labelvector v ON v.encoder_id = e.encoder_id
    JOIN search_label l ON l.id = v.label_id AND l.suggested
    WHERE e.fulfilled IS NOT NULL AND v.lowest IS NOT NULL AND {scored}
), fitting AS (
    SELECT asset_id, label_id, score FROM scored s
    WHERE score >= lowest
    AND NOT EXISTS (
        SELECT FROM search_assetlabel p
        WHERE p.asset_id = s.asset_id AND p.label_id = s.label_id AND p.source = 'person'
    )
    AND NOT EXISTS (
        SELECT FROM search_rejection r WHERE r.asset_id = s.asset_id AND r.label_id = s.label_id
    )
), gone AS (
    DELETE FROM search_assetlabel a
    WHERE a.source = 'encoder' AND {existing}
    AND (a.asset_id, a.label_id) NOT IN (SELECT asset_id, label_id FROM fitting)
)
INSERT INTO search_assetlabel AS a (asset_id, label_id, source, score)
SELECT asset_id, label_id, 'encoder', score FROM fitting
ON CONFLICT (asset_id, label_id, source) DO UPDATE SET score = excluded.score
WHERE a.score IS DISTINCT FROM excluded.score
"""
OF_LABEL = REPLACE.format(scored="v.label_id = %s", existing="a.label_id = %s")
OF_ASSET = REPLACE.format(scored="e.asset_id = %s", existing="a.asset_id = %s")


def stale(encoder: Encoder) -> QuerySet[Label]:
    """The labels whose suggestions are not what this encoder's vectors and the thresholds say.

    A fit is stale once there are twice as many assets as it was made from, up to a full sample.
    """
    assets = _embedded(encoder)[:SAMPLE].count()
    current = LabelVector.objects.current().filter(label=OuterRef("pk"), encoder=encoder)
    return Label.objects.considered(encoder).exclude(
        Exists(current.settled(assets)), suggested=True
    )


def store_vector(label: Label, encoder: Encoder, vector: Any) -> None:
    """Store the vector of this label's prompts; its suggestions stay as they are for now."""
    prompts = {"name": label.name, "synonyms": label.synonyms, "templates": label.templates}
    values = {"vector": vector, "prompts": prompts, "lowest": None, "fitted_to": None}
    with transaction.atomic():
        # Locked, so that a label which is just being deleted gets no vector.
        if Label.objects.select_for_update().filter(pk=label.pk).exists():
            LabelVector.objects.update_or_create(label=label, encoder=encoder, defaults=values)


def suggest(label: Label) -> None:
    """Replace this label's suggestions by what the serving encoder's stored vectors say.

    A label that is still to be encoded keeps those it has.
    """
    try:
        with exclusive_lock():
            _suggest(label)
    except IntegrityError:
        # An asset has been deleted meanwhile. A stale label is stale still, and comes up again.
        logger.info("Left the suggestions of %s as they were: the library changed", label)


def _suggest(label: Label) -> None:
    current = LabelVector.objects.current().filter(label=label)
    of_serving = current.filter(encoder__state=Encoder.State.SERVING)
    # Locked, so that the threshold is fitted to this vector and to none that replaces it.
    vector = of_serving.select_for_update(of=("self",)).first()
    now = Label.objects.filter(pk=label.pk).first()
    if now is None or (now.suggested and vector is None):
        return
    now.vectors.update(lowest=None, fitted_to=None)
    if vector and now.suggested:
        _set_threshold(vector, now.threshold)
    _replace(OF_LABEL, label.pk)


def _set_threshold(vector: LabelVector, threshold: float | None) -> None:
    vector.lowest, vector.fitted_to = threshold, None
    if threshold is None:
        sample = list(scores(vector)[:SAMPLE])
        vector.lowest, vector.fitted_to = fit_threshold(sample), len(sample)
    vector.save(update_fields=["lowest", "fitted_to"])


def fit_threshold(sample: Sequence[float]) -> float:
    """A threshold for a label that has none: far above what most assets score with it.

    The deviation is that of the lower half of the scores: the assets that the label fits are in
    the upper half, and would raise mean and deviation.
    """
    if len(sample) < LEAST_SAMPLE:
        return OUT_OF_REACH
    percentiles = quantiles(sample, n=100, method="inclusive")
    median, deviation_below = percentiles[49], percentiles[15]
    return median + DEVIATIONS * max(median - deviation_below, LEAST_DEVIATION)


def threshold_text(lowest: float | None, fitted_to: int | None) -> str:
    """A threshold in force as people read it; `lowest` is None for a label still to be encoded."""
    if lowest is None:
        return "still to be encoded"
    if lowest == OUT_OF_REACH:
        return f"not before {LEAST_SAMPLE} assets are embedded"
    return f"from {lowest:.3f}" + (f", fitted to {fitted_to} assets" if fitted_to else "")


def counts_by_threshold(label: Label) -> list[tuple[float, int]]:
    """Some thresholds, and how many assets reach each: from one to a thousand assets."""
    vector = label.vectors.filter(lowest__isnull=False).first()
    best = list(scores(vector).order_by("-score")[: COUNTS[-1]]) if vector else []
    return [(best[number - 1], number) for number in COUNTS if number <= len(best)]


def scores(vector: LabelVector) -> QuerySet[Any, float]:
    """The scores of a label with the embedded assets, in the order of their random ids."""
    score = 1 - CosineDistance("vector", vector.vector)
    embeddings = _embedded(vector.encoder).annotate(score=score).order_by("asset")
    return embeddings.values_list("score", flat=True)


def fulfil(embedding: Embedding, vector: Any) -> bool:
    """Fulfil the promise and suggest labels for its asset: both or neither."""
    with shared_lock():
        fulfilled = embedding.fulfil(vector=vector)
        serving = Encoder.objects.filter(pk=embedding.encoder_id, state=Encoder.State.SERVING)
        if fulfilled and serving.exists():
            _replace(OF_ASSET, embedding.asset_id)
        return fulfilled


def of(asset: Asset) -> QuerySet[AssetLabel]:
    """The best suggestions for this asset, without labels that a person has put on it."""
    confirmed = asset.asset_labels.filter(source=AssetLabel.Source.PERSON).values("label")
    encoder = asset.asset_labels.filter(source=AssetLabel.Source.ENCODER)
    suggestions = encoder.exclude(label__in=confirmed)
    return suggestions.select_related("label").order_by("-score", "label__name")[:MOST_SUGGESTIONS]


def confirm(asset: Asset, label: Label) -> AssetLabel:
    """A person says that this label fits: it becomes theirs and is no suggestion any more."""
    with shared_lock():
        Rejection.objects.filter(asset=asset, label=label).delete()
        asset.asset_labels.filter(label=label, source=AssetLabel.Source.ENCODER).delete()
        label_of_person, _ = asset.asset_labels.get_or_create(
            label=label, source=AssetLabel.Source.PERSON
        )
        return label_of_person


def reject(asset: Asset, label: Label) -> None:
    """A person says that this label does not fit: it is not suggested here again."""
    with shared_lock():
        asset.asset_labels.filter(label=label, source=AssetLabel.Source.ENCODER).delete()
        Rejection.objects.get_or_create(asset=asset, label=label)


def delete(labels: Iterable[Any]) -> None:
    """Delete the labels with these ids, and all that hangs from them, while none is suggested."""
    with exclusive_lock():
        rows = Label.objects.filter(pk__in=list(labels))
        # The label first, as where a vector is stored: else each would wait for the other's row.
        list(rows.select_for_update().values_list("pk"))
        rows.delete()


def suggest_for(assets: Iterable[UUID]) -> None:
    """Make the suggestions for these assets anew, of what is stored of them."""
    for asset in assets:
        _replace(OF_ASSET, asset)


@contextmanager
def exclusive_lock() -> Iterator[None]:
    """A transaction in which nobody else suggests a label, or fulfils an embedding."""
    with transaction.atomic():
        _lock("pg_advisory_xact_lock")
        yield


@contextmanager
def shared_lock() -> Iterator[None]:
    """A transaction during which no label's suggestions are replaced; any number may run at once.

    Without it a replacement that began before would not see what is written here, nor be seen.
    """
    with transaction.atomic():
        _lock("pg_advisory_xact_lock_shared")
        yield


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [ADVISORY_LOCK])


def _replace(statement: str, pk: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [pk, pk])


def _embedded(encoder: Encoder) -> QuerySet[Embedding]:
    return Embedding.objects.filter(encoder=encoder, fulfilled__isnull=False)
