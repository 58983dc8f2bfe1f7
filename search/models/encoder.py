from typing import Self

from django.db import connection, models, transaction
from django.db.models import Q


class EncoderQuerySet(models.QuerySet["Encoder"]):
    def live(self) -> Self:
        """The encoders for which every asset has a promise or a vector."""
        return self.exclude(state=Encoder.State.RETIRED)

    def serving(self) -> "Encoder | None":
        """The encoder that answers searches, if there is one."""
        return self.filter(state=Encoder.State.SERVING).first()


class Encoder(models.Model):
    """A checkpoint with its preprocessing; its meaning never changes."""

    class State(models.TextChoices):
        BUILDING = "building"
        READY = "ready"
        SERVING = "serving"
        RETIRED = "retired"

    slug = models.SlugField(unique=True, max_length=100)
    checkpoint = models.CharField(max_length=500, help_text="A hub id or a folder.")
    revision = models.CharField(max_length=64, help_text="The commit, or the hash of the weights.")
    dimensions = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.BUILDING)
    created = models.DateTimeField(auto_now_add=True)

    objects = EncoderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="serving"), name="one_serving_encoder"
            ),
            models.UniqueConstraint(
                fields=["checkpoint", "revision"], name="one_encoder_per_checkpoint_and_revision"
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def index_name(self) -> str:
        return f"hnsw_encoder_{self.pk}"

    def serve(self) -> None:
        """Answer searches from now on, in the place of whichever encoder does so today."""
        with transaction.atomic():
            serving = Encoder.objects.filter(state=self.State.SERVING).exclude(pk=self.pk)
            serving.update(state=self.State.RETIRED)
            Encoder.objects.filter(pk=self.pk).update(state=self.State.SERVING)
        self.state = self.State.SERVING

    def build_index(self) -> None:
        """Create this encoder's HNSW index where it is missing or was left half-built."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)",
                [self.index_name],
            )
            found = cursor.fetchone()
            if found and not found[0]:
                cursor.execute(f"DROP INDEX {self.index_name}")
            if not found or not found[0]:
                cursor.execute(self._index_sql())

    def _index_sql(self) -> str:
        # Concurrently: uploads go on meanwhile. It can't run inside a transaction.
        concurrently = "" if connection.in_atomic_block else "CONCURRENTLY"
        return (
            f"CREATE INDEX {concurrently} {self.index_name} ON search_embedding "
            f"USING hnsw ((vector::halfvec({self.dimensions})) halfvec_cosine_ops) "
            f"WHERE encoder_id = {self.pk}"
        )
