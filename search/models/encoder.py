from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Max, Q
from django.db.models.functions import Now

from search.models.counts import number_of
from search.models.vector_index import VectorIndex
from search.refusals import Refusal, sentence

_INCOMPLETE = Q(promised=None) | Q(
    embeddings__backfill=True, embeddings__fulfilled=None, embeddings__error=""
)


class WrongState(Refusal):
    """An encoder is in no state for what is to be done with it."""


class EncoderQuerySet(models.QuerySet["Encoder"]):
    def live(self) -> Self:
        """The encoders for which every asset has a promise or a vector, or will have soon."""
        return self.exclude(state=Encoder.State.RETIRED)

    def complete(self) -> Self:
        """Those that can answer: they have all vectors but those of the latest uploads."""
        return self.filter(state__in=[Encoder.State.READY, Encoder.State.SERVING])

    def serving(self) -> "Encoder | None":
        """The encoder that answers searches, if there is one."""
        # Without its probes, which no page needs: 127 kB of JSON, 3 ms of a processor.
        return self.filter(state=Encoder.State.SERVING).defer("probes").first()

    def input_side(self) -> int:
        """Minimum of the shorter side, in pixels, of a picture that any live encoder is given:
        twice what the largest takes. 0 where none has been loaded yet.
        """
        return 2 * (self.live().aggregate(largest=Max("resolution"))["largest"] or 0)

    def with_counts(self) -> Self:
        """Each with the numbers of its searchable, waiting, failed and latest embeddings."""
        embeddings: Any = self.model._meta.get_field("embeddings").related_model
        rows = embeddings._default_manager
        lately = rows.filter(fulfilled__gt=Now() - timedelta(minutes=1))
        return self.annotate(
            searchable=number_of(rows.done(), "encoder"),
            waiting=number_of(rows.waiting(), "encoder"),
            failed=number_of(rows.failed(), "encoder"),
            lately=number_of(lately, "encoder"),
        )


