"""Fills a library with drawn vectors: assets, embeddings, labels, a collection."""

import secrets
from random import Random
from typing import Any

from bench.gap import CLUSTERS, DIMENSIONS, Gap
from bench.support import run

# Shares of the library that have a label each.
SHARES = (0.3, 0.1, 0.01, 0.001, 0.0001)
CLUSTERED = "30 % in clusters"
_EMBEDDINGS = """
COPY search_embedding (asset_id, encoder_id, sha256, vector, fulfilled, claims, attempts, error,
    next_try_at, backfill) FROM STDIN (FORMAT BINARY)
"""
_TYPES = ["uuid", "int8", "varchar", "halfvec", "timestamptz"]
_TYPES += ["int4", "int2", "text", "timestamptz", "bool"]


def load(gap: Gap, seed: int) -> tuple[Any, list[Any]]:
    """The encoder and the assets, in the order of their vectors; all but the index is filled."""
    from django.utils import timezone

    from search.models import Asset, Encoder, User

    # Without the triggers that store words of assets, which are no part of this.
    run("SET session_replication_role = replica")
    owner = User.objects.create(username="owner")
    encoder = Encoder.objects.create(
        slug="drawn",
        checkpoint="drawn",
        revision="1",
        dimensions=DIMENSIONS,
        state=Encoder.State.SERVING,
        promised=timezone.now(),
    )
    assets = Asset.objects.bulk_create(
        (asset(number, owner) for number in range(len(gap.library))), batch_size=5_000
    )
    embed(assets, gap, encoder)
    label(assets, seed)
    collect(assets, gap)
    run("SET session_replication_role = DEFAULT", "VACUUM ANALYZE")
    return encoder, assets


def asset(number: int, owner: Any) -> Any:
    from search.models import Asset

    return Asset(
        owner=owner,
        original=f"originals/{number}",
        filename=f"{number}.jpg",
        sha256=secrets.token_hex(32),
        width=4000,
        height=3000,
        format="JPEG",
        bytes=3_000_000,
        colour="#808080",
        title=f"Picture {number}",
    )


def embed(assets: list[Any], gap: Gap, encoder: Any) -> None:
    from django.db import connection
    from django.utils import timezone
    from pgvector import HalfVector
    from pgvector.psycopg import register_vector

    connection.ensure_connection()
    register_vector(connection.connection)
    now = timezone.now()
    with connection.connection.cursor().copy(_EMBEDDINGS) as copy:
        copy.set_types(_TYPES)
        for asset, vector in zip(assets, gap.library, strict=True):
            half = HalfVector(vector)
            copy.write_row((asset.pk, encoder.pk, asset.sha256, half, now, 0, 0, "", now, False))


def label(assets: list[Any], seed: int) -> None:
    """Put labels on random shares of the assets."""
    from search.models import AssetLabel, Label

    random = Random(seed)  # noqa: S311
    for share in SHARES:
        row = Label.objects.create(name=f"{100 * share:g} %")
        share_of = random.sample(assets, round(share * len(assets)))
        AssetLabel.objects.bulk_create(
            (AssetLabel(asset=asset, label=row) for asset in share_of), batch_size=10_000
        )


def collect(assets: list[Any], gap: Gap) -> None:
    """A collection of whole clusters: what is near a query is all in it, or nothing is."""
    from search.models import Collection

    collection = Collection.objects.create(name=CLUSTERED, slug="clustered")
    through = Collection.assets.through
    through.objects.bulk_create(
        (
            through(collection=collection, asset=asset)
            for asset, cluster in zip(assets, gap.clusters, strict=True)
            if cluster < 0.3 * CLUSTERS
        ),
        batch_size=10_000,
    )
