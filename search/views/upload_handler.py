"""How much of an upload reaches the disk, and where."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Writes each file to disk, whose descriptor the decoding process reads, up to the limit.

    The rest of a larger file is only counted, so that it can be refused by its name and size
    while the other files of the request go in.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start <= settings.MAX_UPLOAD_MB * 1_000_000:
            with self.nothing_left():
                super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> Any:
        with self.nothing_left():
            return super().file_complete(file_size)

    @contextmanager
    def nothing_left(self) -> Iterator[None]:
        """Where a write fails, remove the file at once: Django leaves that to the collector."""
        try:
            yield
        except OSError:
            self.upload_interrupted()
            raise