class Encoder(models.Model):
    """A checkpoint with its preprocessing; its meaning never changes."""

    class State(models.TextChoices):
        BUILDING = "building"
        READY = "ready"
        SERVING = "serving"
        RETIRED = "retired"

    class Precision(models.TextChoices):
        FP32 = "fp32", "single precision"
        INT8 = "int8", "8 bits"

    slug = models.SlugField(unique=True, max_length=100)
    checkpoint = models.CharField(max_length=500, help_text="A hub id or a folder.")
    revision = models.CharField(max_length=64, help_text="A commit, or a hash of the folder.")
    family = models.CharField(max_length=20, default="SigLIP")
    dimensions = models.PositiveSmallIntegerField()
    # Pixels, of the side of a square picture; null until a worker of this version has loaded it.
    resolution = models.PositiveIntegerField(null=True, editable=False)
    # Of a picture, at most; of encoders with native aspect ratio only.
    patches = models.PositiveSmallIntegerField(null=True, blank=True)
    # The same checkpoint in another one is another encoder: its vectors are others.
    precision = models.CharField(
        max_length=4, choices=Precision, default=Precision.FP32, db_default=Precision.FP32
    )
    state = models.CharField(max_length=10, choices=State, default=State.BUILDING)
    created = models.DateTimeField(auto_now_add=True)

    # The hash of each file, and the vectors of a few texts and pictures, when it was added. An
    # update that changes them would quietly spoil the library.
    manifest = models.JSONField(default=dict, editable=False)
    probes = models.JSONField(default=dict, editable=False)
    # Why a worker could not use it: a code and the parameters of its sentence.
    problem = models.TextField(blank=True, editable=False)
    problem_parameters = models.JSONField(default=dict, db_default={}, editable=False)
    # What computes it in the worker that loaded it last, and why not what is faster.
    engine = models.CharField(max_length=20, blank=True, db_default="", editable=False)
    fallback = models.TextField(blank=True, db_default="", editable=False)
    fallback_parameters = models.JSONField(default=dict, db_default={}, editable=False)
    # What 8 bits lose of what single precision finds in this library, when it was added.
    proof = models.JSONField(default=dict, db_default={}, editable=False)

    # The backfill: how far it has come, in the order of asset ids, and when it had come through.
    promised_to = models.UUIDField(null=True, editable=False)
    promised = models.DateTimeField(null=True, editable=False)
    promote_when_ready = models.BooleanField(default=False, editable=False)
    removal_requested = models.DateTimeField(null=True, editable=False)

    # Of with_counts().
    searchable: int
    waiting: int
    failed: int
    lately: int
    embeddings: Any

    objects = EncoderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="serving"), name="one_serving_encoder"
            ),
            models.UniqueConstraint(
                fields=["revision", "patches", "precision"],
                nulls_distinct=False,
                name="one_encoder_per_revision_patches_and_precision",
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def problem_sentence(self) -> str:
        """Why a worker could not use it, for a person; nothing where it can be used."""
        return sentence(self.problem, self.problem_parameters)

    @property
    def fallback_sentence(self) -> str:
        """Why it is slower than it could be, for a person; nothing where it is not."""
        return sentence(self.fallback, self.fallback_parameters)

    @property
    def proof_sentence(self) -> str:
        """What its precision costs in this library; nothing of single precision."""
        return sentence("int8_proof", self.proof) if self.proof else ""

    @property
    def per_second(self) -> float:
        """How many assets it embedded each second of the last minute, from with_counts()."""
        return self.lately / 60

    @property
    def seconds_left(self) -> float | None:
        """Seconds until nothing waits, at the speed of the last minute; None without a speed."""
        if not self.waiting:
            return 0
        return self.waiting / self.per_second if self.lately else None

    @property
    def time_left(self) -> str:
        """`seconds_left` as text, such as 40 s, 2 min, 3 h; empty where there is none."""
        return duration_text(self.seconds_left) if self.seconds_left else ""

    # Its state -----------------------------------------------------------------------------------

    def serve(self) -> bool:
        """Answer searches where nobody does yet; whether this encoder does now."""
        with self._held():
            if Encoder.objects.serving() is None:
                self._become(self.State.SERVING)
        return self.state == self.State.SERVING

    def promote(self) -> None:
        """Answer searches from now on; the one that did stays ready, so this can be undone."""
        with self._held():
            if self.state == self.State.SERVING:
                return
            if self.state != self.State.READY:
                raise WrongState("encoder_not_ready", encoder=self.slug, state=self.state)
            serving = Encoder.objects.filter(state=self.State.SERVING)
            # The very first encoder serves while it is still building.
            serving.filter(_INCOMPLETE).update(state=self.State.BUILDING)
            serving.update(state=self.State.READY)
            self._become(self.State.SERVING)
            # An automatic promotion would undo this decision.
            Encoder.objects.filter(promote_when_ready=True).update(promote_when_ready=False)

    def ask_promotion(self) -> None:
        """Be promoted once ready, when a query worker has loaded it."""
        with self._held():
            if self.state == self.State.SERVING:
                raise WrongState("encoder_serves_already", encoder=self.slug)
            if self.state == self.State.RETIRED:
                raise WrongState("encoder_is_retired", encoder=self.slug)
            Encoder.objects.update(promote_when_ready=False)
            Encoder.objects.filter(pk=self.pk).update(promote_when_ready=True)

    def retire(self) -> None:
        """Get no more promises; the vectors and the index stay."""
        with self._held():
            self._refuse_if_serving("retired")
            if self.state == self.State.RETIRED:
                raise WrongState("encoder_is_retired_already", encoder=self.slug)
            self._become(self.State.RETIRED, promote_when_ready=False)

    def ask_removal(self) -> None:
        """Be retired, and gone with all vectors as soon as no search can be using them."""
        with self._held():
            self._refuse_if_serving("removed")
            since = self.removal_requested or Now()
            self._become(self.State.RETIRED, promote_when_ready=False, removal_requested=since)

    @contextmanager
    def _held(self) -> Iterator[None]:
        """A transaction in which no encoder's state is changed by anyone else."""
        with transaction.atomic():
            # FOR NO KEY UPDATE: uploads go on, whose promises refer to these rows.
            list(Encoder.objects.select_for_update(no_key=True).order_by("pk"))
            self.refresh_from_db()
            yield

    def _become(self, state: State, **changes: Any) -> None:
        Encoder.objects.filter(pk=self.pk).update(state=state, **changes)
        self.refresh_from_db()

    def _refuse_if_serving(self, what: str) -> None:
        if self.state == self.State.SERVING:
            raise WrongState("encoder_serves", encoder=self.slug, what=what)

    # Its index -----------------------------------------------------------------------------------

    @property
    def index(self) -> VectorIndex:
        return VectorIndex(self.pk, self.dimensions)

    @property
    def index_name(self) -> str:
        return self.index.name

    def has_index(self) -> bool:
        """Whether its index is there, as it is built now and not half."""
        return self.index.is_there()

    def build_index(self) -> None:
        """Create this encoder's index where it is missing, half-built or built otherwise.

        Not by two at a time: each would take what the other is building for half-built.
        """
        if not self.has_index():
            self.index.build()

    def drop_index(self) -> None:
        self.index.drop()


def duration_text(seconds: float) -> str:
    """A duration, rounded: 40 s, 2 min, 3 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"
