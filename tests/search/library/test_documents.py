"""Documents of use terms: what they may be, where they lie, and when they go."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from search.formats.limits import TooLarge
from search.library import fsck, storage
from search.library.documents import NoDocument, keep_document
from search.models import Document, Term
from tests.support import pictures
from tests.support.factories import make_asset
from tests.support.terms import deny
from workers.tasks.cleaning import clean_up

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 a contract"


def keep(data: bytes = PDF, name: str = "../contract.pdf") -> Document:
    return keep_document(ContentFile(data, name))


@pytest.mark.parametrize(
    ("data", "media_type"),
    [(PDF, "application/pdf"), (pictures.jpeg(), "image/jpeg"), (b"I agree.", "text/plain")],
)
def test_a_document_is_what_its_bytes_say(data, media_type):
    document = keep(data)
    assert (document.media_type, document.filename) == (media_type, "contract.pdf")
    assert document.file.name.startswith("documents/") and "contract" not in document.file.name
    assert document.file.read() == data


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"<html><script>", b"<svg>", b"MZ\x00\x01"])
def test_what_is_no_document_is_refused_and_leaves_nothing(data):
    with pytest.raises(NoDocument, match="This is no document: a PDF, a picture or plain text"):
        keep(data)
    assert not Document.objects.exists() and not list(storage.stored_files("documents"))


def test_a_document_that_is_too_large_is_refused(settings):
    settings.MAX_UPLOAD_MB = 1
    with pytest.raises(TooLarge):
        keep(PDF + bytes(1_000_000))


def test_a_document_stays_while_a_term_rests_on_it_and_goes_with_the_last(
    django_capture_on_commit_callbacks, monkeypatch
):
    monkeypatch.setattr("search.library.documents.YOUNG", timedelta(0))
    term = deny(make_asset(), document=keep())
    with django_capture_on_commit_callbacks(execute=True):
        clean_up()
    assert default_storage.exists(term.document.file.name)
    Term.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        clean_up()
    assert not Document.objects.exists()
    assert not default_storage.exists(term.document.file.name)


def test_a_document_without_a_term_yet_is_not_taken_away():
    keep()
    clean_up()
    assert Document.objects.exists()


def test_a_file_of_no_document_is_an_orphan():
    default_storage.save("documents/00/left", ContentFile(PDF))
    assert list(storage.orphans()) == ["documents/00/left"]


@pytest.mark.parametrize("change", ["is missing", "has changed"])
def test_fsck_names_a_document_that_is_not_as_it_was_stored(change):
    document = keep()
    default_storage.delete(document.file.name)
    if change == "has changed":
        default_storage.save(document.file.name, ContentFile(b"%PDF-other"))
    [breach] = fsck.documents()
    assert breach.sentence == f"The document contract.pdf, {document.file.name}, {change}."
