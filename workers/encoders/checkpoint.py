"""Finds a checkpoint's files and refuses those that cannot serve, each with one sentence."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any

from httpx2 import HTTPError
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    IncompleteSnapshotError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from workers.encoders.protocol import CheckpointError

WEIGHTS = "model.safetensors"
EXAMPLE = "google/siglip2-base-patch16-224"
# Maximum number of patches that a NaFlex encoder may make of a picture.
MAX_PATCHES = 4096

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_HUB_SECONDS = 10  # Seconds until the hub's first answer, at most.
_COMMIT = re.compile(r"[0-9a-f]{40}")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
# What a checkpoint is made of; never the pickles or the ONNX files that lie beside it.
_FILES = ["*.json", "*.safetensors", "*.model", "merges.txt"]
_CONFIGS = ("config.json", "tokenizer_config.json")
_PREPROCESSING = ("preprocessor_config.json", "processor_config.json")
_TOKENIZERS = ("tokenizer.json", "spiece.model", "vocab.json")


# By which a file that was replaced, rewritten or cut short is known.
Stamps = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Checkpoint:
    """The files of a checkpoint: a folder, and the folder or hub id that a person named."""

    name: str
    folder: Path
    commit: str = ""  # Of a hub id.
    stamps: Stamps = ()  # As its weights were when it was found.

    @property
    def revision(self) -> str:
        """The commit, or the start of a hash of all that decides the vectors of a folder."""
        return self.commit or hash_of(self.manifest)

    @cached_property
    def manifest(self) -> dict[str, str]:
        """The SHA-256 in hexadecimal of each file that decides the vectors, by its name."""
        paths = sorted({path for pattern in _FILES for path in self.folder.glob(pattern)})
        try:
            return {path.name: sha256(path) for path in paths}
        except OSError as error:
            raise CheckpointError(
                "checkpoint_unreadable", name=self.name, reason=error.strerror
            ) from None

    def is_altered(self) -> bool:
        """Whether files with weights are others than those that were found, or gone.

        By what the file system says of them, some microseconds: of a copy put back in place of the
        same the manifest tells, once it is loaded anew.
        """
        return stamps_of(self.folder) != self.stamps

    @property
    def model_type(self) -> str:
        return str(self.read_json("config.json").get("model_type", "unknown"))

    def read_json(self, name: str) -> dict[str, Any]:
        """The object in a JSON file; empty if there is no such file. Raises CheckpointError."""
        try:
            content = json.loads((self.folder / name).read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            content = None
        if not isinstance(content, dict):
            raise CheckpointError("checkpoint_file_damaged", name=self.name, file=name)
        return content

    def refuse_unfit(self, types: Iterable[str], patches: int | None) -> None:
        """Raise CheckpointError unless it is of one of these model types, whole and without code.

        `patches` is the number that a person set, None for the checkpoint's own.
        """
        self._refuse_without("config.json")
        self._refuse_code()
        self._refuse_other_types(types)
        self._refuse_patches(patches)
        refuse_without_weights(self.name, [path.name for path in self.folder.iterdir()])
        self._refuse_without(*_PREPROCESSING)
        self._refuse_without(*_TOKENIZERS)

    def _refuse_code(self) -> None:
        if any("auto_map" in self.read_json(name) for name in (*_CONFIGS, *_PREPROCESSING)):
            raise CheckpointError("checkpoint_with_code", name=self.name, example=EXAMPLE)

    def _refuse_other_types(self, types: Iterable[str]) -> None:
        if self.model_type not in types:
            raise CheckpointError(
                "unknown_model_type", name=self.name, type=self.model_type, example=EXAMPLE
            )

    def _refuse_patches(self, patches: int | None) -> None:
        if patches is None:
            return
        if self.model_type != "siglip2":
            raise CheckpointError("pictures_of_one_size", name=self.name)
        if not 1 <= patches <= MAX_PATCHES:
            raise CheckpointError("patches_out_of_range", patches=patches, most=MAX_PATCHES)

    def _refuse_without(self, *names: str) -> None:
        if not any((self.folder / name).is_file() for name in names):
            raise CheckpointError("no_checkpoint_file", name=self.name, file=names[0])


def refuse_without_weights(name: str, files: Iterable[str]) -> None:
    """Raise CheckpointError unless safetensors are among a checkpoint's files."""
    files = list(files)
    if any(fnmatch(file, "model*.safetensors") for file in files):
        return
    if any(fnmatch(file, pattern) for pattern in _PICKLES for file in files):
        raise CheckpointError("weights_as_pickle", name=name)
    raise CheckpointError("no_checkpoint_file", name=name, file=WEIGHTS)


