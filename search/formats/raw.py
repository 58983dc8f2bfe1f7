"""Camera raw files that are TIFFs: what Pillow reads of them is a thumbnail."""

import io
from contextlib import suppress

from PIL import TiffImagePlugin

from search.formats.sniff import BAD_BYTES

# Tags, and the colours of a sensor as the values of one of them.
SUBFILE_TYPE, PHOTOMETRIC, MAKE, SUB_DIRECTORIES, DNG_VERSION = 254, 262, 271, 330, 50706
SENSOR = {32_803, 34_892}
# What stands behind the header of Canon's.
CANON = b"CR"


def is_camera_raw(file: io.BytesIO) -> bool:
    """Whether a TIFF says that it is one; False also where its tags can't be read."""
    with suppress(*BAD_BYTES):
        file.seek(0)
        head = file.read(16)
        tags = TiffImagePlugin.ImageFileDirectory_v2(head if head[2:3] == b"+" else head[:8])
        file.seek(tags.next)
        tags.load(file)
        # Its first picture is a reduced one, and a camera or further pictures are named with it.
        is_reduced = tags.get(SUBFILE_TYPE, 0) & 1 and (MAKE in tags or SUB_DIRECTORIES in tags)
        is_of_sensor = DNG_VERSION in tags or tags.get(PHOTOMETRIC) in SENSOR
        return bool(is_of_sensor or is_reduced or head[8:10] == CANON)
    return False
