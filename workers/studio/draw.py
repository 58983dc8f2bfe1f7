"""Draws pictures of things; the same from the same seed."""

from collections.abc import Iterator
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from workers.studio.backdrops import BACKDROPS, Stage
from workers.studio.pen import COLOURS, Colour, Pen
from workers.studio.placing import Spot, spots
from workers.studio.scenes import ALONE, BEHIND, LEFT, ON, Scene, different_scenes
from workers.studio.things import KINDS

_FINE = 2  # Factor by which pictures are drawn larger, then shrunk, so that edges are smooth.
_SHADOW: Colour = (22, 20, 36)
_SHADOW_SIDE, _RIM = 40, 4  # Pixels, of a shadow before it is enlarged.
_FAINT = [round(value * 0.4) for value in range(256)]
_MOSTLY = [value > 127 for value in range(256)]

# Longer side to shorter: landscape, portrait, square, banner and tall, as photographs come.
_SHAPES = {
    ALONE: ((4, 3), (3, 2), (3, 4), (2, 3), (1, 1), (4, 5), (16, 9), (5, 2), (1, 2)),
    LEFT: ((4, 3), (3, 2), (1, 1), (16, 9), (16, 9), (5, 2), (3, 1)),
    ON: ((3, 4), (2, 3), (1, 1), (4, 5), (4, 3), (1, 2)),
    BEHIND: ((4, 3), (3, 2), (1, 1), (16, 9), (4, 5), (2, 1)),
}
_SHAPES_OF_MANY = ((4, 3), (3, 2), (16, 9), (16, 9), (2, 1), (5, 2), (3, 1))


def catalogue(count: int, seed: int, *, side: int = 1200) -> Iterator[tuple[Scene, Image.Image]]:
    """Pictures of `count` different scenes in mixed shapes, the longer side about `side`."""
    for scene, size in catalogue_scenes(count, seed, side=side):
        yield scene, draw(scene, size)


def catalogue_scenes(
    count: int, seed: int, *, side: int = 1200
) -> Iterator[tuple[Scene, tuple[int, int]]]:
    """The scenes of that catalogue with the width and height of their pictures, not yet drawn."""
    rng = Random(seed)
    for scene in different_scenes(count, rng):
        longer = round(side * rng.uniform(0.75, 1.15))
        yield scene, size_for(scene, longer)


def size_for(scene: Scene, longer: int) -> tuple[int, int]:
    """Width and height in a shape that suits what stands side by side or one on the other."""
    beside = scene.relation in (ALONE, LEFT)
    many = beside and sum(group.count for group in scene.groups) > 2
    shapes = _SHAPES_OF_MANY if many else _SHAPES[scene.relation]
    across, down = Random(scene.seed).choice(shapes)
    scale = longer / max(across, down)
    return round(across * scale), round(down * scale)


def draw(scene: Scene, size: tuple[int, int]) -> Image.Image:
    """The picture of a scene, `size` pixels wide and high."""
    return draw_with_outlines(scene, size)[0]


def draw_with_outlines(scene: Scene, size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """The picture, and in grey where its things are: 0 nowhere, 1 the first group, 2 the second.

    The second is twice as large as the picture; what stands in front covers what is behind.
    """
    rng = Random(scene.seed)
    floor = rng.uniform(0.62, 0.7)
    fine = size[0] * _FINE, size[1] * _FINE
    stage = Stage(Image.new("RGB", fine), floor, floor + rng.uniform(0.12, 0.23), rng)
    BACKDROPS[scene.backdrop](stage)
    outlines = Image.new("L", fine)
    layers: dict[int, Image.Image] = {}
    for spot in spots(scene, fine, fine[1] * stage.base, rng):
        if spot.group not in layers:
            layers[spot.group] = _paint(spot, rng)
        layer = _lean(layers[spot.group], scene, rng)
        raised = scene.relation == ON and spot.group == 0
        _put(stage.image, outlines, spot, layer, raised=raised)
    return stage.image.reduce(_FINE), outlines


def _paint(spot: Spot, rng: Random) -> Image.Image:
    pen = Pen(max(1, round(spot.side)))
    KINDS[spot.thing.kind](pen)
    tint = _tint(COLOURS[spot.thing.colour], rng)
    layer = pen.painted(spot.thing.colour, tint, spot.thing.pattern)
    return ImageOps.mirror(layer) if rng.random() < 0.5 else layer


def _tint(colour: Colour, rng: Random) -> Colour:
    """The colour a little off, as no two factories paint alike."""
    red, green, blue = (min(255, max(0, part + rng.randint(-7, 7))) for part in colour)
    return red, green, blue


def _lean(layer: Image.Image, scene: Scene, rng: Random) -> Image.Image:
    """The thing, cut out, and seldom quite upright: unless another has to stand on it."""
    if scene.relation != ON:
        foot = (layer.width / 2, layer.height)
        layer = layer.rotate(rng.uniform(-1.2, 1.2), Image.Resampling.BILINEAR, center=foot)
    return layer.crop(layer.getbbox())


def _put(
    canvas: Image.Image, outlines: Image.Image, spot: Spot, layer: Image.Image, *, raised: bool
) -> None:
    """Lay the thing and its shadow on the canvas, and its outline over the others."""
    corner = round(spot.x - layer.width / 2), round(spot.base - layer.height)
    shape = layer.getchannel("A")
    _shade(canvas, shape, corner, raised=raised)
    canvas.paste(layer, corner, layer)
    outlines.paste(spot.group + 1, corner, shape.point(_MOSTLY, "1"))


def _shade(
    canvas: Image.Image, shape: Image.Image, corner: tuple[int, int], *, raised: bool
) -> None:
    """Lay the thing's shadow where its foot will be.

    It is made small and enlarged, which is fast and as soft as shadows are.
    """
    scale = max(1, max(shape.size) // _SHADOW_SIDE)
    small = shape.resize((shape.width // scale + 1, shape.height // scale + 1))
    flat = small.height // 4 + 1
    shadow = _shadow(small, flat, raised=raised)
    shadow = shadow.resize((shadow.width * scale, shadow.height * scale), Image.Resampling.BILINEAR)
    x = corner[0] - _RIM * scale
    y = corner[1] + shape.height - (_RIM + flat) * scale
    canvas.paste(_SHADOW, (x, y), shadow)


def _shadow(shape: Image.Image, flat: int, *, raised: bool) -> Image.Image:
    """Dark under the foot, and falling softly to the right and back, `flat` pixels high.

    Where the thing is raised, there is no ground beside it that the shadow could fall on.
    """
    width, lean = shape.width, shape.height // 3
    shadow = Image.new("L", (width + lean + 2 * _RIM, flat + 2 * _RIM))
    if not raised:
        fallen = shape.resize((width, flat)).point(_FAINT)
        size, sheared = (width + lean, flat), (1, lean / flat, -lean, 0, 1, 0)
        shadow.paste(fallen.transform(size, Image.Transform.AFFINE, sheared), (_RIM, _RIM))
    foot = shape.crop((0, shape.height - 2, *shape.size)).getbbox()
    if foot:
        left, right, ground = _RIM + foot[0], _RIM + foot[2], _RIM + flat
        ImageDraw.Draw(shadow).ellipse((left - 1, ground - 2, right, ground + 1), fill=150)
    return shadow.filter(ImageFilter.BoxBlur(1.5))
