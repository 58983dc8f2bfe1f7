"""Whether an encoder means today what it meant when it was added."""

import numpy as np
from PIL import Image

from workers.encoders.protocol import CheckpointError, LoadedEncoder, PicturesOnly, Vectors

Probes = dict[str, list[list[float]]]

# The first two mean the same to SigLIP 2; the last does not fit and shows where it is cut.
TEXTS = (
    "red car",
    "RED CAR",
    "Two green mugs beside a blue bicycle, in the snow",
    "سيارة حمراء, 自転車 & 🚲",
    " ".join(f"{number} mugs" for number in range(100)),
)
# Upright, wide and square: cropping, stretching and shrinking each tell on one of them.
SIZES = ((120, 250), (400, 90), (300, 300))
NAMES = {
    "texts": [f'"{text[:12]}"' for text in TEXTS],
    "pictures": [f"a drawing of {width} x {height} pixels" for width, height in SIZES],
}

# Half precision (bfloat16) keeps them above 0.9998; the wrong filter for shrinking seldom does.
SAME = 0.999


def probe(encoder: LoadedEncoder) -> Probes:
    """The vectors of a few texts and drawn pictures, to be kept with the encoder."""
    texts = encoder.encode_texts(TEXTS)
    _refuse_unsound(encoder, texts)
    _refuse_case(encoder, texts)
    pictures = encoder.encode_images(drawn_pictures())
    _refuse_unsound(encoder, pictures)
    return {"texts": texts.tolist(), "pictures": pictures.tolist()}


def verify(encoder: LoadedEncoder, manifest: dict[str, str], probes: Probes) -> None:
    """Raise unless the files and the vectors are those that were kept with the encoder."""
    _refuse_changed_files(encoder, manifest)
    pictures = encoder.encode_images(drawn_pictures())
    _refuse_unsound(encoder, pictures)
    _refuse_moved(encoder, "pictures", pictures, probes)
    try:
        texts = encoder.encode_texts(TEXTS)
    except PicturesOnly:
        return
    _refuse_unsound(encoder, texts)
    _refuse_case(encoder, texts)
    _refuse_moved(encoder, "texts", texts, probes)


def drawn_pictures() -> list[Image.Image]:
    """The probe pictures: slopes, stripes and squares, of whole numbers alone."""
    return [_drawn(width, height) for width, height in SIZES]


def _drawn(width: int, height: int) -> Image.Image:
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
    if encoder.family.startswith("SigLIP 2") and not small @ capital > SAME:
        raise CheckpointError("texts_not_lower_cased", name=encoder.checkpoint)


def _refuse_changed_files(encoder: LoadedEncoder, manifest: dict[str, str]) -> None:
    # Only those that were kept: a file that has been added tells on the vectors, if at all.
    for name, content in manifest.items():
        if encoder.manifest.get(name) != content:
            raise CheckpointError("file_changed", name=encoder.checkpoint, file=name)


def _refuse_moved(encoder: LoadedEncoder, kind: str, vectors: Vectors, probes: Probes) -> None:
    if kind not in probes:
        return
    before = np.array(probes[kind], np.float32)
    if before.shape != vectors.shape:
        raise CheckpointError("number_of_vectors_changed", name=encoder.checkpoint, kind=kind)
    cosines = (before * vectors).sum(axis=1)
    if not cosines.min() > SAME:
        worst = int(cosines.argmin())
        raise CheckpointError(
            "vectors_changed",
            name=encoder.checkpoint,
            cosine=float(cosines[worst]),
            probe=NAMES[kind][worst],
        )
