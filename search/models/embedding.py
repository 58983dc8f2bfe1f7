from typing import Self
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.functions import Now
from pgvector.django import HalfVectorField

from search.models.asset import Asset
from search.models.encoder import Encoder
from search.models.lease import UNTOUCHED
from search.models.promise import Promise, PromiseQuerySet

# Maximum number of rows that one transaction promises or deletes.
CHUNK = 5_000
# A UUID below every asset's id.
NIL = UUID(int=0)

_URGENCY = Case(
    When(state=Encoder.State.SERVING, then=0), When(state=Encoder.State.READY, then=1), default=2
)


class AssetState(models.TextChoices):
    """What an asset is for the searches of one encoder."""

    SEARCHABLE = "searchable"
    WAITING = "waiting"
    FAILED = "failed"


class EmbeddingQuerySet(PromiseQuerySet):
    claim_order = ("backfill", "pk")

    def of_serving(self) -> Self:
        """Those of the encoder that answers searches: they decide what is searchable."""
        return self.filter(encoder__state=Encoder.State.SERVING)

    def in_state(self, state: str) -> Self:
        """Those whose asset is in this state for their encoder. Raises ValueError for no state."""
        states = {
            AssetState.SEARCHABLE: self.done(),
            AssetState.WAITING: self.waiting(),
            AssetState.FAILED: self.failed(),
        }
        return states[AssetState(state)]

    def whose_turn(self) -> models.QuerySet[Encoder]:
        """The live encoders for which something can be embedded now, the most urgent first.

        Fresh uploads come before backfill, of whichever encoder.
        """
        theirs = self.filter(encoder=OuterRef("pk")).claimable()
        # Never claimed before: so the index leads straight to them, past a million of backfill.
        fresh = theirs.filter(claims=0, backfill=False)
        with_work = Encoder.objects.live().filter(Exists(theirs))
        return with_work.annotate(fresh=Exists(fresh)).order_by("-fresh", _URGENCY, "pk")

    def promise(self, asset: Asset) -> None:
        """Promise a vector of this asset for each live encoder."""
        self.bulk_create(
            Embedding(asset=asset, encoder=encoder, sha256=asset.sha256)
            for encoder in Encoder.objects.live()
        )

    def promise_next(self, encoder: Encoder, *, chunk: int = CHUNK) -> bool:
        """Promise the vectors of the next assets of the library; False once all are promised.

        Each chunk is a transaction of its own, which keeps how far it came.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            unpromised = Encoder.objects.live().filter(pk=encoder.pk, promised=None)
            row = unpromised.select_for_update(no_key=True).first()
            if row is None:
                return False
            if row.promised_to is None:
                # Wait for the uploads under way: they may have begun before this encoder was there,
                # and promise it nothing. Those that begin later do.
                cursor.execute("LOCK TABLE search_asset IN SHARE MODE")
            cursor.execute(_PROMISE_CHUNK, [row.promised_to or NIL, chunk, encoder.pk])
            if last := cursor.fetchone():
                unpromised.update(promised_to=last[0])
            else:
                unpromised.update(promised=Now())
            return last is not None

    def take_away(self, encoder: Encoder, *, chunk: int = CHUNK) -> int:
        """Delete up to `chunk` of this encoder's embeddings and return their number."""
        some = self.filter(encoder=encoder).values_list("pk", flat=True)[:chunk]
        return self.filter(pk__in=list(some)).delete()[0]

    def reset(self) -> int:
        """Promise the vectors anew; the assets are not found until they are embedded again."""
        return self.update(vector=None, fulfilled=None, **UNTOUCHED)


# The assets are locked against deletion until their promises are committed.
_PROMISE_CHUNK = """
WITH chunk AS (
    SELECT id, sha256 FROM search_asset WHERE id > %s AND trashed IS NULL
    ORDER BY id LIMIT %s FOR KEY SHARE
), promised AS (
    INSERT INTO search_embedding
        (asset_id, encoder_id, sha256, claims, attempts, error, next_try_at, backfill)
    SELECT id, %s, sha256, 0, 0, '', now(), true FROM chunk
    ON CONFLICT DO NOTHING
)
SELECT id FROM chunk ORDER BY id DESC LIMIT 1
"""


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
            ),
            # Counted for the list of encoders.
            models.Index(
                fields=["encoder", "fulfilled"],
                condition=Q(fulfilled__isnull=False),
                name="embedding_done",
            ),
            models.Index(fields=["encoder"], condition=~Q(error=""), name="embedding_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.asset} by {self.encoder}"

    @property
    def asset_state(self) -> AssetState:
        """What its asset is for the searches of its encoder."""
        return AssetState.SEARCHABLE if self.state == "done" else AssetState(self.state)

    def mine(self) -> EmbeddingQuerySet:
        # A vector of an original that has been replaced meanwhile belongs to nothing.
        return super().mine().filter(asset__sha256=F("sha256"))
