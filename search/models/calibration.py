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
    # What lowers or raises the two bars for a query, and the vectors that this is told by, in half
    # precision: see search/bands.
    weights = models.JSONField(default=list)
    known = models.BinaryField(default=bytes)
    # Of how many assets and judgements it was made.
    assets = models.PositiveIntegerField()
    judgements = models.PositiveIntegerField(default=0)
    fitted = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["encoder", "kind"], name="one_calibration_per_encoder_and_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.encoder}"
