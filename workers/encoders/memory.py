"""Gives back to the system what loading and encoding leave in a process's memory."""

import ctypes
import mmap
import re
from pathlib import Path

from torch import Tensor, nn

# Beginning and end of each mapping in /proc/self/smaps that is instructions of a file, to which
# nobody has written.
_CODE = re.compile(
    r"^([0-9a-f]+)-([0-9a-f]+) r-xp .* /.*\n(?:[A-Z].*\n)*?Anonymous: +0 kB$", re.MULTILINE
)


def leave_files(model: nn.Module) -> None:
    """Have a model hold all of its tensors itself, where some are parts of mapped files.

    One tensor keeps the whole file mapped. And what is mapped changes with the file.
    """
    for tensor in (*model.parameters(), *model.buffers()):
        mapped, tensor.data = tensor.data, tensor.data.clone()
        leave_pages(mapped)


def leave_pages(tensor: Tensor) -> None:
    """Have the process forget the pages of a mapped file that a tensor has been read from, and that
    nobody reads again: until the last one is gone they count, of base size 716 MB.
    """
    if tensor.device.type != "cpu" or tensor.untyped_storage().resizable():
        return  # Memory of torch's own, which would be 0 from then on.
    begin, end = tensor.data_ptr(), tensor.data_ptr() + tensor.nbytes
    _forget(-(-begin // mmap.PAGESIZE) * mmap.PAGESIZE, end // mmap.PAGESIZE * mmap.PAGESIZE)


def give_back_activations() -> None:
    """Return to the system what activations have taken: glibc keeps 35 MB of a batch of eight."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):  # Only glibc has it.
        trim(0)


def leave_code() -> None:
    """Have the process forget all instructions: what it still needs comes back as it is called.

    Importing torch runs through all of its libraries, and with each page Linux (6.18) maps the
    whole piece of the page cache that it is part of. Where those are of 4 kB, as after a cold
    start, that is 119 MB, and encoding calls for 56; where of 2 MB, as when files were copied or
    read, 242 and 171. They lie in memory once for all processes: only what counts as this one's
    changes.
    """
    smaps = Path("/proc/self/smaps")
    if smaps.exists():  # Only Linux has it.
        for begin, end in _CODE.findall(smaps.read_text()):
            _forget(int(begin, 16), int(end, 16))


def _forget(begin: int, end: int) -> None:
    """Unmap whole pages of a file that have not been written to: they can be read again."""
    if begin < end:
        size = ctypes.c_size_t(end - begin)
        ctypes.CDLL(None).madvise(ctypes.c_void_p(begin), size, mmap.MADV_DONTNEED)
