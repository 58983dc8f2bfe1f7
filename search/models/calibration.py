from django.db import models

from search.models.encoder import Encoder


class Calibration(models.Model):
    """What tells a match from the rest for one encoder and one kind of query."""

    class Kind(models.TextChoices):
        WORDS = "words"
        PICTURE = "picture"

    encoder = models.ForeignKey(Encoder, on_delete=models.CASCADE, related_name="calibrations")
    kind = models.CharField(max_length=10, choices=Kind)
    # The scores from which hits are in each band, for the median of the queries it was fitted to;
    # and what each query's own are computed from (search/matches/features.py).
    strong = models.FloatField()
    possible = models.FloatField()
    weights = models.JSONField()
    # The vectors of some titles and then of words in them, in half precision; how many titles.
    bank = models.BinaryField(default=bytes)
    titles = models.PositiveIntegerField(default=0)
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
