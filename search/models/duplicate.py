from django.db import models
from django.db.models import F, Q

from search.models.asset import Asset
from search.models.user import User


class Distinction(models.Model):
    """Two assets that look alike and are no duplicates, says a person; this stands for ever."""

    first = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="one_distinction_of_two"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="the_lower_id_comes_first"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} is not {self.second}"
