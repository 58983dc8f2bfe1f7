"""Checks that an encoder gives the vectors that it gave when it was added."""

import numpy as np
from PIL import Image

from workers.encoders.protocol import CheckpointError, LoadedEncoder, PicturesOnly, Vectors

# Vectors by "texts" and "pictures", in the order of TEXTS and SIZES.
Probes = dict[str, list[list[float]]]

# Probe texts. SigLIP 2 must map the first two to one vector; the last has more tokens than fit.
TEXTS = (
    "red car",
    "RED CAR",
    "Two green mugs beside a blue bicycle, in the snow",
    "سيارة حمراء, 自転車 & 🚲",
    " ".join(f"{number} mugs" for number in range(100)),
)
# Width and height of the probe pictures in pixels: a change of cropping, stretching or shrinking
# changes the vector of at least one of them.
SIZES = ((120, 250), (400, 90), (300, 300))
# What refusals call the probes.
NAMES = {
    "texts": [f'"{text[:12]}"' for text in TEXTS],
    "pictures": [f"a drawing of {width} x {height} pixels" for width, height in SIZES],
}

# Minimum cosine between the vectors of a probe then and now. In half precision (bfloat16) it stays
# above 0.9998; with the wrong filter for shrinking it seldom does.
MIN_COSINE = 0.999


def probe(encoder: LoadedEncoder) -> Probes:
    """The vectors of the probe texts and pictures, to be stored with the encoder.

    Raises CheckpointError where they are unsound.
    """
    texts = encoder.encode_texts(TEXTS)
    _refuse_unsound(encoder, texts)
    _refuse_case(encoder, texts)
    pictures = encoder.encode_images(probe_pictures())
    _refuse_unsound(encoder, pictures)
    return {"texts": texts.tolist(), "pictures": pictures.tolist()}


def verify(encoder: LoadedEncoder, manifest: dict[str, str], probes: Probes) -> None:
    """Raise CheckpointError unless files and vectors are those stored with the encoder."""
    _refuse_changed_files(encoder, manifest)
    pictures = encoder.encode_images(probe_pictures())
    _refuse_unsound(encoder, pictures)
    _refuse_other_vectors(encoder, "pictures", pictures, probes)
    try:
        texts = encoder.encode_texts(TEXTS)
    except PicturesOnly:
        return
    _refuse_unsound(encoder, texts)
    _refuse_case(encoder, texts)
    _refuse_other_vectors(encoder, "texts", texts, probes)


def probe_pictures() -> list[Image.Image]:
    """Slopes, stripes and squares in RGB, by integer arithmetic: the same on every machine."""
    return [_draw(width, height) for width, height in SIZES]


def _draw(width: int, height: int) -> Image.Image:
    down, right = np.mgrid[:height, :width]
    slope = 255 * down // height
    stripes = 80 * (right // 3 % 4)
    squares = 255 * ((down // 5 + right // 5) % 2)
    return Image.fromarray(np.stack([slope, stripes, squares], axis=-1).astype(np.uint8))


def _refuse_unsound(encoder: LoadedEncoder, vectors: Vectors) -> None:
    if vectors.shape[1] != encoder.dimensions:
        raise CheckpointError(
            "vectors_of_other_length",
            name=encoder.checkpoint,
            length=vectors.shape[1],
            dimensions=encoder.dimensions,
        )
    # Compared this way round, since nothing compares with NaN.
    if not (np.abs(np.linalg.norm(vectors, axis=1) - 1) < 0.001).all():
        raise CheckpointError("vectors_not_of_length_one", name=encoder.checkpoint)


def _refuse_case(encoder: LoadedEncoder, texts: Vectors) -> None:
    small, capital = texts[:2]
    if encoder.family.startswith("SigLIP 2") and not small @ capital > MIN_COSINE:
        raise CheckpointError("texts_not_lower_cased", name=encoder.checkpoint)


def _refuse_changed_files(encoder: LoadedEncoder, manifest: dict[str, str]) -> None:
    # Only the stored ones: a file that was added shows in the vectors, if anywhere.
    for name, content in manifest.items():
        if encoder.manifest.get(name) != content:
            raise CheckpointError("file_changed", name=encoder.checkpoint, file=name)


def _refuse_other_vectors(
    encoder: LoadedEncoder, kind: str, vectors: Vectors, probes: Probes
) -> None:
    if kind not in probes:
        return
    before = np.array(probes[kind], np.float32)
    if before.shape != vectors.shape:
        raise CheckpointError("number_of_vectors_changed", name=encoder.checkpoint, kind=kind)
    cosines = (before * vectors).sum(axis=1)
    if not cosines.min() > MIN_COSINE:
        worst = int(cosines.argmin())
        raise CheckpointError(
            "vectors_changed",
            name=encoder.checkpoint,
            cosine=float(cosines[worst]),
            probe=NAMES[kind][worst],
        )