def find(name: str, revision: str) -> Checkpoint:
    """The files of a local folder or, fetched if need be, of a hub id. Raises CheckpointError.

    `revision` is a branch, tag or commit of a hub id, or the hash that a folder must still have;
    empty for any.
    """
    if name and Path(name).is_dir():
        folder = Path(name)
        checkpoint = Checkpoint(name, folder, stamps=stamps_of(folder))
        _refuse_changed(checkpoint, revision)
        return checkpoint
    if not _HUB_ID.fullmatch(name):
        raise CheckpointError("no_checkpoint", name=name)
    folder = _fetch(name, revision)
    return Checkpoint(name, folder, folder.name, stamps_of(folder))


def stamps_of(folder: Path) -> Stamps:
    """Inode, bytes and time of the last change of each file with weights."""
    stats = [path.stat() for path in sorted(folder.glob("*.safetensors")) if path.is_file()]
    return tuple((stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in stats)


def sha256(path: Path) -> str:
    """In hexadecimal, of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_of(manifest: dict[str, str]) -> str:
    """The first 12 digits of a SHA-256 over the names and hashes of a manifest."""
    digest = hashlib.sha256()
    for name, content in manifest.items():
        digest.update(name.encode() + bytes.fromhex(content))
    return digest.hexdigest()[:12]


def _refuse_changed(checkpoint: Checkpoint, revision: str) -> None:
    if revision and checkpoint.revision != revision:
        raise CheckpointError("checkpoint_changed", name=checkpoint.name, revision=revision)


def _fetch(name: str, revision: str) -> Path:
    """The folder of a hub id: the local copy where a commit is named or no hub answers."""
    if _COMMIT.fullmatch(revision) and (folder := _cached_copy(name, revision)):
        return folder
    try:
        _refuse_at_hub(name, revision)
        return _snapshot(name, revision)
    except (HTTPError, OSError):
        if folder := _cached_copy(name, revision):
            return folder
    raise CheckpointError("hub_away", name=name)


def _refuse_at_hub(name: str, revision: str) -> None:
    """Ask the hub before fetching: this one request is never retried, so it fails fast."""
    try:
        info = HfApi().model_info(name, revision=revision or None, timeout=_HUB_SECONDS)
    except RevisionNotFoundError:
        raise CheckpointError("no_revision_at_hub", name=name, revision=revision) from None
    except GatedRepoError:
        raise CheckpointError("gated_at_hub", name=name) from None
    except (RepositoryNotFoundError, HFValidationError):
        raise CheckpointError("no_checkpoint_at_hub", name=name) from None
    if info.siblings:
        refuse_without_weights(name, [file.rfilename for file in info.siblings])


def _cached_copy(name: str, revision: str) -> Path | None:
    try:
        return _snapshot(name, revision, local_files_only=True)
    except (IncompleteSnapshotError, LocalEntryNotFoundError):
        return None


def _snapshot(name: str, revision: str, *, local_files_only: bool = False) -> Path:
    folder = snapshot_download(
        name,
        revision=revision or None,
        allow_patterns=_FILES,
        ignore_patterns=["*/*"],
        local_files_only=local_files_only,
    )
    return Path(folder)
