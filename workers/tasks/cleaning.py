"""Cleaning: what nothing refers to any more, and what was begun and never ended; once an hour."""

from celery import shared_task
from django.utils import timezone

from search.access.sessions import SessionStore
from search.history.thinning import thin
from search.library import documents, trash, upgrade
from search.library.storage import remove_left_uploads, remove_orphans
from search.models import Audience, Word
from workers.tasks import inspections


@shared_task
def clean_up() -> None:
    """Empty the trash; remove what killed uploads left and the sessions that are over; thin the
    history; take inspections back."""
    documents.remove_unused()
    remove_orphans()
    remove_left_uploads()
    SessionStore.clear_expired()
    Audience.objects.remove_unused()
    Word.objects.remove_stale(timezone.now().hour)
    thin(timezone.now().hour)
    inspections.take_back()
    upgrade.take_back()
    trash.empty()
