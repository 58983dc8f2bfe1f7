from typing import Any

from django.db import models
from django.db.models import Count, F, Q

from search.models.asset import Asset
from search.models.encoder import Encoder
from search.models.user import User


class JudgedQuery(models.Model):
    """A query that people have judged the hits of; exactly one of its three parts is given."""

    words = models.CharField(max_length=1000, blank=True)
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, null=True, blank=True)
    picture = models.FileField(upload_to="judged/", max_length=200, blank=True)
    # The asset's id, or the sha256 of the words or the picture: the same query is judged as one.
    # Not the words themselves: a thousand of some letters are more than an index row may hold.
    key = models.CharField(max_length=80, unique=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "judged queries"
        constraints = [
            models.CheckConstraint(
                condition=Q(asset=None, picture="") & ~Q(words="")
                | Q(words="", picture="", asset__isnull=False)
                | Q(words="", asset=None) & ~Q(picture=""),
                name="one_part_of_a_judged_query",
            )
        ]

    def __str__(self) -> str:
        return self.words or (str(self.asset) if self.asset else "a picture")


class Judgement(models.Model):
    """How well one hit fits the query, by one person's judgement."""

    query = models.ForeignKey(JudgedQuery, on_delete=models.CASCADE, related_name="judgements")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="judgements")
    grade = models.PositiveSmallIntegerField(help_text="0: does not fit; 1: fits.")
    person = models.ForeignKey(User, on_delete=models.CASCADE)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["query", "asset", "person"], name="one_judgement_per_hit_and_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset} for {self.query}: {self.grade}"


class PreferenceQuerySet(models.QuerySet["Preference"]):
    def wins(self) -> models.QuerySet[Any, dict[str, Any]]:
        """How often each of two encoders was better, for every two that were compared."""
        verdicts = Preference.Verdict
        counts = {"left_wins": verdicts.LEFT, "ties": verdicts.TIE, "right_wins": verdicts.RIGHT}
        counted = {n: Count("pk", filter=Q(verdict=verdict)) for n, verdict in counts.items()}
        pairs = self.order_by().values("left__slug", "right__slug").annotate(**counted)
        return pairs.order_by("left__slug", "right__slug")


class Preference(models.Model):
    """Which of two encoders answered a query better, by one person's judgement."""

    class Verdict(models.TextChoices):
        LEFT = "left", "Left is better"
        TIE = "tie", "Tie"
        RIGHT = "right", "Right is better"

    query = models.ForeignKey(JudgedQuery, on_delete=models.CASCADE, related_name="preferences")
    left = models.ForeignKey(Encoder, on_delete=models.CASCADE, related_name="+")
    right = models.ForeignKey(Encoder, on_delete=models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=5, choices=Verdict)
    person = models.ForeignKey(User, on_delete=models.CASCADE)
    created = models.DateTimeField(auto_now_add=True)

    objects = PreferenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["query", "left", "right", "person"], name="one_preference_per_person"
            ),
            models.CheckConstraint(
                condition=~Q(left=F("right")), name="a_preference_is_between_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.left} and {self.right} for {self.query}: {self.verdict}"
