"""Training an encoder on with people's own pictures and captions."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from safetensors.numpy import load_file

from tests.support.checkpoints import tiny_clip, tiny_naflex, tiny_siglip
from tests.support.examples import caption, make_examples, picture, write_folder
from tests.support.factories import make_asset
from tests.support.narrow_towers import narrow_towers
from tests.support.promises import only_in_full
from workers.encoders.load import load_encoder
from workers.studio.captions import wish_words
from workers.studio.scenes import Wish
from workers.training import anchors, finetuning
from workers.training.examples import (
    Example,
    Unreadable,
    fit_for_training,
    folder_examples,
    pairs_of,
)
from workers.training.finetuning import finetune, recall, recipe_for
from workers.training.recipes import RECIPES, TOWERS
from workers.training.resume import Stopped, TrainingError
from workers.training.trainer import Session

MANY = 90


@pytest.fixture(scope="module", autouse=True)
def few_drawings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anchors, "_SCENES", 8)
        patch.setattr(anchors, "_LONGER_SIDE", 64)
        yield


@pytest.fixture
def more_drawings(monkeypatch):
    monkeypatch.setattr(anchors, "_SCENES", 32)
    monkeypatch.setattr(anchors, "_LONGER_SIDE", 160)


@pytest.fixture(scope="module")
def siglip(tmp_path_factory):
    return tiny_siglip(tmp_path_factory.mktemp("siglip"))


@pytest.fixture(scope="module")
def whole(siglip, tmp_path_factory):
    """Gives the folder of an unbroken run with these towers, which no test may change."""

    @cache
    def trained(towers):
        folder = tmp_path_factory.mktemp(towers)
        finetuned(siglip, folder, towers=towers)
        return folder

    return trained


def finetuned(
    checkpoint, folder, *, resume=False, listener=None, rate=0, towers="all", steps=3, batch=16
):
    session = Session(folder, resume, quiet=True, listener=listener)
    recipe = replace(recipe_for(towers=towers, steps=steps), batch=batch)
    if rate:
        recipe = replace(recipe, learning_rate=rate, word_rate=rate)
    return finetune(str(checkpoint), recipe, make_examples(MANY), session, command="")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def changed(checkpoint, folder):
    """The names of the tensors that are no longer the same."""
    before, after = (load_file(each / "model.safetensors") for each in (checkpoint, folder))
    assert before.keys() == after.keys()
    return {name for name in before if not np.array_equal(before[name], after[name])}


@only_in_full
def test_it_finds_more_of_what_was_held_out(siglip, tmp_path, more_drawings):
    figures = finetuned(siglip, tmp_path, steps=100, rate=1e-3, batch=64)
    before, after = (figures[when]["words to picture"]["R@10"].value for when in figures)
    assert after >= 2 * before


@pytest.mark.parametrize("towers", TOWERS)
def test_the_result_is_an_encoder_and_the_first_one_is_as_it_was(siglip, whole, tmp_path, towers):
    assert load_encoder(str(whole(towers))).encode_images([picture(0)]).shape == (1, 32)
    assert contents(siglip) == contents(tiny_siglip(tmp_path))


def drift(checkpoint, folder):
    """How far the studio's words have moved."""
    words = [wish_words(wish) for wish in map(Wish, ("mug", "boat", "cactus", "drum"))]
    before, after = (load_encoder(str(each)).encode_texts(words) for each in (checkpoint, folder))
    return 1 - (before * after).sum(axis=1).mean()


@only_in_full
def test_an_encoder_is_held_to_what_it_knew(siglip, tmp_path, monkeypatch, more_drawings):
    finetuned(siglip, tmp_path / "held", rate=1e-3, steps=20, batch=64)
    monkeypatch.setattr(finetuning, "_DRIFT_WEIGHT", 0)
    finetuned(siglip, tmp_path / "free", rate=1e-3, steps=20, batch=64)
    assert drift(siglip, tmp_path / "held") < drift(siglip, tmp_path / "free") / 2


def test_a_locked_image_tower_stays_the_same(siglip, whole):
    names = changed(siglip, whole("locked-image"))
    assert any(name.startswith("text_model.") for name in names)
    assert not any(name.startswith("vision_model.") for name in names)


def test_low_rank_adapters_are_merged_into_matrices_of_both_towers(siglip, whole):
    names = changed(siglip, whole("lora")) - {"logit_scale", "logit_bias"}
    assert {name.split(".")[0] for name in names} == {"text_model", "vision_model"}
    assert all(".layers." in name or "token_embedding" in name for name in names)


def test_what_low_rank_adapters_change_has_a_low_rank(siglip, whole):
    name = "vision_model.encoder.layers.0.mlp.fc1.weight"
    folders = siglip, whole("lora")
    before, after = (load_file(folder / "model.safetensors")[name] for folder in folders)
    assert 0 < np.linalg.matrix_rank(after - before, tol=1e-6) <= 16


