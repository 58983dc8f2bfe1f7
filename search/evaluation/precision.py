"""Whether an encoder of 8 bits finds in this library what single precision finds."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from search.evaluation.encoding import chunks, units
from search.formats.sniff import UndecodableImage
from search.library.originals import StorageAway, picture_of
from search.matches.calibrate import LEAST
from search.matches.features import LEAST_DEVIATION, POSSIBLE_HEIGHT, STRONG_HEIGHT
from search.matches.synthetic_queries import texts_for
from search.models import Asset, Embedding, Encoder
from search.models.encoder import WrongState
from workers.encoders.load import load_encoder
from workers.encoders.protocol import LoadedEncoder, Vectors

# Maximum assets that are searched, and maximum queries of each kind: a base SigLIP 2 takes three
# minutes for them on two cores.
ASSETS, QUERIES = 500, 200
# Number of best hits that count, and the maximum share of what fits that may be lost from them.
FIRST, MOST_LOST = 10, 0.005
# Maximum change of the score from which a hit matches, in deviations of the query's scores: strong
# matches begin 4 of them above the background.
MOST_MOVED = 0.1
# Width of the part of a picture that asks for the whole: of the bundled encoder 92 of 100 are among
# the first 12 (docs/architecture.md, Facts), so there is something to lose.
PART = 0.5

Mask = NDArray[np.bool_]


class Kind(NamedTuple):
    """Queries of one kind by both encoders, and which assets fit them."""

    name: str
    ours: Vectors  # (queries, dimensions), in 8 bits
    theirs: Vectors  # in single precision
    right: Mask  # (queries, assets)


def prove(ours: LoadedEncoder) -> dict[str, Any]:
    """What this encoder loses of what its checkpoint in single precision finds in this library.

    Raises WrongState where it loses too much, or where nothing can be measured.
    """
    if ours.fallback:
        raise WrongState(ours.fallback.code, **ours.fallback.parameters)
    row, theirs = single_precision(ours)
    assets, stored = embedded(row)
    places, pictures, parts = vectors_of_pictures(assets, ours, theirs)
    if len(places) < LEAST:
        figures = {"encoder": str(row), "assets": len(places), "least": LEAST}
        raise WrongState("int8_too_few_assets", **figures)
    kinds = [parts, words([assets[place].title for place in places], ours, theirs)]
    proof = compare([kind for kind in kinds if len(kind.right)], pictures, stored[places])
    if proof["lost"] > MOST_LOST or proof["moved"] > MOST_MOVED:
        raise WrongState("int8_loses", checkpoint=ours.checkpoint, **proof)
    return proof


def single_precision(ours: LoadedEncoder) -> tuple[Encoder, LoadedEncoder]:
    same = Encoder.objects.filter(revision=ours.revision, patches=ours.patches)
    row = same.filter(precision=Encoder.Precision.FP32).first()
    if row is None:
        raise WrongState("int8_alone", checkpoint=ours.checkpoint)
    return row, load_encoder(row.checkpoint, row.revision, patches=row.patches)


def embedded(row: Encoder) -> tuple[list[Asset], Vectors]:
    """The first assets by their random ids, and their vectors in single precision."""
    done = Embedding.objects.filter(encoder=row).done().order_by("asset")
    rows = list(done.select_related("asset")[:ASSETS])
    vectors = np.array([each.vector for each in rows], np.float32)
    return [each.asset for each in rows], units(vectors.reshape(len(rows), row.dimensions))


def vectors_of_pictures(
    assets: Sequence[Asset], ours: LoadedEncoder, theirs: LoadedEncoder
) -> tuple[list[int], Vectors, Kind]:
    """Which assets can be read, their vectors by this encoder, and queries by parts of them."""
    places: list[int] = []
    nothing = np.empty((0, ours.dimensions), np.float32)
    pictures, of_parts, by_theirs = [nothing], [nothing], [nothing]
    for some in chunks(readable(assets, 2 * ours.resolution), ours.batch_size):
        pictures.append(ours.encode_images([picture for _, picture in some]))
        cut = [middle(picture) for _, picture in islice(some, max(0, QUERIES - len(places)))]
        of_parts.append(ours.encode_images(cut))
        by_theirs.append(theirs.encode_images(cut))
        places += [place for place, _ in some]
    itself = np.eye(len(places), dtype=bool)[:QUERIES]
    kind = Kind("parts of pictures", np.concatenate(of_parts), np.concatenate(by_theirs), itself)
    return places, np.concatenate(pictures), kind


def readable(assets: Sequence[Asset], at_least: int) -> Iterator[tuple[int, Image]]:
    for place, asset in enumerate(assets):
        try:
            yield place, picture_of(asset, at_least=at_least)
        except (UndecodableImage, StorageAway):
            continue  # What is measured are vectors; `fsck` names such files.


def middle(picture: Image) -> Image:
    width, height = (max(1, round(PART * side)) for side in picture.size)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def words(titles: Sequence[str], ours: LoadedEncoder, theirs: LoadedEncoder) -> Kind:
    """Queries of words of titles, which the assets of these titles fit."""
    made = texts_for(titles)
    queries = made.queries[:QUERIES]
    texts = [query.text for query in queries]
    right = [made.vocabulary.all_of(query.words) for query in queries]
    fits = np.array(right, bool).reshape(len(queries), len(titles))
    return Kind("words", ours.encode_texts(texts), theirs.encode_texts(texts), fits)


def compare(kinds: Sequence[Kind], ours: Vectors, theirs: Vectors) -> dict[str, Any]:
    """Recall of the kind that loses most, the share of hits in common, and moved thresholds."""
    scores = [(kind, kind.ours @ ours.T, kind.theirs @ theirs.T) for kind in kinds]
    recalls = [(recall(a, kind.right), recall(b, kind.right), kind.name) for kind, a, b in scores]
    worst, before, name = max(recalls, key=lambda each: each[1] - each[0])
    return {
        "kind": name,
        "recall": round(worst, 4),
        "before": round(before, 4),
        "lost": round(before - worst, 4),
        "same": round(min(recall(a, best(b)) for _, a, b in scores), 4),
        "moved": round(max(moved(a, b) for _, a, b in scores), 4),
        "assets": len(ours),
        "queries": sum(len(kind.right) for kind in kinds),
    }


def recall(scores: Vectors, right: Mask) -> float:
    """The mean share of what fits that is among the first hits."""
    among = (best(scores) & right).sum(axis=1)
    return float((among / np.minimum(right.sum(axis=1), FIRST)).mean())


def best(scores: Vectors) -> Mask:
    """Which assets are the first hits of each query."""
    mask = np.zeros(scores.shape, bool)
    np.put_along_axis(mask, np.argsort(-scores, axis=1)[:, :FIRST], True, axis=1)
    return mask


def moved(ours: Vectors, theirs: Vectors) -> float:
    """By how much the scores from which hits match move, as the median of the queries."""
    deviations = np.maximum(theirs.std(axis=1), LEAST_DEVIATION)
    return max(
        float(np.median(np.abs(height_of(ours, h) - height_of(theirs, h)) / deviations))
        for h in (POSSIBLE_HEIGHT, STRONG_HEIGHT)
    )


def height_of(scores: Vectors, height: float) -> Vectors:
    """The score of each query that lies so many deviations above its background."""
    return scores.mean(axis=1) + height * scores.std(axis=1)
