"""Documents of use terms: taken in as originals are, by their bytes and not by their names."""

import hashlib
from typing import Any

from django.core.files.base import File
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from search.formats.sniff import UndecodableImage, UnsupportedFormat, content_type, sniff
from search.library.ingest import display_name, refuse_too_many_bytes
from search.library.storage import YOUNG
from search.models import Document, Term

# What else a document may be, by the code of the refusal that it would be as a picture.
OTHER_TYPES = {"is_pdf": "application/pdf", "is_text": "text/plain"}


class NoDocument(UndecodableImage):
    """This file is neither a PDF nor a picture nor text."""


def keep_document(upload: File) -> Document:
    """Store a file. Raises NoDocument, TooLarge and DiskFull, and then stores nothing."""
    refuse_too_many_bytes(upload)
    media_type = _media_type(upload)
    upload.seek(0)
    sha256 = hashlib.file_digest(upload, "sha256").hexdigest()
    upload.seek(0)
    document = Document(
        filename=display_name(upload.name or ""),
        media_type=media_type,
        sha256=sha256,
        bytes=upload.size,
    )
    document.file.save(document.filename, upload, save=False)
    document.save(force_insert=True)
    return document


def remove_unused() -> None:
    """Delete the documents that no term rests on any more; their files go with them.

    One that is young may be waiting for the term that it was sent with.
    """
    rests = Term.objects.filter(document=OuterRef("pk"))
    for document in Document.objects.filter(~Exists(rests), created__lt=Now() - YOUNG):
        document.delete()


def _media_type(upload: Any) -> str:
    try:
        return content_type(sniff(upload))
    except UnsupportedFormat as refusal:
        if refusal.code in OTHER_TYPES:
            return OTHER_TYPES[refusal.code]
    except UndecodableImage:
        pass  # An empty file.
    raise NoDocument("no_document")
