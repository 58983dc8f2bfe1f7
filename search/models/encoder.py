from typing import Self

from django.db import connection, models, transaction
from django.db.models import Count, Q


class EncoderQuerySet(models.QuerySet["Encoder"]):
    def live(self) -> Self:
        """The encoders for which every asset has a promise or a vector."""
        return self.exclude(state=Encoder.State.RETIRED)

    def serving(self) -> "Encoder | None":
        """The encoder that answers searches, if there is one."""
        return self.filter(state=Encoder.State.SERVING).first()

    def with_counts(self) -> Self:
        """Each with the numbers of its searchable, waiting and failed assets."""
        done, failed = Q(embeddings__fulfilled__isnull=False), ~Q(embeddings__error="")
        return self.annotate(
            searchable=Count("embeddings", filter=done),
            waiting=Count("embeddings", filter=~done & ~failed),
            failed=Count("embeddings", filter=failed),
        )


class Encoder(models.Model):
    """A checkpoint with its preprocessing; its meaning never changes."""

    class State(models.TextChoices):
        BUILDING = "building"
        READY = "ready"
        SERVING = "serving"
        RETIRED = "retired"

    slug = models.SlugField(unique=True, max_length=100)
    checkpoint = models.CharField(max_length=500, help_text="A hub id or a folder.")
    revision = models.CharField(max_length=64, help_text="A commit, or a hash of the folder.")
    family = models.CharField(max_length=20, default="SigLIP")
    dimensions = models.PositiveSmallIntegerField()
    # Of a picture, at most; of encoders with native aspect ratio only.
    patches = models.PositiveSmallIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.BUILDING)
    created = models.DateTimeField(auto_now_add=True)

    # What it was when it was added: the hash of each file, and the vectors of a few texts and
    # pictures. An update that changes them would quietly spoil the library.
    manifest = models.JSONField(default=dict, editable=False)
    probes = models.JSONField(default=dict, editable=False)
    # Why a worker could not load it, in a sentence.
    problem = models.TextField(blank=True, editable=False)

    # The backfill: how far it has come, in the order of asset ids, and when it had come through.
    promised_to = models.UUIDField(null=True, editable=False)
    promised = models.DateTimeField(null=True, editable=False)
    promote_when_ready = models.BooleanField(default=False, editable=False)
    removal_asked = models.DateTimeField(null=True, editable=False)

    objects = EncoderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="serving"), name="one_serving_encoder"
            ),
            models.UniqueConstraint(
                fields=["revision", "patches"],
                nulls_distinct=False,
                name="one_encoder_per_revision_and_patches",
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

    def has_index(self) -> bool:
        """Whether this encoder's HNSW index is there and was not left half-built."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%s) AND indisvalid",
                [self.index_name],
            )
            return cursor.rowcount == 1

    def build_index(self) -> None:
        """Create this encoder's HNSW index where it is missing or was left half-built."""
        if self.has_index():
            return
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX IF EXISTS {self.index_name}")
            cursor.execute(self._index_sql())

    def _index_sql(self) -> str:
        # Concurrently: uploads go on meanwhile. It can't run inside a transaction.
        concurrently = "" if connection.in_atomic_block else "CONCURRENTLY"
        return (
            f"CREATE INDEX {concurrently} {self.index_name} ON search_embedding "
            f"USING hnsw ((vector::halfvec({self.dimensions})) halfvec_cosine_ops) "
            f"WHERE encoder_id = {self.pk}"
        )
