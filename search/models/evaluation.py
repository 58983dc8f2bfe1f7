from typing import Self
from uuid import uuid4

from django.db import models

from search.models.encoder import Encoder


class EvaluationQuerySet(models.QuerySet["Evaluation"]):
    def latest_of_each(self) -> Self:
        """The latest evaluation of each encoder in each task of each dataset."""
        what = ["dataset", "task", "language", "encoder"]
        latest = self.order_by(*what, "-created", "-pk").distinct(*what).values("pk")
        return self.filter(pk__in=latest).order_by("dataset", "task", "language", "encoder__slug")


class Evaluation(models.Model):
    """The figures of an encoder on a dataset, measured on one day."""

    encoder = models.ForeignKey(Encoder, on_delete=models.CASCADE, related_name="evaluations")
    # Shared by evaluations on the same queries, measured together: only those are tested in pairs.
    run = models.UUIDField(default=uuid4, editable=False)
    dataset = models.CharField(max_length=200)
    task = models.CharField(max_length=30)
    # Language of the queries, where the set has several; empty for all of them together.
    language = models.CharField(max_length=20, blank=True)
    queries = models.PositiveIntegerField()
    # For each figure its value and the ends of its interval: {"R@1": [0.52, 0.50, 0.54], ...}.
    figures = models.JSONField()
    # By the slugs of the other encoders of the run, the p-value of each figure's difference.
    differences = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "pk"]

    def __str__(self) -> str:
        return f"{self.encoder} on {self.dataset}, {self.task}"
