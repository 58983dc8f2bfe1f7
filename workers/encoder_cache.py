"""The encoder of a row: loaded once per process, and checked against what it was when added."""

import logging
import threading
import time
from typing import Any

from django.conf import settings
from django.db import connection

from search.models import Encoder
from search.refusals import Refusal
from workers.encoders.load import load_encoder
from workers.encoders.protocol import CheckpointError, LoadedEncoder
from workers.encoders.self_check import verify

logger = logging.getLogger(__name__)

# Seconds between two attempts to load a checkpoint that was refused: hashing gigabytes for every
# message would be all that this worker does.
REFUSAL_SECONDS = 60

Key = tuple[int, bool]
_loaded: dict[Key, LoadedEncoder] = {}
_refusals: dict[Key, tuple[float, CheckpointError]] = {}
_loading: set[Key] = set()
_one_at_a_time = threading.Lock()


def encoder_of(row: Encoder, *, vision_only: bool = False) -> LoadedEncoder:
    """This row's encoder. Raises CheckpointError, which is stored in the row."""
    key = (row.pk, vision_only)
    if encoder := _as_loaded(key):  # Before the lock: nobody waits until another is loaded.
        return encoder
    with _one_at_a_time:
        if encoder := _as_loaded(key):
            return encoder
        if refusal := _refusal(key):
            raise refusal
        try:
            _loaded[key] = _checked(row, vision_only=vision_only)
        except CheckpointError as error:
            refuse(row, error, vision_only=vision_only)
            raise
    note(row, None)
    note_loaded(row, _loaded[key])
    return _loaded[key]


def at_hand(row: Encoder, *, vision_only: bool = False) -> LoadedEncoder | None:
    """This row's encoder if the process has it; otherwise None, and a thread loads it.

    Loading takes seconds to minutes, in which the work for other encoders goes on.
    """
    key = (row.pk, vision_only)
    # Without Redis the task runs here, and nothing would repeat it once the encoder is loaded.
    if _as_loaded(key) or _refusal(key) or settings.CELERY_TASK_ALWAYS_EAGER:
        return encoder_of(row, vision_only=vision_only)
    if key not in _loading:
        _loading.add(key)
        threading.Thread(target=_load_beside, args=(row, vision_only), daemon=True).start()
    return None


def in_memory(encoder_id: int, *, vision_only: bool = False) -> LoadedEncoder | None:
    """The encoder of the row with this id if the process has it; the database is not asked."""
    return _as_loaded((encoder_id, vision_only))


def refuse(row: Encoder, error: CheckpointError, *, vision_only: bool) -> None:
    """Load this encoder no more for a while: it can't be loaded, or has failed at its work."""
    _refusals[row.pk, vision_only] = (time.monotonic(), error)
    _loaded.pop((row.pk, vision_only), None)
    note(row, error)


def note(row: Encoder, problem: Refusal | None) -> None:
    """Store why this encoder can't be used, or that it can again."""
    fields = {"problem": "", "problem_parameters": {}}
    if problem:
        logger.error("The encoder %s can't be used: %s", row, problem)
        fields = {"problem": problem.code, "problem_parameters": problem.parameters}
    Encoder.objects.filter(pk=row.pk).exclude(**fields).update(**fields)


def note_loaded(row: Encoder, encoder: LoadedEncoder) -> None:
    """Store how large its pictures are, what computes it here, and why that is not the fastest."""
    fields: dict[str, Any] = {"engine": encoder.engine, "fallback": "", "fallback_parameters": {}}
    fields |= {"resolution": encoder.resolution}
    if reason := encoder.fallback:
        logger.warning("The encoder %s is slower than it could be: %s", row, reason)
        fields |= {"fallback": reason.code, "fallback_parameters": reason.parameters}
    Encoder.objects.filter(pk=row.pk).exclude(**fields).update(**fields)


def _as_loaded(key: Key) -> LoadedEncoder | None:
    """The encoder that the process has, unless its files have changed under it meanwhile."""
    encoder = _loaded.get(key)
    if encoder and encoder.is_altered():
        logger.warning("The files of %s have changed: it is loaded anew", encoder.checkpoint)
        _loaded.pop(key, None)
        return None
    return encoder


def _checked(row: Encoder, *, vision_only: bool) -> LoadedEncoder:
    encoder = load_encoder(
        row.checkpoint,
        row.revision,
        patches=row.patches,
        precision=row.precision,
        vision_only=vision_only,
    )
    if row.probes:  # An encoder from before there were any gets them at the next start.
        verify(encoder, row.manifest, row.probes)
    return encoder


def _refusal(key: Key) -> CheckpointError | None:
    since, error = _refusals.get(key, (0.0, None))
    return error if time.monotonic() - since < REFUSAL_SECONDS else None


def _load_beside(row: Encoder, vision_only: bool) -> None:
    try:
        encoder_of(row, vision_only=vision_only)
    except CheckpointError:
        pass  # It stands in the row.
    finally:
        _loading.discard((row.pk, vision_only))
        connection.close()
