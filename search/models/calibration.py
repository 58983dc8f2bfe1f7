from django.db import models

from search.models.encoder import Encoder


class Calibration(models.Model):
    """What tells a match from the rest for one encoder and one kind of query."""

    class Kind(models.TextChoices):
        WORDS = "words"
        PICTURE = "picture"

    encoder = models.ForeignKey(Encoder, on_delete=models.CASCADE, related_name="calibrations")
    kind = models.CharField(max_length=10, choices=Kind)
    # How many deviations above a query's own background a score must lie.
    strong = models.FloatField()
    possible = models.FloatField()
    fitted = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["encoder", "kind"], name="one_calibration_per_encoder_and_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.encoder}"
