"""The command that trains an encoder on with the library's own pictures and words."""

import json

import pytest
from django.core.management import CommandError, call_command

from search.management.library_examples import library_examples
from search.models import Asset, AssetLabel
from tests.support.checkpoints import tiny_siglip
from tests.support.factories import make_asset, make_assets, make_encoder
from workers.encoders.load import load_encoder

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_drawings(monkeypatch):
    monkeypatch.setattr("workers.training.anchors._SCENES", 8)
    monkeypatch.setattr("workers.training.anchors._LONGER_SIDE", 64)


@pytest.fixture(scope="module")
def siglip(tmp_path_factory):
    return tiny_siglip(tmp_path_factory.mktemp("siglip"))


@pytest.fixture
def library():
    make_encoder()
    colours = ("red", "green", "blue") * 20
    make_assets([{"title": f"a {c} barn, number {n}", "colour": c} for n, c in enumerate(colours)])


def train(start, out, **options):
    call_command("train", start=str(start), data="catalogue", steps=2, out=out, **options)


def test_it_trains_on_titles_and_tells_both_figures(library, siglip, tmp_path, capsys):
    train(siglip, tmp_path / "out", json=True)
    figures = json.loads(capsys.readouterr().out)
    assert "R@10" in figures["before"]["words to picture"]
    assert "R@10" in figures["after"]["picture to words"]
    assert load_encoder(str(tmp_path / "out")).dimensions == 32


def test_where_none_serves_yet_the_figures_are_still_all_that_is_printed(siglip, tmp_path, capsys):
    with pytest.raises(CommandError, match="0 pictures have captions"):
        train(siglip, tmp_path / "out", json=True)
    assert capsys.readouterr().out == ""


def test_an_encoder_of_the_library_is_named_by_its_slug(library, siglip, tmp_path):
    make_encoder(slug="ours", checkpoint=str(siglip), revision="", dimensions=32, state="building")
    train("ours", tmp_path / "out", towers="locked-image")
    assert f"Trained on from `{siglip}`" in (tmp_path / "out" / "README.md").read_text()


def test_titles_descriptions_and_peoples_labels_are_its_captions():
    make_asset(title="barn", description="By the road, 1931.", labels=("wood", "farm"))
    [example] = library_examples()
    assert example.captions == ["barn", "By the road, 1931.", "farm, wood"]
    assert example.picture().size == (60, 40)


def test_labels_that_an_encoder_suggested_are_none():
    make_asset(title="barn", labels=("wood",))
    AssetLabel.objects.update(source=AssetLabel.Source.ENCODER)
    assert [example.captions for example in library_examples()] == [["barn"]]


def test_a_library_whose_originals_are_lost_is_refused(library, siglip, tmp_path):
    for asset in Asset.objects.all():
        asset.original.storage.delete(asset.original.name)
    with pytest.raises(CommandError, match="pictures to be measured on can be read"):
        train(siglip, tmp_path / "out")
