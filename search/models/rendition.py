import hashlib
from uuid import uuid4

from django.core.files.base import ContentFile
from django.db import DatabaseError, models
from django.db.models import Q
from django.db.models.functions import Now

from search.disk import is_full
from search.models.asset import Asset
from search.models.lease import UNTOUCHED
from search.models.promise import Promise, PromiseQuerySet


class RenditionQuerySet(PromiseQuerySet):
    def reset(self) -> int:
        """Promise these anew; the files that were made are removed by the hourly cleaning."""
        return self.update(file="", sha256="", fulfilled=None, **UNTOUCHED)


def rendition_name(rendition: "Rendition", filename: str) -> str:
    name = uuid4().hex
    return f"renditions/{name[:2]}/{name}.jpg"


class Rendition(Promise):
    """A smaller picture made from the original; until it is there, the promise of one."""

    class Spec(models.TextChoices):
        THUMBNAIL = "thumbnail"
        PREVIEW = "preview"

        @property
        def side(self) -> int:
            """The longer side at most, in pixels: two device pixels for each that a tile shows."""
            return {"thumbnail": 640, "preview": 1600}[self]

        @classmethod
        def sides(cls) -> list[int]:
            """Those of all, the longest first."""
            return sorted((spec.side for spec in cls), reverse=True)

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="renditions")
    spec = models.CharField(max_length=10, choices=Spec)
    file = models.FileField(upload_to=rendition_name, max_length=200, blank=True, editable=False)
    # Of the file; empty for one that is older than this column.
    sha256 = models.CharField(max_length=64, default="", db_default="", editable=False)

    objects = RenditionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["asset", "spec"], name="one_rendition_per_spec"),
            models.CheckConstraint(
                condition=Q(file="", fulfilled=None) | (~Q(file="") & Q(fulfilled__isnull=False)),
                name="fulfilled_means_a_file",
            ),
        ]
        indexes = [
            models.Index(
                fields=["claims", "id"],
                condition=Q(fulfilled=None, error=""),
                name="rendition_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.spec} of {self.asset}"

    @property
    def side(self) -> int:
        """The longer side at most, in pixels."""
        return self.Spec(self.spec).side

    def write(self, jpeg: bytes) -> None:
        """Write the file, and be fulfilled once the row is saved. Raises DiskFull."""
        self.file.save(self.spec, ContentFile(jpeg), save=False)
        self.sha256, self.fulfilled = hashlib.sha256(jpeg).hexdigest(), Now()

    def store(self, jpeg: bytes) -> bool:
        """Write the file, then fulfil the promise; a claim that came too late leaves nothing.

        Raises DiskFull.
        """
        self.write(jpeg)
        try:
            if self.fulfil(file=self.file.name, sha256=self.sha256):
                return True
        except DatabaseError as error:
            # Surely not written; where the connection was lost, nobody knows.
            if is_full(error):
                self.file.delete(save=False)
            raise
        self.file.delete(save=False)
        return False
