"""An encoder of the tests: it knows colours, by their names and by sight."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 180, 60),
    "blue": (40, 60, 220),
    "yellow": (230, 210, 40),
    "white": (245, 245, 245),
    "black": (15, 15, 15),
}


class FakeEncoder:
    """Maps a picture to its mean colour and a text to the mean of the colours it names."""

    checkpoint = "fake"
    revision = "1"
    family = "SigLIP 2"
    patches = None
    dimensions = 4
    resolution = 32
    batch_size = 8
    text_length = 64
    precision = "fp32"
    engine = "fake"
    fallback = None
    manifest = {"model.safetensors": "0" * 64}

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([self._text(text) for text in texts], dtype=np.float32)

    def encode_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        return np.array(
            [
                direction(image.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)))
                for image in images
            ],
            dtype=np.float32,
        )

    def is_altered(self) -> bool:
        return False

    def truncates(self, text: str) -> bool:
        return len(text.split()) > self.text_length

    def _text(self, text: str) -> np.ndarray:
        named = [COLOURS[word] for word in text.lower().split() if word in COLOURS]
        return direction(np.mean(named or [(128, 128, 128)], axis=0))


def direction(rgb: Sequence[float]) -> np.ndarray:
    """A colour as a unit vector: where it lies around middle grey."""
    vector = np.array([*(np.asarray(rgb) / 127.5 - 1), 0.1])
    return vector / np.linalg.norm(vector)
