"""A lease: the claim of a worker on a row, which ends by itself should the worker die."""

from datetime import timedelta
from typing import Any, Self
from uuid import uuid4

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest, Now

from search.refusals import Refusal, sentence

# Maximum number of times that a row is taken up after a worker came to nothing with it.
MAX_ATTEMPTS = 3
# Time before a row that was released is tried again; doubled with each attempt.
BACKOFF = timedelta(seconds=30)
# Time before a row is tried again that was put back: with the bell it is within a minute.
PUT_BACK = timedelta(seconds=10)
UNCLAIMED: dict[str, Any] = {"token": None, "leased_until": None}
NO_FAILURE: dict[str, Any] = {"error": "", "error_parameters": {}}
# A row that nobody has claimed yet.
UNTOUCHED: dict[str, Any] = (
    UNCLAIMED
    | NO_FAILURE
    | {
        "next_try_at": Now(),  # Not "at any time": that would mean since the row was made.
        "claims": 0,
        "attempts": 0,
    }
)


class LeaseQuerySet(models.QuerySet[Any]):
    # The field that says since when there is something to do.
    since = "created"

    def waiting(self) -> Self:
        """Those on which work is to be done or under way."""
        raise NotImplementedError

    def failed(self) -> Self:
        return self.exclude(error="")

    def leased(self) -> Self:
        """Those that a worker is at."""
        return self.waiting().filter(leased_until__gt=Now())

    def claimable(self) -> Self:
        """Those that nobody is at, whose worker died included."""
        return self.waiting().filter(
            Q(leased_until=None) | Q(leased_until__lt=Now()),
            Q(next_try_at=None) | Q(next_try_at__lte=Now()),
        )

    def overdue(self, patience: timedelta) -> Self:
        """Those that anyone could have claimed for longer than this."""
        then = Now() - patience
        return self.waiting().filter(
            Q(leased_until=None) | Q(leased_until__lt=then),
            Q(next_try_at=None) | Q(next_try_at__lt=then),
            Q((f"{self.since}__lt", then)),
        )

    def claim(self, **changes: Any) -> Any:
        """Lease the row that has waited longest, with a fresh token; None where none waits.

        Taking up what a dead worker left is charged as an attempt.
        """
        died = Case(When(token=None, then=Value(0)), default=Value(1))
        oldest = self.claimable().order_by("pk")[:1]
        return self.lease(oldest, attempts=F("attempts") + died, **changes).first()

    def lease(self, rows: Self, **changes: Any) -> Self:
        """Lease these rows, those excepted that another worker is just leasing."""
        with transaction.atomic():
            pks = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True))
            claimed = self.filter(pk__in=pks).order_by("pk")
            claimed.update(
                token=uuid4(), leased_until=lease_end(), claims=F("claims") + 1, **changes
            )
        return claimed

    def killing(self) -> Self:
        """Those that have ended as many workers as may be."""
        return self.claimable().filter(attempts__gte=MAX_ATTEMPTS)

    def reset(self) -> int:
        """Make these rows as if nobody had ever claimed them; how many they are."""
        return self.update(**UNTOUCHED)


def lease_end() -> Any:
    """When a lease ends that begins now, by the clock of the database."""
    return Now() + timedelta(seconds=settings.CLAIM_LEASE_SECONDS)


class Lease(models.Model):
    """A row that workers claim: whoever holds the token of a running lease may write to it.

    All times are the database's, so the clocks of the workers do not matter.
    """

    token = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    next_try_at = models.DateTimeField(null=True, editable=False)
    claims = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    # Claims that are the row's own to answer for: each time alone, after another came to nothing.
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    # Why it has failed: a code and the parameters of its sentence (search/refusals.py).
    error = models.TextField(blank=True, editable=False)
    error_parameters = models.JSONField(default=dict, db_default={}, editable=False)

    class Meta:
        abstract = True

    @property
    def sentence(self) -> str:
        """Why it has failed, for a person; nothing where it has not."""
        return sentence(self.error, self.error_parameters)

    def mine(self) -> Any:
        """This row, as long as the claim is this worker's."""
        return type(self)._default_manager.filter(pk=self.pk, token=self.token)

    def renew(self, **changes: Any) -> bool:
        """Begin the lease anew and write something; False if the claim is another's now."""
        return bool(self.mine().update(leased_until=lease_end(), **changes))

    def conclude(self, **changes: Any) -> bool:
        """Give up the claim and write something; False if that came too late."""
        return bool(self.mine().update(**UNCLAIMED, **changes))

    def fail(self, refusal: Refusal, **changes: Any) -> bool:
        """Store why; the row is not tried again by itself."""
        return self.conclude(**failure(refusal), **changes)

    def release(self, refusal: Refusal) -> bool:
        """Give the claim back after a passing trouble; after three lone attempts it has failed."""
        if self.attempts >= MAX_ATTEMPTS:
            return self.fail(refusal)
        return self.conclude(next_try_at=Now() + BACKOFF * 2**self.attempts)

    def put_back(self) -> bool:
        """Give the claim back after a trouble that no row answers for, as often as it comes.

        What the claim was charged with is given back too.
        """
        uncharged = Greatest(F("attempts") - 1, Value(0))
        return self.conclude(next_try_at=Now() + PUT_BACK, attempts=uncharged)


def failure(refusal: Refusal) -> dict[str, Any]:
    """What the columns of a row say after this refusal."""
    return {"error": refusal.code, "error_parameters": refusal.parameters}
