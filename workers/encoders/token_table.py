"""The token table of a text tower, left in its file: only the rows that a text needs are read.

Of SigLIP 2 of base size it is 256,000 rows, 786 MB in float32, of which a text needs 64 at most.
"""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from workers.encoders.checkpoint import WEIGHTS, Checkpoint
from workers.encoders.protocol import CheckpointError
from workers.encoders.weights import device

# The name of the table in the files of every family.
NAME = "text_model.embeddings.token_embedding.weight"
TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


class Place(NamedTuple):
    """Where a table lies in a safetensors file, in bytes, and of what it is made."""

    path: Path
    begin: int
    shape: tuple[int, int]
    dtype: torch.dtype


class TokenTable(nn.Module):
    """An embedding whose rows stay in their file.

    Read at a place and not mapped: the rows of words met so far do not stay in memory, and a file
    that is cut short is an error with a sentence, where a page of a mapping that is no longer there
    ends the process (SIGBUS). 64 rows take 0.1 ms from the page cache.
    """

    def __init__(self, name: str, place: Place) -> None:
        super().__init__()
        self._name, self._place = name, place
        self._file = place.path.open("rb", buffering=0)

    def forward(self, ids: Tensor) -> Tensor:
        """The rows of these ids in float32: of shape (*ids.shape, width). Raises CheckpointError
        and IndexError."""
        rows, places = ids.unique(return_inverse=True)
        data = bytearray().join(map(self._row, rows.tolist()))
        table = torch.frombuffer(data, dtype=self._place.dtype).view(len(rows), -1)
        return table.float()[places]

    def _row(self, number: int) -> bytes:
        _, begin, (rows, width), dtype = self._place
        if not 0 <= number < rows:  # What lies there belongs to another tensor.
            raise IndexError(f"The table has {rows} rows, and no number {number}.")
        size = width * dtype.itemsize
        try:
            row = os.pread(self._file.fileno(), size, begin + number * size)
        except OSError as error:
            raise CheckpointError(
                "checkpoint_unreadable", name=self._name, reason=error.strerror
            ) from None
        if len(row) < size:
            raise CheckpointError("weights_damaged", name=self._name)
        return row


def leave_in_file(files: Checkpoint, model: Any) -> None:
    """Let a model read the rows of its token table as it needs them; on a GPU it keeps them."""
    place = find_table(files)
    embeddings = model.text_model.embeddings
    if (
        device() == "cpu"
        and place
        and place.shape == tuple(embeddings.token_embedding.weight.shape)
    ):
        embeddings.token_embedding = TokenTable(files.name, place)


def find_table(files: Checkpoint) -> Place | None:
    """Where the table lies; None where there is none by that name in a type that is read here."""
    index = files.read_json("model.safetensors.index.json").get("weight_map", {})
    # In the order in which transformers looks: what else lies there, it does not load.
    path = files.folder / WEIGHTS
    return place_of(path if path.is_file() else files.folder / index.get(NAME, WEIGHTS))


def place_of(path: Path) -> Place | None:
    """Where the table lies in this file, by its header.

    https://github.com/huggingface/safetensors#format: eight bytes with the length of a JSON object,
    that object, and the tensors.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(length)).get(NAME)
    if entry is None or entry["dtype"] not in TYPES or len(entry["shape"]) != 2:
        return None
    rows, width = entry["shape"]
    return Place(path, 8 + length + entry["data_offsets"][0], (rows, width), TYPES[entry["dtype"]])
