from django.db import models

from search.models.encoder import Encoder


class Calibration(models.Model):
    """What tells a match from the rest for one encoder and one kind of query."""

    class Kind(models.TextChoices):
        WORDS = "words"
        PICTURE = "picture"

    encoder = models.ForeignKey(Encoder, on_delete=models.CASCADE, related_name="calibrations")
    kind = models.CharField(max_length=10, choices=Kind)
    # Thresholds of the score for the median of the queries it was fitted to, and the weights by
    # which each query's own are computed (search/matches/features.py).
    strong = models.FloatField()
    possible = models.FloatField()
    weights = models.JSONField()
    # Vectors of some titles and then of words in them, in half precision, and the number of titles.
    bank = models.BinaryField(default=bytes)
    titles = models.PositiveIntegerField(default=0)
    # Numbers of assets and judgements that it was fitted to.
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