def test_clip_is_trained_on_by_its_own_loss(tmp_path):
    checkpoint = tiny_clip(tmp_path)
    out = tmp_path / "out"
    finetuned(checkpoint, out)
    assert "logit_bias" not in load_file(out / "model.safetensors")
    assert "logit_scale" in changed(checkpoint, out)


def test_clips_words_come_out_as_its_encoder_reads_them(tmp_path):
    from workers.encoders.checkpoint import find
    from workers.training.finetuning import load_towers
    from workers.training.tokens import token_ids

    towers = load_towers(find(str(tiny_clip(tmp_path)), ""))
    vectors = towers.texts(token_ids(towers.tokenizer, ["red", "blue over red"])).detach().numpy()
    expected = load_encoder(str(tmp_path)).encode_texts(["red", "blue over red"])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert np.allclose(vectors, expected, atol=1e-5)


@pytest.mark.parametrize("make", [tiny_siglip, tiny_clip])
def test_pictures_are_prepared_as_the_encoder_does_it(tmp_path, make):
    from workers.encoders.checkpoint import find
    from workers.training.finetuning import load_towers

    towers = load_towers(find(str(make(tmp_path)), ""))
    wide = picture(0, 60).crop((0, 0, 60, 40))
    pairs = pairs_of([Example("wide", lambda: wide, ["wide"])] * 50, towers, quiet=True)
    batch = pairs.batch(0, 1, 0, towers.tokenizer)
    vector = towers.eval().pictures(batch.pictures)[1].detach().numpy()[0]
    expected = load_encoder(str(tmp_path)).encode_images([wide])[0]
    # To bytes and back it is rounded.
    assert vector @ expected / np.linalg.norm(vector) > 0.9999


@pytest.mark.parametrize("towers", TOWERS)
def test_a_resumed_fine_tuning_ends_like_an_unbroken_one(siglip, whole, tmp_path, towers):
    with pytest.raises(Stopped):
        finetuned(siglip, tmp_path, towers=towers, listener=lambda progress: False)
    finetuned(siglip, tmp_path, towers=towers, resume=True)
    assert not changed(whole(towers), tmp_path)


def test_naflex_encoders_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="pictures of any shape"):
        finetuned(tiny_naflex(tmp_path), tmp_path / "out")


# What there is to learn from ---------------------------------------------------------------------


def test_too_few_pictures_are_refused():
    with pytest.raises(TrainingError, match="49 pictures have captions, and at least 50"):
        fit_for_training(make_examples(49))


def test_pictures_without_words_do_not_count():
    silent = [Example(each.name, each.picture, ["", "  "]) for each in make_examples(10)]
    assert len(fit_for_training([*silent, *make_examples(60)])) == 60


def test_captions_that_all_say_the_same_are_refused():
    same = [Example(each.name, each.picture, ["a picture"]) for each in make_examples(60)]
    with pytest.raises(TrainingError, match="All captions are the same"):
        fit_for_training(same)


def test_pictures_that_cannot_be_read_are_left_out(siglip):
    def unreadable():
        raise Unreadable("unreadable_picture", name="broken.png")

    from workers.encoders.checkpoint import find
    from workers.training.finetuning import load_towers

    towers, broken = (
        load_towers(find(str(siglip), "")),
        Example("broken.png", unreadable, ["a wall"]),
    )
    assert len(pairs_of([broken, *make_examples(60)], towers, quiet=True).captions) == 60
    with pytest.raises(TrainingError, match="60 of 70 pictures cannot be read"):
        pairs_of([*[broken] * 60, *make_examples(10)], towers, quiet=True)


def test_one_in_five_is_held_out_and_always_the_same():
    held_out = [each.is_held_out for each in make_examples(500)]
    assert 70 < sum(held_out) < 130
    assert held_out == [each.is_held_out for each in make_examples(500)]


@pytest.mark.parametrize("beside", [True, False])
def test_a_folder_has_its_captions_beside_the_pictures_or_in_a_table(tmp_path, beside):
    write_folder(tmp_path, 7, beside=beside)
    examples = folder_examples(tmp_path)
    assert [each.captions for each in examples] == [[caption(number)] for number in range(7)]
    assert examples[3].picture().getpixel((0, 0)) == picture(3).getpixel((0, 0))


