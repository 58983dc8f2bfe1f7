"""`manage.py evaluate` with a checkpoint of each family, loaded as workers load it."""

import json

import pytest
from django.core.management import call_command
from PIL import Image

from search.models import Evaluation
from tests.support import checkpoints
from tests.support.factories import make_encoder
from workers.encoders.load import load_encoder

pytestmark = pytest.mark.django_db
FAMILIES = ("tiny_siglip", "tiny_naflex", "tiny_siglip_1", "tiny_clip")


@pytest.fixture
def pictures(tmp_path):
    """Two pictures with two captions each, as COCO has them."""
    folder = tmp_path / "coco"
    folder.mkdir()
    captions = {"red": ["a red car", "RED CAR"], "green": ["a green mug", "a mug"]}
    for colour in captions:
        Image.new("RGB", (40, 30), colour).save(folder / f"{colour}.png")
    coco = {
        "images": [{"id": colour, "file_name": f"{colour}.png"} for colour in captions],
        "annotations": [
            {"image_id": colour, "caption": text}
            for colour, texts in captions.items()
            for text in texts
        ],
    }
    (folder / "captions_val2017.json").write_text(json.dumps(coco))
    return folder


def test_encoders_of_all_families_stand_side_by_side(pictures, tmp_path, capsys):
    make_encoder()
    for name in FAMILIES:
        folder = tmp_path / name
        folder.mkdir()
        loaded = load_encoder(str(getattr(checkpoints, name)(folder)))
        make_encoder(
            slug=name,
            checkpoint=loaded.checkpoint,
            revision=loaded.revision,
            dimensions=loaded.dimensions,
            patches=loaded.patches,
            state="ready",
        )
    chosen = [argument for name in FAMILIES for argument in ("--encoder", name)]
    call_command("evaluate", *chosen, "--captions", str(pictures), "--json")

    there, *_ = json.loads(capsys.readouterr().out)["results"]
    assert (there["task"], there["queries"]) == ("words to pictures", 4)
    assert list(there["figures"]) == list(FAMILIES)
    assert len(there["differences"]) == 6
    assert Evaluation.objects.filter(task="words to pictures").count() == len(FAMILIES)
