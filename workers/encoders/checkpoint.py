"""Finds a checkpoint's files and refuses those that cannot serve, each with one sentence."""

import hashlib
import json
import re
from dataclasses import dataclass
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

from workers.encoders.base import CheckpointError

WEIGHTS = "model.safetensors"
EXAMPLE = "google/siglip2-base-patch16-224"

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_PATIENCE = 10  # Seconds for the hub's first answer.
_COMMIT = re.compile(r"[0-9a-f]{40}")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
# What a checkpoint is made of; never the pickles or the ONNX files that lie beside it.
_FILES = ["*.json", "*.safetensors", "*.model"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Files in a folder, under the name they were asked for by."""

    name: str
    folder: Path
    revision: str

    def config(self) -> dict[str, Any]:
        """What config.json says."""
        try:
            config = json.loads((self.folder / "config.json").read_bytes())
        except FileNotFoundError:
            raise CheckpointError(f"{self.name} is no checkpoint: it has no config.json.") from None
        except ValueError:
            raise CheckpointError(f"The config.json of {self.name} is damaged.") from None
        if not isinstance(config, dict):
            raise CheckpointError(f"The config.json of {self.name} is damaged.")
        return config

    def refuse_unfit(self) -> None:
        """Raise unless this is a SigLIP with safetensors and all its files."""
        self._refuse_other_types(str(self.config().get("model_type", "unknown")))
        if not any(self.folder.glob("model*.safetensors")):
            self._refuse_weights()
        self._refuse_without("preprocessor_config.json")
        self._refuse_without("tokenizer.json", "spiece.model")

    def _refuse_other_types(self, kind: str) -> None:
        if kind == "siglip2":
            raise CheckpointError(
                f"{self.name} is a NaFlex checkpoint, which Sightline cannot use yet: take one of a"
                f" fixed resolution, such as {EXAMPLE}."
            )
        if kind != "siglip":
            raise CheckpointError(
                f"{self.name} is of the type {kind}; Sightline takes SigLIP and SigLIP 2, such as"
                f" {EXAMPLE}."
            )

    def _refuse_weights(self) -> None:
        if any(path for pattern in _PICKLES for path in self.folder.glob(pattern)):
            raise CheckpointError(
                f"{self.name} has its weights as pickle only, which can run code when it is loaded:"
                " take a checkpoint with safetensors."
            )
        raise CheckpointError(f"{self.name} is no checkpoint: it has no {WEIGHTS}.")

    def _refuse_without(self, *names: str) -> None:
        if not any((self.folder / name).is_file() for name in names):
            raise CheckpointError(f"{self.name} is no checkpoint: it has no {names[0]}.")


def find(name: str, revision: str) -> Checkpoint:
    """The files of a local folder or, fetched if need be, of a hub id."""
    if name and Path(name).is_dir():
        checkpoint = Checkpoint(name, Path(name), folder_revision(Path(name)))
        _refuse_changed(checkpoint, revision)
        return checkpoint
    if not _HUB_ID.fullmatch(name):
        raise CheckpointError(
            f"There is no checkpoint {name}: it is neither a folder nor a hub id."
        )
    folder = _fetched(name, revision)
    return Checkpoint(name, folder, folder.name)


def folder_revision(folder: Path) -> str:
    """The start of a hash of all that decides the vectors: a folder has no other revision."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in _FILES for path in folder.glob(pattern)}):
        with path.open("rb") as file:
            digest.update(path.name.encode())
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12]


def _refuse_changed(checkpoint: Checkpoint, revision: str) -> None:
    if revision and checkpoint.revision != revision:
        raise CheckpointError(
            f"The files in {checkpoint.name} are no longer those of revision {revision}:"
            " put them back, or add the folder as a new encoder."
        )


def _fetched(name: str, revision: str) -> Path:
    """A hub id's files, from the copy that is here where a commit is named or no hub answers."""
    if _COMMIT.fullmatch(revision) and (folder := _kept(name, revision)):
        return folder
    try:
        _refuse_unknown(name, revision)
        return _snapshot(name, revision)
    except (HTTPError, OSError):
        if folder := _kept(name, revision):
            return folder
    raise CheckpointError(
        f"The hub cannot be reached to fetch {name}, and no copy is here: check the network, or"
        " name a local folder."
    )


def _refuse_unknown(name: str, revision: str) -> None:
    """Ask the hub before fetching: this one request is never retried, so it fails fast."""
    try:
        HfApi().model_info(name, revision=revision or None, timeout=_PATIENCE)
    except RevisionNotFoundError:
        raise CheckpointError(f"The hub has no revision {revision} of {name}.") from None
    except GatedRepoError:
        raise CheckpointError(f"The hub gives {name} only to accounts that were let in.") from None
    except (RepositoryNotFoundError, HFValidationError):
        raise CheckpointError(
            f"The hub knows no checkpoint {name}, and there is no folder of that name."
        ) from None


def _kept(name: str, revision: str) -> Path | None:
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
