"""Every family's vectors equal those of a direct call of transformers, as its card says."""

import io
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageOps

from search.formats import decode
from tests.support.cards import CARDS, cosines
from tests.support.checkpoints import FAMILIES
from tests.support.pictures import orientation, saved
from workers.encoders.load import load_encoder

TEXTS = [
    *("", " ", "\n\t ", ".", "?!"),
    *("mug", "Mug", "MUG", "mug.", "a", "ß", "ﬁ", "İ", "x" * 200),
    *("a blue bicycle left of a green mug", "A RED CAR\x00 IN\nTHE SNOW", "a red car, in the snow"),
    *("word " * 300, "WORD " * 300, "mug " * 62, "mug " * 63, "mug " * 64, "mug " * 76),
    *("🚲", "🚲 🔴", "👩‍👩‍👧‍👦 at the sea", "❤️", "🇯🇵 flag"),
    *("دراجة حمراء", "אופניים אדומים", "سيارة red car", "\u202eright to left\u202c"),
    *("红色的自行车", "赤い自転車", "빨간 자전거", "全角ＡＢＣ", "한국어 자전거 왼쪽"),
    *("красный велосипед", "ΚΌΚΚΙΝΟ ΠΟΔΉΛΑΤΟ", "लाल साइकिल", "จักรยานสีแดง", "xe đạp màu đỏ"),
    *(
        "cafe\u0301",
        "caf\u00e9",
        "STRASSE",
        "DŽungla",
        "naïve façade",
        "1234567890",
        "3 mugs & 1 car",
    ),
    *("<pad> <eos>", "</s> <unk>", "<|endoftext|>"),
]


def noise(width, height):
    pixels = np.random.default_rng(0).bytes(width * height * 3)
    return Image.frombytes("RGB", (width, height), pixels)


def slope(width, height):
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


def decoded(data):
    """As a worker gives a picture to an encoder."""
    return decode.decode(io.BytesIO(data))


SIZES = [(1, 1), (1, 2), (2, 1), (3, 40), (40, 3), (7, 7), (31, 33), (32, 32), (33, 31), (64, 64)]
SIZES += [(90, 160), (160, 90), (200, 201), (300, 20), (20, 300), (320, 20), (20, 320), (500, 500)]
SIZES += [(1, 4000), (4000, 1), (3, 4001), (4001, 3), (640, 480), (480, 640), (5, 79), (5, 81)]
MODES = ["1", "L", "P", "CMYK", "YCbCr", "HSV", "LA", "RGBA"]


@cache
def pictures():
    """Fifty, by their names; no test changes them."""
    made = {f"{width} x {height}": noise(width, height) for width, height in SIZES}
    made |= {f"mode {mode}": noise(90, 160).convert(mode) for mode in MODES[:6]}
    made |= {f"mode {mode}": Image.new(mode, (50, 40), 120) for mode in MODES[6:]}
    made |= {name: Image.new("RGB", (60, 45), name) for name in ("black", "white", "red")}
    made |= {f"slope {width}": slope(width, 100) for width in (10, 100, 1000)}
    grey = saved(slope(30, 50).convert("L"), "PNG")
    made |= {"grey file": decoded(grey), "CMYK file": decoded(saved(made["mode CMYK"], "JPEG"))}
    return made


def turned(number):
    return saved(slope(60, 40), "JPEG", exif=orientation(number))


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def folder(family, tmp_path_factory):
    return FAMILIES[family](tmp_path_factory.mktemp("family"))


@pytest.fixture(scope="module")
def card(family, folder):
    return CARDS[family](folder)


@pytest.fixture(scope="module")
def encoder(folder):
    return load_encoder(str(folder))


def test_there_are_fifty_texts_and_with_the_turned_ones_fifty_pictures():
    assert len(set(TEXTS)) >= 50
    assert len(pictures()) + 8 >= 50


def test_texts_equal_a_direct_call(encoder, card):
    assert cosines(encoder.encode_texts(TEXTS), card.texts(TEXTS)).min() >= 0.99999


def test_pictures_equal_a_direct_call(encoder, card):
    made = list(pictures().values())
    assert cosines(encoder.encode_images(made), card.pictures(made)).min() >= 0.99999


def test_turned_pictures_equal_a_direct_call_on_the_upright_ones(encoder, card):
    files = [turned(number) for number in range(1, 9)]
    upright = [ImageOps.exif_transpose(Image.open(io.BytesIO(file))) for file in files]
    vectors = encoder.encode_images([decoded(file) for file in files])
    assert cosines(vectors, card.pictures(upright)).min() >= 0.99999
    as_stored = card.pictures([Image.open(io.BytesIO(file)) for file in files])
    assert cosines(vectors, as_stored)[1:].min() < 0.999


def test_a_batch_of_one_equals_a_batch_of_sixteen(encoder, monkeypatch):
    monkeypatch.setattr(encoder, "batch_size", 16)
    texts, made = TEXTS[10:26], list(pictures().values())[10:26]
    one_by_one = np.concatenate([encoder.encode_texts([text]) for text in texts])
    assert cosines(encoder.encode_texts(texts), one_by_one).min() >= 0.99999
    one_by_one = np.concatenate([encoder.encode_images([picture]) for picture in made])
    assert cosines(encoder.encode_images(made), one_by_one).min() >= 0.99999


def test_the_order_is_kept(encoder):
    texts, made = TEXTS[:20], list(pictures().values())
    for encode, things in ((encoder.encode_texts, texts), (encoder.encode_images, made)):
        moved = encode([*things[3:], *things[:3]])
        np.testing.assert_allclose(moved, np.roll(encode(things), -3, axis=0), atol=1e-5)
