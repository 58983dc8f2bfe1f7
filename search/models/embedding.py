from typing import Self

from django.db import connection, models, transaction
from django.db.models import F, Q
from pgvector.django import HalfVectorField

from search.models.asset import Asset
from search.models.encoder import Encoder
from search.models.promise import ANEW, Promise, PromiseQuerySet


class EmbeddingQuerySet(PromiseQuerySet):
    def of_serving(self) -> Self:
        """Those of the encoder that answers searches: they decide what is searchable."""
        return self.filter(encoder__state=Encoder.State.SERVING)

    def promise(self, asset: Asset) -> None:
        """Promise a vector of this asset for each live encoder."""
        self.bulk_create(
            Embedding(asset=asset, encoder=encoder, sha256=asset.sha256)
            for encoder in Encoder.objects.live()
        )

    def promise_library(self, encoder: Encoder) -> int:
        """Promise a vector for each asset that has none of this encoder; how many that were."""
        with transaction.atomic(), connection.cursor() as cursor:
            # Wait for the uploads under way: they may have begun before this encoder was there.
            cursor.execute("LOCK TABLE search_asset IN SHARE MODE")
            cursor.execute(
                "INSERT INTO search_embedding"
                " (asset_id, encoder_id, sha256, claims, attempts, error, next_try_at, backfill)"
                " SELECT id, %s, sha256, 0, 0, '', now(), true FROM search_asset ON CONFLICT DO NOTHING",
                [encoder.pk],
            )
            return cursor.rowcount

    def reset(self) -> int:
        """Promise the vectors anew; the assets are not found until they are embedded again."""
        return self.update(vector=None, **ANEW)


class Embedding(Promise):
    """The vector of an asset by an encoder; until it is there, the promise of one.

    Not a column of Asset: updating a title would re-insert the row into the HNSW index
    (500 renames took 448 ms against 8 ms).
    """

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="embeddings")
    encoder = models.ForeignKey(Encoder, on_delete=models.CASCADE, related_name="embeddings")
    # Without dimensions: encoders of several sizes share the column, and each index casts.
    vector = HalfVectorField(null=True, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    # Promised for an asset that was there before the encoder: fresh uploads come first.
    backfill = models.BooleanField(default=False, editable=False)

    objects = EmbeddingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "encoder"], name="one_embedding_per_asset_and_encoder"
            ),
            models.CheckConstraint(
                condition=Q(vector=None, fulfilled=None)
                | Q(vector__isnull=False, fulfilled__isnull=False),
                name="fulfilled_means_a_vector",
            ),
        ]
        indexes = [
            models.Index(
                fields=["encoder", "claims", "backfill", "id"],
                condition=Q(fulfilled=None, error=""),
                name="embedding_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset} by {self.encoder}"

    def _mine(self) -> EmbeddingQuerySet:
        # A vector of an original that has been replaced meanwhile belongs to nothing.
        return super()._mine().filter(asset__sha256=F("sha256"))
