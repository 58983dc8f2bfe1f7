from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from search.models.lease import MAX_ATTEMPTS, UNCLAIMED, Lease, LeaseQuerySet, failure
from search.models.user import User
from search.refusals import Refusal


class DepartureQuerySet(LeaseQuerySet):
    def waiting(self) -> Self:
        return self.filter(error="")

    def claim(self, **changes: Any) -> Any:
        killed = Refusal("departure_stops_worker", times=MAX_ATTEMPTS)
        self.killing().update(**UNCLAIMED, **failure(killed))
        return super().claim(**changes)


class Departure(Lease):
    """An account of which another one gets everything: the row is owed until it has.

    A worker hands over some thousand assets at a time. Then the row goes, and the account with it
    where that was wanted.
    """

    class Then(models.TextChoices):
        """What becomes of the account."""

        STAYS = "stays", "It stays as it is"
        DEACTIVATED = "deactivated", "It can no longer sign in, from now on"
        DELETED = "deleted", "It is deleted, and can no longer sign in from now on"

    person = models.OneToOneField(User, on_delete=models.CASCADE, related_name="departure")
    heir = models.ForeignKey(User, on_delete=models.CASCADE, related_name="inheritances")
    then = models.CharField(max_length=11, choices=Then, default=Then.STAYS)
    created = models.DateTimeField(db_default=Now(), editable=False)

    objects = DepartureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(person=F("heir")), name="nobody_is_their_own_heir")
        ]

    def __str__(self) -> str:
        return f"{self.person} to {self.heir}"
