"""Encoders that curators ask for, added beside the work for uploads."""

import threading

from celery import shared_task

from workers import add_encoder as adding


@shared_task
def add_encoder(checkpoint: str, revision: str, patches: int | None, slug: str) -> None:
    """Have an encoder added that a curator asked for; meanwhile uploads go on."""
    request = (checkpoint, revision, patches, slug)
    threading.Thread(target=adding.add_apart, args=request, daemon=True).start()
