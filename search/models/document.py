from uuid import uuid4

from django.db import models
from django.db.models.functions import Now


def document_name(document: "Document", filename: str) -> str:
    """A random name, as originals have."""
    name = uuid4().hex
    return f"documents/{name[:2]}/{name}"


class Document(models.Model):
    """A paper that terms rest on: a contract, a release. Private, and sent as a download alone.

    One for all terms that were made with it; without any it is removed with its file by the hourly
    cleaning.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    file = models.FileField(upload_to=document_name, max_length=200, editable=False)
    filename = models.CharField(max_length=255, editable=False)
    media_type = models.CharField(max_length=50, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    bytes = models.PositiveBigIntegerField(editable=False)
    created = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.filename
