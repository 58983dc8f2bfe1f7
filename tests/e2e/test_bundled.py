"""The bundled checkpoints, asked for what no training has shown them."""

from random import Random

import pytest
from django.conf import settings

from tests.support.promises import only_in_full
from workers.encoders.load import load_encoder
from workers.studio.captions import caption
from workers.studio.scenes import LANGUAGES
from workers.training import evaluation
from workers.training.evaluation import evaluate, held_out_scenes, picture_vectors

RETRIEVAL = (
    "words to picture",
    "picture to words",
    *(f"words to picture, {language}" for language in LANGUAGES[1:]),
    "a language not taught for it",
)

pytestmark = only_in_full


@pytest.fixture(scope="module")
def bundled():
    """The figures of the bundled checkpoint on fewer scenes than its card's, but many of a kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "HELD_OUT", 600)
        patch.setattr(evaluation, "_PAIRS", 20)
        return evaluate(load_encoder(settings.BUNDLED_CHECKPOINT), quiet=True)


def test_the_bundled_checkpoint_finds_what_it_never_saw(bundled):
    assert min(bundled[name]["R@10"].value for name in RETRIEVAL) >= 0.98


def test_the_bundled_checkpoint_finds_other_drawings_of_a_thing(bundled):
    assert bundled["picture to picture"]["mAP@10"].value >= 0.8


def test_the_bundled_checkpoint_knows_the_kinds_of_things(bundled):
    assert bundled["kind"]["P@1"].value >= 0.9


def test_the_bundled_checkpoint_knows_the_settings(bundled):
    assert bundled["setting"]["P@1"].value >= 0.9


@pytest.mark.parametrize("name", ["studio-siglip", "studio-clip"])
def test_the_other_bundled_checkpoints_find_what_they_never_saw(name):
    encoder, scenes = load_encoder(str(settings.BUNDLED_CHECKPOINTS / name)), held_out_scenes(200)
    images = picture_vectors(encoder, scenes, "Held out", quiet=True)
    texts = encoder.encode_texts([caption(scene, Random(0), full=True) for scene in scenes])
    assert evaluation._recall(texts, images)["R@10"].value >= 0.98
