"""A promise: a row that says what a worker still has to make, and who is making it."""

from datetime import timedelta
from typing import Any, Self
from uuid import uuid4

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

MAX_ATTEMPTS = 3
BACKOFF = timedelta(seconds=30)


class PromiseQuerySet(models.QuerySet[Any]):
    claim_order: tuple[str, ...] = ("pk",)

    def waiting(self) -> Self:
        return self.filter(fulfilled=None, error="")

    def failed(self) -> Self:
        return self.exclude(error="")

    def done(self) -> Self:
        return self.exclude(fulfilled=None)

    def overdue(self, patience: timedelta) -> Self:
        """Those that anyone could have claimed for longer than this."""
        then = Now() - patience
        return self.waiting().filter(
            Q(leased_until=None) | Q(leased_until__lt=then),
            Q(next_try_at=None) | Q(next_try_at__lt=then),
            asset__created__lt=then,
        )

    def claimable(self) -> Self:
        return self.waiting().filter(
            Q(leased_until=None) | Q(leased_until__lt=Now()),
            Q(next_try_at=None) | Q(next_try_at__lte=Now()),
        )

    def claim_fresh(self, limit: int) -> list[Any]:
        """Lease up to `limit` promises that nobody has claimed before."""
        return self._lease(self.claimable().filter(claims=0).order_by(*self.claim_order)[:limit])

    def claim_again(self) -> list[Any]:
        """Lease what is promised of one asset whose earlier claim came to nothing, and charge it.

        It is done alone, so that a picture which kills its worker is charged and its neighbours
        are not: charging whole batches condemned 8 to 30 healthy ones.
        """
        self._give_up()
        claimed_before = self.claimable().filter(claims__gt=0)
        in_order = claimed_before.order_by("claims", *self.claim_order).values_list(
            "asset", flat=True
        )
        alone = claimed_before.filter(asset__in=list(in_order[:1]))
        return self._lease(alone, attempts=F("attempts") + 1)

    def _lease(self, promises: Self, **charge: Any) -> list[Any]:
        token, lease = uuid4(), timedelta(seconds=settings.CLAIM_LEASE_SECONDS)
        with transaction.atomic():
            pks = list(promises.select_for_update(skip_locked=True).values_list("pk", flat=True))
            claimed = self.filter(pk__in=pks)
            claimed.update(
                token=token, leased_until=Now() + lease, claims=F("claims") + 1, **charge
            )
            return list(claimed.select_related("asset").order_by("pk"))

    def _give_up(self) -> None:
        self.claimable().filter(attempts__gte=MAX_ATTEMPTS).update(
            error=f"The worker stopped {MAX_ATTEMPTS} times while it worked on this picture.",
            token=None,
            leased_until=None,
        )

    def reset(self) -> int:
        """Make the promises anew, as if nobody had ever claimed them."""
        return self.update(**ANEW)


# What a promise looks like before anyone has touched it.
ANEW: dict[str, Any] = {
    "token": None,
    "leased_until": None,
    "next_try_at": Now(),  # Not "at any time": that would mean since the asset's upload.
    "claims": 0,
    "attempts": 0,
    "error": "",
    "fulfilled": None,
}


class Promise(models.Model):
    """The claim on a row: whoever holds the token of a running lease may fulfil it.

    All times are the database's, so the clocks of the workers do not matter.
    """

    token = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    next_try_at = models.DateTimeField(null=True, editable=False)
    claims = models.PositiveIntegerField(default=0, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    error = models.TextField(blank=True)
    fulfilled = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def state(self) -> str:
        """waiting, failed or done."""
        if self.error:
            return "failed"
        return "done" if self.fulfilled else "waiting"

    def fulfil(self, **made: Any) -> bool:
        """Write what was made, if the claim is still this worker's; False if it came too late."""
        return self._conclude(fulfilled=Now(), **made)

    def fail(self, reason: str) -> bool:
        """Record a sentence for the owner; the promise is not tried again by itself."""
        return self._conclude(error=reason)

    def release(self, reason: str) -> bool:
        """Give the claim back after a passing trouble; after three lone attempts it has failed."""
        if self.attempts >= MAX_ATTEMPTS:
            return self.fail(reason)
        return self._conclude(next_try_at=Now() + BACKOFF * 2**self.attempts)

    def _conclude(self, **changes: Any) -> bool:
        return bool(self._mine().update(token=None, leased_until=None, **changes))

    def _mine(self) -> Any:
        return type(self)._default_manager.filter(pk=self.pk, token=self.token, fulfilled=None)
