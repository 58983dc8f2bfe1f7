from django.contrib.postgres.fields import ArrayField
from django.db import models
from pgvector.django import HalfVectorField

from search.models.encoder import Encoder

TEMPLATES = ["a photo of {}", "{}"]


def default_templates() -> list[str]:
    return list(TEMPLATES)


class Label(models.Model):
    """A word that is attached to assets; in the vocabulary, one that encoders may suggest."""

    name = models.CharField(max_length=100, unique=True)
    suggested = models.BooleanField(
        default=False, help_text="Let encoders suggest this label for assets."
    )
    synonyms = ArrayField(
        models.CharField(max_length=100),
        default=list,
        blank=True,
        help_text="Other words for the same, separated by commas.",
    )
    templates = ArrayField(
        models.CharField(max_length=200),
        default=default_templates,
        blank=True,
        help_text='Prompts, separated by commas; {} stands for the label, as in "a photo of {}".',
    )
    threshold = models.FloatField(
        null=True,
        blank=True,
        help_text="The lowest score at which the label is suggested; empty for one that fits.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class LabelVector(models.Model):
    """A label's prompts as one unit vector of an encoder, and what they were."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="vectors")
    encoder = models.ForeignKey(Encoder, on_delete=models.CASCADE, related_name="label_vectors")
    vector = HalfVectorField()
    prompts = models.JSONField()  # When these change, so must the vector.

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["label", "encoder"], name="one_vector_per_label_and_encoder"
            )
        ]

    def __str__(self) -> str:
        return f"{self.label} by {self.encoder}"


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
