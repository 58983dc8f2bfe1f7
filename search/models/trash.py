"""What lies in the trash: assets, and their embeddings, which no search reads there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, models
from pgvector.django import HalfVectorField

from search.models.asset import Asset, AssetQuerySet
from search.models.encoder import Encoder
from search.models.promise import Promise, PromiseQuerySet


class TrashedAssetManager(models.Manager.from_queryset(AssetQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> AssetQuerySet:
        return super().get_queryset().in_trash()


class TrashedAsset(Asset):
    """The same row as the asset; of a page of its own in the admin."""

    objects = TrashedAssetManager()  # type: ignore[misc]

    class Meta:
        proxy = True
        verbose_name = "asset in the trash"
        verbose_name_plural = "assets in the trash"

    @property
    def goes(self) -> datetime:
        """From when on it is deleted for good."""
        assert self.trashed  # noqa: S101
        return self.trashed + timedelta(days=settings.TRASH_DAYS)


class TrashedEmbeddingQuerySet(PromiseQuerySet):
    def due(self) -> models.QuerySet["TrashedEmbedding"]:
        """Those whose asset has been restored, and that are still to come back."""
        return self.filter(is_due=True)

    def take(self, assets: Sequence[UUID]) -> None:
        """Move all embeddings of these assets here; whoever is at one comes too late."""
        self.filter(asset__in=assets).update(is_due=False)
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [list(assets)])

    def give_back(self, most: int) -> list[UUID]:
        """Move up to so many of those that are due back; their assets."""
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK, [most])
            return [asset for (asset,) in cursor.fetchall()]


class TrashedEmbedding(Promise):
    """An embedding of an asset in the trash, finished or owed, as it was.

    In a table of its own: neither index nor comparison, no count and no sample of vectors leaves it
    out, since none ever meets it.
    """

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    encoder = models.ForeignKey(Encoder, on_delete=models.CASCADE, related_name="+")
    vector = HalfVectorField(null=True, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    backfill = models.BooleanField(default=False, editable=False)
    # Its asset is restored, and it is to come back.
    is_due = models.BooleanField(default=False, db_default=False)

    objects = TrashedEmbeddingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "encoder"], name="one_trashed_embedding_per_asset_and_encoder"
            )
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(is_due=True), name="trashed_embedding_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset} by {self.encoder}, in the trash"


# All that a row says, but for the claim of whoever is at it.
_COLUMNS = """
asset_id, encoder_id, sha256, vector, fulfilled, backfill, claims, attempts, error,
error_parameters
"""
_TAKE = f"""
WITH taken AS (DELETE FROM search_embedding WHERE asset_id = ANY(%s) RETURNING {_COLUMNS})
INSERT INTO search_trashedembedding ({_COLUMNS}) SELECT {_COLUMNS} FROM taken
ON CONFLICT DO NOTHING
"""  # noqa: S608
_GIVE_BACK = f"""
WITH given AS (
    DELETE FROM search_trashedembedding WHERE id IN (
        SELECT id FROM search_trashedembedding WHERE is_due ORDER BY id LIMIT %s
        FOR UPDATE SKIP LOCKED
    ) RETURNING {_COLUMNS}
), back AS (
    INSERT INTO search_embedding ({_COLUMNS}, next_try_at)
    SELECT {_COLUMNS}, now() FROM given ON CONFLICT DO NOTHING
)
SELECT DISTINCT asset_id FROM given
"""  # noqa: S608
