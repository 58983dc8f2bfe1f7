"""Adds encoders: a checkpoint is loaded and checked, and gets its row."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import IntegrityError, connection, transaction
from django.utils.text import slugify

from search.models import Embedding, Encoder, EncoderRequest
from search.models.encoder import WrongState
from search.refusals import Refusal
from workers.encoders.load import load_encoder
from workers.encoders.protocol import CheckpointError, LoadedEncoder
from workers.encoders.self_check import probe, verify

logger = logging.getLogger(__name__)

# What an encoder of lower precision loses in this library. Raises a refusal where it is too much.
Prove = Callable[[LoadedEncoder], dict[str, Any]]


def add(
    checkpoint: str,
    *,
    prove: Prove,
    revision: str = "",
    patches: int | None = None,
    precision: str = Encoder.Precision.FP32,
    slug: str = "",
) -> Encoder:
    """Add a new encoder, or bring a retired one back; upkeep builds its index and promises.

    Raises CheckpointError or WrongState.
    """
    refuse_no_slug(slug)
    loaded = load_encoder(checkpoint, revision, patches=patches, precision=precision)
    return add_loaded(loaded, proof_of(loaded, prove), slug=slug)


def proof_of(loaded: LoadedEncoder, prove: Prove) -> dict[str, Any]:
    """What it loses by its precision: nothing in fp32. Takes minutes, so not in a transaction."""
    if loaded.precision == Encoder.Precision.FP32:
        return {}
    refuse_there(row_of(loaded), loaded)
    return prove(loaded)


def add_loaded(loaded: LoadedEncoder, proof: dict[str, Any], *, slug: str = "") -> Encoder:
    """`add()` of an encoder that is loaded. Raises CheckpointError or WrongState."""
    row = row_of(loaded)
    if row is None:
        return create(loaded, slug=slug, proof=proof)
    refuse_there(row, loaded)
    row.proof = proof
    return revive(row, loaded)


def fulfil(request: EncoderRequest, prove: Prove) -> Encoder:
    """Add the encoder of a claimed request and fulfil the request, in one transaction.

    Raises CheckpointError or WrongState, which then stands in the request, and Superseded.
    """
    with renewed(request):
        try:
            refuse_no_slug(request.slug)
            loaded = load_encoder(
                request.checkpoint,
                request.revision,
                patches=request.patches,
                precision=request.precision,
            )
            proof = proof_of(loaded, prove)
            with transaction.atomic():
                encoder = add_loaded(loaded, proof, slug=request.slug)
                if not request.fulfil(encoder):
                    raise Superseded("request_superseded", checkpoint=request.checkpoint)
        except (CheckpointError, WrongState) as refusal:
            request.fail(refusal)
            raise
    return encoder


class Superseded(Refusal):
    """The claim on the request has been lost: another process fulfils it."""


@contextmanager
def renewed(request: EncoderRequest) -> Iterator[None]:
    """Renew the lease in a thread until the block ends: loading may take minutes."""
    request.renew()
    ended = threading.Event()
    thread = threading.Thread(target=_renew, args=(request, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renew(request: EncoderRequest, ended: threading.Event) -> None:
    while not ended.wait(settings.CLAIM_LEASE_SECONDS / 4):
        try:
            request.renew()
        except DatabaseError as error:
            logger.warning("The lease of %s can't be renewed: %s", request, error)
        finally:
            connection.close()


def refuse_there(row: Encoder | None, loaded: LoadedEncoder) -> None:
    """Raise WrongState for an encoder that is there and not retired."""
    if row and row.state != Encoder.State.RETIRED:
        raise WrongState(
            "encoder_is_there", checkpoint=loaded.checkpoint, encoder=row.slug, state=row.state
        )


def refuse_no_slug(slug: str) -> None:
    if slug != slugify(slug):
        raise WrongState("no_slug", slug=slug)


def row_of(loaded: LoadedEncoder) -> Encoder | None:
    """The row of this revision, wherever it was loaded from: a folder may have been moved."""
    rows = Encoder.objects.filter(precision=loaded.precision)
    return rows.filter(revision=loaded.revision, patches=loaded.patches).first()


def create(
    loaded: LoadedEncoder,
    *,
    slug: str = "",
    promote_when_ready: bool = False,
    proof: dict[str, Any] | None = None,
) -> Encoder:
    """The row of an encoder that is new here. Raises CheckpointError or WrongState."""
    if slug and Encoder.objects.filter(slug=slug).exists():
        raise WrongState("slug_is_taken", slug=slug)
    row = Encoder(
        slug=slug or free_slug(loaded),
        checkpoint=loaded.checkpoint,
        revision=loaded.revision,
        family=loaded.family,
        dimensions=loaded.dimensions,
        resolution=loaded.resolution,
        patches=loaded.patches,
        precision=loaded.precision,
        proof=proof or {},
        promote_when_ready=promote_when_ready,
        manifest=loaded.manifest,
        probes=probe(loaded),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
        return row
    except IntegrityError:
        raise WrongState("encoder_being_added", checkpoint=loaded.checkpoint) from None


def revive(encoder: Encoder, loaded: LoadedEncoder) -> Encoder:
    """Let a retired encoder be built again, with the vectors that it has."""
    if encoder.removal_requested:
        raise WrongState("encoder_being_removed", encoder=encoder.slug)
    refresh(encoder, loaded)
    retired = Encoder.objects.filter(pk=encoder.pk, state=Encoder.State.RETIRED)
    retired.update(state=Encoder.State.BUILDING, promised_to=None, promised=None)
    # What it still owed has become backfill, for which it is not ready until that is done.
    Embedding.objects.filter(encoder=encoder).waiting().update(backfill=True)
    encoder.refresh_from_db()
    return encoder


def refresh(encoder: Encoder, loaded: LoadedEncoder) -> None:
    """Store where the checkpoint lies now, and its manifest and probes if there are none."""
    if encoder.probes:
        verify(loaded, encoder.manifest, encoder.probes)
    else:
        encoder.manifest, encoder.probes = loaded.manifest, probe(loaded)
        encoder.family = loaded.family
    encoder.checkpoint = loaded.checkpoint
    encoder.save(update_fields=["checkpoint", "family", "manifest", "probes", "proof"])


def free_slug(loaded: LoadedEncoder) -> str:
    """The checkpoint's own name, with a number behind it where that is taken."""
    name = slugify(PurePath(loaded.checkpoint).name)[:85] or "encoder"
    if loaded.precision != Encoder.Precision.FP32:
        name += f"-{loaded.precision}"
    slugs = (f"{name}-{number}" if number > 1 else name for number in count(1))
    return next(slug for slug in slugs if not Encoder.objects.filter(slug=slug).exists())
