"""Drawings with something to see in them, the same from the same number."""

from random import Random

from PIL import Image, ImageDraw


def drawing(number: int = 1, *, colour: str = "red", size: tuple[int, int] = (320, 240)):
    """A disc of this colour among grey boxes, all somewhere else for each number."""
    rng, (width, height) = Random(number), size
    image = Image.new("RGB", size, (215, 210, 200))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y, grey = rng.randrange(width), rng.randrange(height), rng.randrange(40, 180)
        box = (x, y, x + rng.randrange(20, 120), y + rng.randrange(20, 100))
        draw.rectangle(box, fill=(grey, grey, grey))
    x, y = rng.randrange(width // 4, width // 2), rng.randrange(height // 4, height // 2)
    draw.ellipse((x, y, x + 110, y + 110), fill=colour)
    return image
