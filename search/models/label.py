from django.db import models


class Label(models.Model):
    """A word that is attached to assets."""

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AssetLabel(models.Model):
    """A label on an asset, and who says so."""

    class Source(models.TextChoices):
        PERSON = "person"
        ENCODER = "encoder"

    asset = models.ForeignKey("search.Asset", on_delete=models.CASCADE, related_name="asset_labels")
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="asset_labels")
    source = models.CharField(max_length=10, choices=Source, default=Source.PERSON)
    score = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "label", "source"], name="one_label_per_asset_and_source"
            )
        ]

    def __str__(self) -> str:
        return self.label.name
