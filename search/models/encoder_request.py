from datetime import timedelta
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from search.models.encoder import Encoder
from search.models.lease import MAX_ATTEMPTS, UNCLAIMED, Lease, LeaseQuerySet, failure
from search.models.user import User
from search.refusals import Refusal

# Time for which a refusal is shown to the curators.
LATELY = timedelta(days=1)


class EncoderRequestQuerySet(LeaseQuerySet):
    def waiting(self) -> Self:
        return self.filter(fulfilled=None, error="")

    def current(self) -> Self:
        """What curators want to know of: what is still to be added, and what was refused lately."""
        lately = Q(created__gt=Now() - LATELY)
        return self.filter(lately | Q(error=""), fulfilled=None).order_by("pk")

    def ask(self, **wish: Any) -> "EncoderRequest":
        """Ask for an encoder; what was refused of this checkpoint before is forgotten."""
        with transaction.atomic():
            self.failed().filter(checkpoint=wish["checkpoint"]).delete()
            return self.create(**wish)

    def claim(self, **changes: Any) -> Any:
        """Lease the oldest request, unless one is being fulfilled.

        Each loads both towers of an encoder, for two of which there may be no memory. To be called
        by one process at a time, in its turn.
        """
        killed = Refusal("request_stops_worker", times=MAX_ATTEMPTS)
        self.killing().update(**UNCLAIMED, **failure(killed))
        return None if self.leased().exists() else super().claim(**changes)


class EncoderRequest(Lease):
    """An encoder that a curator asked for: the row is the queue, and keeps why it was refused."""

    checkpoint = models.CharField(max_length=500)
    revision = models.CharField(max_length=64, blank=True)
    patches = models.PositiveSmallIntegerField(null=True, blank=True)
    precision = models.CharField(
        max_length=4,
        choices=Encoder.Precision,
        default=Encoder.Precision.FP32,
        db_default=Encoder.Precision.FP32,
    )
    slug = models.SlugField(max_length=100, blank=True)
    person = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    created = models.DateTimeField(db_default=Now(), editable=False)
    # The encoder that it became, and when.
    encoder = models.ForeignKey(Encoder, on_delete=models.SET_NULL, null=True, editable=False)
    fulfilled = models.DateTimeField(null=True, editable=False)

    objects = EncoderRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(fulfilled=None) | Q(error="", token=None),
                name="a_fulfilled_request_is_over",
            )
        ]

    def __str__(self) -> str:
        return self.checkpoint

    @property
    def status(self) -> str:
        """How far it is, in a sentence."""
        if self.token:
            return "A worker loads it; this may take minutes."
        return self.sentence or "A worker is to load it; this may take minutes."

    def fulfil(self, encoder: Encoder) -> bool:
        """Note what it became, if the claim is still this worker's; False if it came too late."""
        return self.conclude(encoder=encoder, fulfilled=Now())
