"""A promise: a row that says what a worker still has to make of an asset."""

from typing import Any, Self

from django.db import models
from django.db.models import F
from django.db.models.functions import Now

from search.models.lease import MAX_ATTEMPTS, UNTOUCHED, Lease, LeaseQuerySet, failure
from search.refusals import Refusal


class PromiseQuerySet(LeaseQuerySet):
    since = "asset__created"
    claim_order: tuple[str, ...] = ("pk",)

    def waiting(self) -> Self:
        return self.filter(fulfilled=None, error="")

    def done(self) -> Self:
        return self.exclude(fulfilled=None)

    def claim_fresh(self, limit: int) -> list[Any]:
        """Lease up to `limit` promises that nobody has claimed before."""
        fresh = self.claimable().filter(claims=0).order_by(*self.claim_order)[:limit]
        return list(self.lease(fresh).select_related("asset"))

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
        return list(self.lease(alone, attempts=F("attempts") + 1).select_related("asset"))

    def _give_up(self) -> None:
        killed = Refusal("picture_stops_worker", times=MAX_ATTEMPTS)
        self.killing().update(token=None, leased_until=None, **failure(killed))

    def reset(self) -> int:
        """Make the promises anew, as if nobody had ever claimed them."""
        return self.update(fulfilled=None, **UNTOUCHED)


class Promise(Lease):
    """What is made of an asset by whoever claims it, or why it can't be made."""

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
        return self.conclude(fulfilled=Now(), **made)

    def mine(self) -> Any:
        return super().mine().filter(fulfilled=None)
