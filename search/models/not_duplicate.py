from typing import Self

from django.db import models
from django.db.models import F, Q

from search.models.asset import Asset
from search.models.user import User


class NotDuplicateQuerySet(models.QuerySet["NotDuplicate"]):
    def of(self, asset: Asset) -> Self:
        """Those that tell this asset from another one."""
        return self.filter(Q(first=asset) | Q(second=asset))

    def between(self, asset: Asset, other: Asset) -> Self:
        return self.of(asset) & self.of(other)

    def remember(self, asset: Asset, other: Asset, *, person: User) -> None:
        """Store that the two are no duplicates; doing so again changes nothing."""
        first, second = sorted((asset, other), key=lambda each: each.pk)
        self.get_or_create(first=first, second=second, defaults={"person": person})


class NotDuplicate(models.Model):
    """Two assets that look alike and are no duplicates, by a person's decision."""

    first = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    created = models.DateTimeField(auto_now_add=True)

    objects = NotDuplicateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="one_not_duplicate_per_two"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="the_lower_id_comes_first"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} is not {self.second}"

    def other(self, asset: Asset) -> Asset:
        """The other one of the two."""
        return self.second if self.first_id == asset.pk else self.first
