"""Adds encoders: a checkpoint is loaded and checked, and gets its row."""

import logging
import subprocess
import sys
from itertools import count
from pathlib import PurePath

from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError
from django.utils.text import slugify
from redis.exceptions import RedisError

from search.models import Embedding, Encoder
from search.models.encoder import WrongState
from workers.encoders.load import load_encoder
from workers.encoders.protocol import LoadedEncoder
from workers.encoders.self_check import probe, verify

logger = logging.getLogger(__name__)

NOTES, NOTES_SECONDS = "encoders-being-added", 24 * 3600


def add(
    checkpoint: str, *, revision: str = "", patches: int | None = None, slug: str = ""
) -> Encoder:
    """A new encoder, or a retired one back again; its index and its vectors are tended to.

    Raises CheckpointError or WrongState.
    """
    if slug != slugify(slug):
        raise WrongState("no_slug", slug=slug)
    loaded = load_encoder(checkpoint, revision, patches=patches)
    row = row_of(loaded)
    if row is None:
        return create(loaded, slug=slug)
    if row.state != Encoder.State.RETIRED:
        raise WrongState(
            "encoder_is_there", checkpoint=checkpoint, encoder=row.slug, state=row.state
        )
    return revive(row, loaded)


def add_apart(checkpoint: str, revision: str, patches: int | None, slug: str) -> None:
    """Add an encoder in a process of its own, and note for the curators why it could not be.

    It loads both towers, of which an ingest worker keeps one, and may run out of memory.
    """
    command = [sys.executable, "manage.py", "encoder", "add"]
    command += [f"--revision={revision}", f"--slug={slug}"]
    command += [f"--patches={patches}"] if patches else []
    done = subprocess.run(
        [*command, "--", checkpoint], cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    if done.returncode == 0:
        forget(checkpoint)
        return
    logger.error("%s could not be added: %s", checkpoint, done.stderr)
    _, marker, sentence = done.stderr.rpartition("CommandError: ")
    note(checkpoint, sentence.strip() if marker else "It could not be loaded; is there the memory?")


def row_of(loaded: LoadedEncoder) -> Encoder | None:
    """The encoder that this is, known by its revision: a folder may have been moved."""
    return Encoder.objects.filter(revision=loaded.revision, patches=loaded.patches).first()


def create(loaded: LoadedEncoder, *, slug: str = "", promote_when_ready: bool = False) -> Encoder:
    """The row of an encoder that is new here. Raises CheckpointError or WrongState."""
    if slug and Encoder.objects.filter(slug=slug).exists():
        raise WrongState("slug_is_taken", slug=slug)
    try:
        return Encoder.objects.create(
            slug=slug or free_slug(loaded.checkpoint),
            checkpoint=loaded.checkpoint,
            revision=loaded.revision,
            family=loaded.family,
            dimensions=loaded.dimensions,
            patches=loaded.patches,
            promote_when_ready=promote_when_ready,
            manifest=loaded.manifest,
            probes=probe(loaded),
        )
    except IntegrityError:
        raise WrongState("encoder_being_added", checkpoint=loaded.checkpoint) from None


def revive(encoder: Encoder, loaded: LoadedEncoder) -> Encoder:
    """Let a retired encoder be built again; the vectors that it has are kept."""
    if encoder.removal_asked:
        raise WrongState("encoder_being_removed", encoder=encoder.slug)
    refresh(encoder, loaded)
    retired = Encoder.objects.filter(pk=encoder.pk, state=Encoder.State.RETIRED)
    retired.update(state=Encoder.State.BUILDING, promised_to=None, promised=None)
    # What it still owed has become backfill, for which it is not ready until that is done.
    Embedding.objects.filter(encoder=encoder).waiting().update(backfill=True)
    encoder.refresh_from_db()
    return encoder


def refresh(encoder: Encoder, loaded: LoadedEncoder) -> None:
    """Note where the checkpoint lies now, and what it is if that was never kept."""
    if encoder.probes:
        verify(loaded, encoder.manifest, encoder.probes)
    else:
        encoder.manifest, encoder.probes = loaded.manifest, probe(loaded)
        encoder.family = loaded.family
    encoder.checkpoint = loaded.checkpoint
    encoder.save(update_fields=["checkpoint", "family", "manifest", "probes"])


def free_slug(checkpoint: str) -> str:
    """The checkpoint's own name, with a number behind it where that is taken."""
    name = slugify(PurePath(checkpoint).name)[:90] or "encoder"
    slugs = (f"{name}-{number}" if number > 1 else name for number in count(1))
    return next(slug for slug in slugs if not Encoder.objects.filter(slug=slug).exists())


# What curators asked for on a page, and how it went ----------------------------------------------


def notes() -> dict[str, str]:
    """A sentence for each checkpoint that is being added or could not be."""
    try:
        return cache.get(NOTES) or {}
    except RedisError:
        return {}


def note(checkpoint: str, sentence: str) -> None:
    cache.set(NOTES, notes() | {checkpoint: sentence}, NOTES_SECONDS)


def forget(checkpoint: str) -> None:
    cache.set(NOTES, {c: s for c, s in notes().items() if c != checkpoint}, NOTES_SECONDS)
