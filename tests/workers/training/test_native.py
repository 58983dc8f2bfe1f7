"""Pictures in their own proportions: cut as when they are served, filled up without a trace."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize
from transformers import AutoModel, Siglip2ImageProcessorPil

from tests.support.narrow_towers import narrow_towers
from tests.support.sentences import group
from workers.encoders.load import load_encoder
from workers.studio.draw import draw, size_for
from workers.studio.scenes import LEFT, Scene
from workers.training import card
from workers.training.batches import GRID, Drawings, make_drawings, normalized
from workers.training.captioning import LocCaVocabulary
from workers.training.evaluation import WISHES
from workers.training.losses import NO_TARGET
from workers.training.native import FILLING, Patches, cut, in_patches, padded, processor_of
from workers.training.objective import Objective
from workers.training.recipes import NAFLEX, RECIPES
from workers.training.tokens import token_ids
from workers.training.trainer import Session, Training, finish, new_towers

QUICK = replace(RECIPES[NAFLEX], steps=2, batch=8, side=32, seed=5, alone=0)
TEXTS = ["a red ball", "赤いボール、青い ball"]
BALLS = (group("ball", "red"), group("ball", "blue"))
SCENES = [Scene(BALLS, LEFT, "on a grey background", seed) for seed in range(40)]
BANNER = next(scene for scene in SCENES if size_for(scene, 160) == (160, 53))
SQUARE = next(scene for scene in SCENES if size_for(scene, 160) == (160, 160))
WIDE, TALL = (160, 53), (80, 160)


def cut_and_padded(*pictures):
    return padded([cut(picture, processor_of(128, GRID)) for picture in pictures], GRID * GRID)


def banner():
    """A picture of 4 by 13 patches, with 12 places to fill."""
    return cut_and_padded(draw(BANNER, WIDE)).normalized()


def disturbed(pictures, where):
    noise = torch.randn(pictures.values.shape, generator=torch.Generator().manual_seed(1))
    return Patches(torch.where(where[..., None], noise, pictures.values), pictures.shapes)


# Cut ---------------------------------------------------------------------------------------------


def test_pictures_are_cut_as_when_they_are_served():
    pictures = [draw(BANNER, size) for size in (WIDE, TALL, (160, 160), (107, 160))]
    served = Siglip2ImageProcessorPil(patch_size=16, max_num_patches=64)(
        pictures, return_tensors="pt"
    )
    made = cut_and_padded(*pictures).normalized()
    torch.testing.assert_close(made.values, served.pixel_values, atol=1e-6, rtol=0)
    assert torch.equal(~made.filling, served.pixel_attention_mask.bool())
    assert torch.equal(made.shapes, served.spatial_shapes)


def test_wide_and_tall_pictures_of_a_scene_have_different_grids():
    pictures = cut_and_padded(*(draw(BANNER, size) for size in (WIDE, TALL)))
    assert pictures.shapes.tolist() == [[4, 13], [10, 5]]


def test_rows_are_chosen_with_their_shapes():
    one, other = draw(BANNER, WIDE), draw(BANNER, TALL)
    row = cut_and_padded(one, other)[[1]]
    assert torch.equal(row.values, cut_and_padded(other).values)
    assert row.shapes.tolist() == [[10, 5]]


# Drawn -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def balls():
    return in_patches([BANNER, SQUARE], 128, GRID, quiet=True)


def test_drawings_keep_their_proportions(balls):
    pictures, groups = balls
    assert pictures.shapes.tolist() == [[4, 13], [8, 8]]
    assert torch.equal(pictures.values[:1], cut_and_padded(draw(BANNER, WIDE)).values)
    assert torch.equal(groups == FILLING, pictures.filling)


@pytest.mark.parametrize("row", [0, 1], ids=["banner", "square"])
def test_what_patches_show_lies_where_the_picture_has_it(balls, row):
    pictures, groups = balls
    grid = pictures.in_grids(groups)[row]
    red, blue = ((grid == number).nonzero()[:, 1] for number in (1, 2))
    assert red.max() < blue.min()
    colours = pictures.values[row].view(GRID * GRID, -1, 3).float().mean(1)
    assert colours[groups[row] == 1].mean(0).argmax() == 0
    assert colours[groups[row] == 2].mean(0).argmax() == 2


@pytest.fixture(scope="module")
def drawings():
    return make_drawings(16, QUICK.side, QUICK.seed, native=True, quiet=True)


def batch_of(source, tokenizer, step=0):
    return source.batch(step, QUICK.batch, QUICK.seed, tokenizer)


@pytest.fixture(scope="module")
def towers(drawings):
    return new_towers(QUICK, drawings.texts()).eval()


def test_the_scenes_are_those_of_the_other_recipes(drawings):
    squares = make_drawings(16, QUICK.side, QUICK.seed, quiet=True)
    assert list(map(repr, drawings.scenes)) == list(map(repr, squares.scenes))


def test_every_patch_is_asked_and_no_filling(drawings, towers):
    batch = batch_of(drawings, towers.tokenizer)
    unasked = (batch.answers == NO_TARGET).all(-1)
    assert torch.equal(unasked, batch.filling) and unasked.any()


def test_a_patch_is_asked_for_what_its_own_picture_shows_there(balls, towers):
    batch = batch_of(Drawings([BANNER, SQUARE], *balls), towers.tokenizer)
    roles = torch.tensor([NO_TARGET, 0, 1, NO_TARGET])
    assert torch.equal(batch.pictures.shapes, balls[0].shapes)
    assert torch.equal(batch.answers[..., -1], roles[balls[1].long()])


def boxes_in_sequences(shapes, groups, tokenizer):
    """Of many batches of a picture with its twin, the boxes of the first group."""
    pixels = Patches(torch.zeros(2, GRID * GRID, 3, dtype=torch.uint8), torch.tensor(shapes))
    source = Drawings([Scene(BALLS[:1], "alone", "on a beach", 1)] * 2, pixels, groups)
    batches = [source.batch(step, 2, 0, tokenizer).sequences for step in range(12)]
    ground = LocCaVocabulary(len(tokenizer)).ground
    return {tuple(ids[1:5]) for each in batches for ids in each.ids.tolist() if ids[0] == ground}


def test_a_box_is_measured_in_parts_of_its_own_picture(towers):
    grid = torch.zeros(4, 13, dtype=torch.uint8)
    grid[1:3, 2:7] = 1
    groups = torch.full((2, GRID * GRID), FILLING, dtype=torch.uint8)
    groups[:, :52] = grid.flatten()
    place = LocCaVocabulary(len(towers.tokenizer)).place
    right = tuple(map(place, (2 / 13, 1 / 4, 7 / 13, 3 / 4)))
    assert boxes_in_sequences([[4, 13]] * 2, groups, towers.tokenizer) == {right}


# Seen --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large():
    return new_towers(replace(QUICK, side=128), TEXTS).eval()


@torch.no_grad()
def test_filling_changes_nothing(large):
    pictures = banner()
    patches, vectors = large.pictures(pictures)
    unfilled = Patches(pictures.values[:, :52], pictures.shapes)
    for same in (unfilled, disturbed(pictures, pictures.filling)):
        others, other = large.pictures(same)
        torch.testing.assert_close(other, vectors, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(others[:, :52], patches[:, :52], atol=1e-5, rtol=1e-5)
    assert not torch.allclose(
        large.pictures(disturbed(pictures, ~pictures.filling))[1], vectors, atol=1e-2
    )


@torch.no_grad()
def test_the_same_patches_in_another_grid_are_another_picture(large):
    pictures = banner()
    turned = Patches(pictures.values, pictures.shapes.flip(1))
    assert not torch.allclose(large.pictures(turned)[1], large.pictures(pictures)[1], atol=1e-3)


@torch.no_grad()
def test_no_term_of_the_recipe_looks_at_filling(drawings, towers):
    objective, batch = Objective(QUICK, towers), batch_of(drawings, towers.tokenizer)
    noisy = replace(batch, pictures=disturbed(batch.pictures, batch.filling))
    losses = [objective(towers, each, 0) for each in (batch, noisy)]
    torch.testing.assert_close(*losses, atol=0, rtol=1e-5)


def test_towers_are_as_large_as_those_of_squares(large):
    squares = new_towers(replace(RECIPES["siglip2"], side=128), TEXTS)
    sizes = [sum(p.numel() for p in each.parameters()) for each in (large, squares)]
    assert sizes[0] == sizes[1]
    assert large.model.logit_scale.exp().item() == pytest.approx(10)
    assert large.model.logit_bias.item() == -10


# Trained -----------------------------------------------------------------------------------------


def trained_in(folder, drawings):
    texts = drawings.texts()
    with narrow_towers():
        training = Training(QUICK, new_towers(QUICK, texts), drawings, texts)
    finish(training, Session(folder, quiet=True))
    return training.towers.eval()


@pytest.fixture(scope="module")
def trained(drawings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("native")
    return folder, trained_in(folder, drawings)


def unit(vectors):
    return normalize(vectors).detach().numpy()


def test_what_was_trained_is_loaded_as_naflex(trained):
    encoder = load_encoder(str(trained[0]))
    assert (encoder.family, encoder.patches) == ("SigLIP 2 NaFlex", GRID * GRID)
    assert type(AutoModel.from_pretrained(trained[0])).__name__ == "Siglip2Model"


@pytest.mark.parametrize("size", [WIDE, TALL, (160, 160)])
def test_the_encoder_sees_a_picture_as_the_trained_towers_do(trained, size):
    folder, towers = trained
    picture = draw(BANNER, size)
    seen = towers.pictures(normalized(towers.together([towers.prepared(picture)])))[1]
    served = load_encoder(str(folder)).encode_images([picture])
    np.testing.assert_allclose(served, unit(seen), atol=1e-5)


def test_the_encoder_reads_a_text_as_the_trained_towers_do(trained):
    folder, towers = trained
    read = towers.texts(token_ids(towers.tokenizer, TEXTS))
    # `AutoTokenizer` would cut these otherwise.
    served = load_encoder(str(folder)).encode_texts([text.upper() for text in TEXTS])
    np.testing.assert_allclose(served, unit(read), atol=1e-5)


def test_the_same_seed_trains_the_same_weights(trained, drawings, tmp_path):
    trained_in(tmp_path, drawings)
    one, other = ((folder / "model.safetensors").read_bytes() for folder in (trained[0], tmp_path))
    assert one == other


def test_its_page_says_that_pictures_keep_their_proportions(tmp_path):
    figures = dict.fromkeys(WISHES, {})
    card.write(tmp_path, RECIPES[NAFLEX], card.Run("", 1, "a CPU"), 160, figures)
    page = " ".join((tmp_path / "README.md").read_text().split())
    assert page.startswith("# studio-siglip2-naflex A small SigLIP 2 NaFlex (160 dimensions,")
    assert "in their own proportions, at most 64 patches of 16 px" in page
    assert "without self-distillation and masked prediction" in page
    assert "Its tokenizer is loaded by `PreTrainedTokenizerFast.from_pretrained`" in page