def test_a_table_may_have_several_captions_of_a_picture(tmp_path):
    rows = [{"file": "a.png", "caption": text} for text in ("a wall", "eine Wand")]
    (tmp_path / "captions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert [each.captions for each in folder_examples(tmp_path)] == [["a wall", "eine Wand"]]


@pytest.mark.parametrize("table", ['{"file": "a.png"}', "[1]", "no json"])
def test_a_table_that_is_none_is_refused(tmp_path, table):
    (tmp_path / "captions.jsonl").write_text(table)
    with pytest.raises(TrainingError, match="is no table of captions"):
        folder_examples(tmp_path)


def test_a_folder_without_captions_is_refused(tmp_path):
    picture(0).save(tmp_path / "0.png")
    with pytest.raises(TrainingError, match="holds no captions: there should be"):
        folder_examples(tmp_path)


def test_a_file_that_is_no_picture_is_unreadable(tmp_path):
    (tmp_path / "0.png").write_text("no picture")
    (tmp_path / "0.txt").write_text("a wall")
    with pytest.raises(Unreadable):
        folder_examples(tmp_path)[0].picture()


@pytest.mark.parametrize("held_out", [True, False])
def test_where_chance_holds_none_out_one_is_all_the_same(siglip, tmp_path, held_out):
    some = [each for each in make_examples(400) if each.is_held_out == held_out][:60]
    recipe = replace(recipe_for(steps=1), batch=16)
    figures = finetune(str(siglip), recipe, some, Session(tmp_path, quiet=True), command="")
    assert set(figures) == {"before", "after"}


# Before and after --------------------------------------------------------------------------------


class Colours:
    """Encodes examples by what their captions say, or all of them alike."""

    def __init__(self, *, blind=False):
        self.blind = blind

    def encode_texts(self, texts):
        return self.rows([sorted(map(caption, range(24))).index(text) for text in texts])

    def encode_images(self, images):
        return self.rows(range(len(images)))

    def rows(self, numbers):
        return np.ones((len(numbers), 1)) if self.blind else np.eye(24)[list(numbers)]


def test_an_encoder_that_sees_all_alike_finds_nothing():
    figures = recall(Colours(blind=True), make_examples(24))
    assert figures["words to picture"]["R@1"].value == 0


def test_pictures_that_cannot_be_read_are_not_measured_on():
    def unreadable():
        raise Unreadable("unreadable_picture", name="broken.png")

    broken = Example("broken.png", unreadable, ["red over green"])
    ordered = sorted(make_examples(24), key=lambda each: each.captions[0])
    assert recall(Colours(), [*ordered, broken]) == recall(Colours(), ordered)
    with pytest.raises(TrainingError, match="None of the 3 pictures to be measured on"):
        recall(Colours(), [broken] * 3)


def test_any_picture_with_the_same_caption_is_right():
    ordered = sorted(make_examples(24), key=lambda each: each.captions[0])
    figures = recall(Colours(), ordered)
    assert figures["words to picture"]["R@1"].value == figures["picture to words"]["R@1"].value == 1


# The command -------------------------------------------------------------------------------------


def test_the_command_trains_on_a_folder_and_tells_both_figures(siglip, tmp_path, capsys):
    (tmp_path / "pictures").mkdir()
    write_folder(tmp_path / "pictures", MANY)
    call_command(
        "train",
        start=str(siglip),
        data=str(tmp_path / "pictures"),
        steps=2,
        out=tmp_path / "out",
        json=True,
    )
    figures = json.loads(capsys.readouterr().out)
    assert figures["checkpoint"] == str(tmp_path / "out")
    assert {"value", "low", "high"} == set(figures["before"]["words to picture"]["R@10"])
    assert set(figures["after"]) == set(figures["before"])
    page = (tmp_path / "out" / "README.md").read_text()
    data = tmp_path / "pictures"
    command = f"train --from {siglip} --data {data} --towers all --steps 2 --seed 0"
    assert f"    manage.py {command}\n" in page and "| measure | before | after |" in page
    assert f"Trained on from `{siglip}`" in page and "2 steps of 64, seed 0" in page.replace(
        "\n", " "
    )


@pytest.mark.parametrize(
    ("recipe", "family"), [("clip", "CLIP"), ("siglip2-naflex", "SigLIP 2 NaFlex")]
)
def test_the_command_trains_a_new_encoder_on_a_folder(
    tmp_path, capsys, monkeypatch, recipe, family
):
    monkeypatch.setitem(RECIPES, recipe, replace(RECIPES[recipe], batch=8, side=32))
    (tmp_path / "pictures").mkdir()
    write_folder(tmp_path / "pictures", MANY)
    folder, out = str(tmp_path / "pictures"), tmp_path / "out"
    with narrow_towers():
        call_command("train", recipe=recipe, data=folder, steps=1, out=out, json=True)
    assert "words to picture" in json.loads(capsys.readouterr().out)
    assert load_encoder(str(out)).family == family


def test_the_command_refuses_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="There is no folder"):
        call_command("train", data=str(tmp_path / "none"), out=tmp_path / "out")


@pytest.mark.django_db
def test_the_command_refuses_a_catalogue_that_is_too_small(siglip, tmp_path):
    make_asset(title="barn")
    with pytest.raises(CommandError, match="1 pictures have captions, and at least 50"):
        call_command("train", start=str(siglip), data="catalogue", out=tmp_path / "out")
