from django.db import models
from django.db.models.functions import Now

from search.models.asset import Asset
from search.models.user import User


class Version(models.Model):
    """An original of an asset, the earlier ones and that of now; one that has never been replaced
    has none of these rows. What its number says never changes: the same bytes."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    # Of now: the very file that the asset names.
    original = models.FileField(max_length=200)
    # What it looked like, once it is no longer that of now; empty where none had been made.
    thumbnail = models.FileField(max_length=200, blank=True)
    filename = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    format = models.CharField(max_length=10)
    bytes = models.PositiveBigIntegerField()
    taken = models.DateTimeField(null=True)
    camera = models.JSONField(default=dict, db_default={})
    # Since when it is there, who brought it, and what they said of it.
    since = models.DateTimeField(db_default=Now())
    person = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        default_related_name = "versions"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "number"], name="one_version_per_asset_and_number"
            ),
            # The hash first: an upload is looked for among the versions of all assets.
            models.UniqueConstraint(
                fields=["sha256", "asset"], name="one_version_per_asset_and_original"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.asset}"
