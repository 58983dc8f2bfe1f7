"""How much of an upload reaches the disk."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import TemporaryFileUploadHandler

# Maximum size of one request, in files of the largest size: a browser without JavaScript sends
# all selected files at once.
LARGEST_FILES = 20


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Writes each file to disk, whose descriptor the decoding process reads, up to the limit.

    The rest of a larger file is only counted, so that it can be refused by its name and size
    while the other files of the request go in.
    """

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any
    ) -> None:
        if content_length > LARGEST_FILES * _largest_file():
            # A browser reads no answer before it has sent everything.
            while input_data.read(self.chunk_size):
                pass
            raise RequestDataTooBig("The request carries more than is allowed.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start <= _largest_file():
            super().receive_data_chunk(raw_data, start)


def _largest_file() -> float:
    return settings.MAX_UPLOAD_MB * 1_000_000
