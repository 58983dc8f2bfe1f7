"""Cleaning: what nothing refers to any more, and what was begun and never ended; once an hour."""

from celery import shared_task

from search.library import upgrade
from search.library.storage import remove_left_uploads, remove_orphans
from workers.tasks import inspections


@shared_task
def clean_up() -> None:
    """Remove files that no row refers to, which a killed upload left, and take inspections back."""
    remove_orphans()
    remove_left_uploads()
    inspections.take_back()
    upgrade.take_back()
