from typing import Any, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject
from pgvector.django import HalfVectorField

from search.models.audience import sees_all
from search.models.change import history
from search.models.counts import number_in_library, number_of
from search.models.encoder import Encoder
from search.models.names import NameField, called, one_of_a_name
from search.models.user import User

PLACE = "{}"
TEMPLATES = [f"a photo of {PLACE}", PLACE]
# Maximum number of prompts: a hundred templates, as in the longest published lists, times a few
# synonyms.
MOST_PROMPTS = 500


def default_templates() -> list[str]:
    return list(TEMPLATES)


class LabelQuerySet(models.QuerySet["Label"]):
    def called(self, name: str) -> "Label":
        """The label of this name, made if there is none."""
        return called(self, name).get_or_create(defaults={"name": name})[0]

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those on assets that this person sees; of an open library also those on none."""
        if user.is_superuser:
            return self
        asset: Any = AssetLabel._meta.get_field("asset")
        visible = asset.related_model.objects.visible_to(user).filter(pk=OuterRef("asset"))
        on_assets = AssetLabel.objects.filter(label=OuterRef("pk"))
        waiting = ~Q(Exists(on_assets)) if sees_all(user) else Q(pk__in=[])
        return self.filter(Q(Exists(on_assets.filter(Exists(visible)))) | waiting)

    def considered(self, encoder: Encoder) -> Self:
        """Those to be suggested, and those whose suggestions have to be withdrawn.

        Each with `is_encoded`: whether this encoder's vector of its words is there.
        """
        current = LabelVector.objects.current().filter(label=OuterRef("pk"), encoder=encoder)
        in_force = LabelVector.objects.filter(label=OuterRef("pk"), lowest__isnull=False)
        labels = self.annotate(is_encoded=Exists(current))
        return labels.filter(Q(suggested=True) | Q(Exists(in_force)))

    def with_counts(self) -> Self:
        """Each with the numbers of assets it is suggested for and that people gave it to.

        `lowest` is the threshold in force, `fitted_to` the number of scores that it comes from.
        """
        in_force = LabelVector.objects.filter(label=OuterRef("pk"), lowest__isnull=False)
        by = {source: AssetLabel.objects.filter(source=source) for source in AssetLabel.Source}
        return self.annotate(
            suggestions=number_of(by[AssetLabel.Source.ENCODER], "label"),
            confirmed=number_in_library(by[AssetLabel.Source.PERSON], "label"),
            lowest=Subquery(in_force.values("lowest")[:1]),
            fitted_to=Subquery(in_force.values("fitted_to")[:1]),
        )


class Label(models.Model):
    """A word that is attached to assets; in the vocabulary, one that encoders may suggest."""

    name = NameField(max_length=100)
    suggested = models.BooleanField(
        default=False, help_text="Let encoders suggest this label for assets."
    )
    synonyms = ArrayField(
        models.CharField(max_length=100),
        default=list,
        blank=True,
        help_text="Other words for the same, one on each line.",
    )
    templates = ArrayField(
        models.CharField(max_length=200),
        default=default_templates,
        blank=True,
        help_text='One prompt on each line; {} stands for the label, as in "a photo of {}".',
    )
    threshold = models.FloatField(
        null=True,
        blank=True,
        help_text="The lowest score at which the label is suggested; where empty, one is fitted.",
    )

    # On labels from LabelQuerySet.considered() and with_counts().
    is_encoded: bool
    suggestions: int
    confirmed: int
    lowest: float | None
    fitted_to: int | None

    objects = LabelQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        triggers = history(
            "label", "name", "suggested", "synonyms", "templates", "threshold", label="id"
        )
        constraints = [
            one_of_a_name("name", "one_label_per_name", "There is a label of this name."),
            models.CheckConstraint(
                condition=Q(threshold=None) | Q(threshold__range=(-1, 1)),
                name="threshold_is_a_score",
                violation_error_message="A threshold is a score: a number from -1 to 1.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse templates without a place for the label, and more prompts than are sensible."""
        for template in self.templates:
            if PLACE not in template:
                raise ValidationError({"templates": f'"{template}" has no {PLACE} for the label.'})
        if len(self.prompts()) > MOST_PROMPTS:
            raise ValidationError(f"A label may have {MOST_PROMPTS} prompts; these are more.")

    def prompts(self) -> list[str]:
        """Its name and synonyms in each of the templates; without any, the bare words."""
        words = [self.name, *self.synonyms]
        templates = self.templates or [PLACE]
        prompts = (template.replace(PLACE, word) for template in templates for word in words)
        return list(dict.fromkeys(prompts))


class LabelVectorQuerySet(models.QuerySet["LabelVector"]):
    def current(self) -> Self:
        """Those that were made from the label's words and templates as they are today."""
        words = {name: F(f"label__{name}") for name in ("name", "synonyms", "templates")}
        return self.filter(prompts=JSONObject(**words))

    def settled(self, assets: int) -> Self:
        """Those whose threshold in force is the label's, or was fitted to half of the assets."""
        given = Q(fitted_to=None, lowest=F("label__threshold"))
        return self.filter(given | Q(label__threshold=None, fitted_to__gte=assets / 2))


class LabelVector(models.Model):
    """A label's prompts as one unit vector of an encoder, and the threshold in force."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="vectors")
    encoder = models.ForeignKey(Encoder, on_delete=models.CASCADE, related_name="label_vectors")
    vector = HalfVectorField()
    # The label's name, synonyms and templates then; when these change, so must the vector.
    prompts = models.JSONField()
    # The lowest score of the suggestions that stand; null while they are not of this vector.
    lowest = models.FloatField(null=True)
    # The number of scores that `lowest` was fitted to; null where the label has a threshold.
    fitted_to = models.PositiveIntegerField(null=True)

    objects = LabelVectorQuerySet.as_manager()

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

    # Both without an index of their own: those of the constraint and below lead to them.
    asset = models.ForeignKey(
        "search.Asset", on_delete=models.CASCADE, related_name="asset_labels", db_index=False
    )
    label = models.ForeignKey(
        Label, on_delete=models.CASCADE, related_name="asset_labels", db_index=False
    )
    source = models.CharField(max_length=10, choices=Source, default=Source.PERSON)
    score = models.FloatField(null=True, blank=True)

    class Meta:
        # The admin lists those of encoders only; those of people belong to their asset's form.
        verbose_name = "suggestion"
        triggers = history(
            *("asset_label", "asset", "label", "source"),
            only="{row}.source = 'person'",  # Not what encoders suggest.
            asset="asset",
            label="label",
        )
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "label", "source"], name="one_label_per_asset_and_source"
            )
        ]
        indexes = [
            models.Index(
                fields=["label", "source", "-score"], include=["asset"], name="assetlabel_by_source"
            ),
            # Else the admin's list of suggestions reads all labels that people gave.
            models.Index(
                fields=["label", "-score"],
                condition=Q(source="encoder"),
                name="suggestion_by_label",
            ),
        ]

    def __str__(self) -> str:
        return self.label.name


class Rejection(models.Model):
    """A label that a person does not want on an asset; no encoder suggests it there again."""

    asset = models.ForeignKey("search.Asset", on_delete=models.CASCADE, related_name="rejections")
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="rejections")

    class Meta:
        triggers = history("rejection", "asset", "label", asset="asset", label="label")
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "label"], name="one_rejection_per_asset_and_label"
            )
        ]

    def __str__(self) -> str:
        return f"not {self.label}"
