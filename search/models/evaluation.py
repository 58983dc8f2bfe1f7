from django.db import models

from search.models.encoder import Encoder


class Evaluation(models.Model):
    """What an encoder was measured to do on a set, on one day."""

    encoder = models.ForeignKey(Encoder, on_delete=models.CASCADE, related_name="evaluations")
    dataset = models.CharField(max_length=200)
    task = models.CharField(max_length=30)
    queries = models.PositiveIntegerField()
    # For each figure its value and the ends of its interval: {"R@1": [0.52, 0.50, 0.54], ...}.
    figures = models.JSONField()
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-created", "pk"]

    def __str__(self) -> str:
        return f"{self.encoder} on {self.dataset}, {self.task}"
