"""Self-distillation and masked prediction: the formulas, the teacher, the crops and the masks."""

import math

import numpy as np
import pytest
import torch
from transformers import (
    Siglip2VisionConfig,
    Siglip2VisionModel,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from tests.support.slopes import assert_same, log_softmax, unit
from workers.training.distillation import (
    DistillationLoss,
    MaskedPredictionLoss,
    Teacher,
    local_crops,
    masked_patches,
    random_masks,
)

SIZE = {
    "hidden_size": 8,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "patch_size": 2,
}


def numbers(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# The teacher -------------------------------------------------------------------------------------


def test_the_teacher_is_a_moving_average():
    student = torch.nn.Linear(1, 1)
    student.weight.data.fill_(1)
    teacher = Teacher(student, decay=0.9)
    student.weight.data.fill_(2)
    teacher.update(student)
    teacher.update(student)
    assert teacher.average.weight.item() == pytest.approx(2 - 0.9**2)


def test_no_gradient_reaches_the_teacher():
    teacher = Teacher(torch.nn.Linear(3, 3))
    seen = teacher(torch.ones(1, 3, requires_grad=True))
    assert not seen.requires_grad
    assert not any(parameter.requires_grad for parameter in teacher.parameters())


def test_the_teacher_never_trains():
    assert not Teacher(torch.nn.Dropout()).train().average.training


# The formulas ------------------------------------------------------------------------------------


class Taught(torch.nn.Module):
    """A loss with the teacher's outputs at hand, so that only the student's are derived by."""

    def __init__(self, loss, *constants):
        super().__init__()
        self.loss, self.constants = loss, map(torch.tensor, constants)
        # Apart from the student's, or one could stand for the other.
        for name, parameter in loss.named_parameters():
            if "teacher" in name:
                parameter.data += 0.1
        for name, buffer in loss.named_buffers():
            buffer += torch.tensor(numbers(*buffer.shape, seed=len(name)) / 10)

    def forward(self, student):
        return self.loss(student, *self.constants)


def likeness(numbers, name, rows):
    first = rows @ numbers[f"{name}.narrow.0.weight"].T + numbers[f"{name}.narrow.0.bias"]
    inner = first * (1 + np.vectorize(math.erf)(first / 2**0.5)) / 2
    narrow = inner @ numbers[f"{name}.narrow.2.weight"].T + numbers[f"{name}.narrow.2.bias"]
    return unit(narrow) @ unit(numbers[f"{name}.prototypes"]).T


def distilled(numbers, name, student, teacher):
    """The mean over rows of both; a row of the one for each of the other."""
    answers = likeness(numbers, f"{name}.teacher_head.average", teacher)
    right = np.exp(log_softmax((answers - numbers[f"{name}.centre"]) / 0.04))
    guesses = log_softmax(likeness(numbers, f"{name}.head", student) / 0.1)
    return np.mean([-(r * g).sum() for r, g in zip(right, guesses, strict=True)])


def small(loss):
    """The same loss with fewer numbers in its heads: each is nudged four times."""
    for head in (loss.head, loss.teacher_head.average):
        torch.manual_seed(len(list(loss.modules())))
        head.narrow = torch.nn.Sequential(
            torch.nn.Linear(3, 4), torch.nn.GELU(), torch.nn.Linear(4, 3)
        )
        head.prototypes = torch.nn.Parameter(torch.randn(5, 3))
    loss.teacher_head.requires_grad_(False)
    return loss


def test_distillation_is_the_published_cross_entropy():
    teacher = numbers(4, 3, seed=2)
    loss = Taught(small(DistillationLoss(3, 5)), teacher)
    assert_same(loss, lambda n: distilled(n, "loss", n["student"], teacher), student=numbers(4, 3))


def test_several_views_are_all_asked_for_the_whole():
    teacher = numbers(4, 3, seed=2)
    loss = Taught(small(DistillationLoss(3, 5)), teacher)

    def reference(n):
        return np.mean([distilled(n, "loss", view, teacher) for view in n["student"]])

    assert_same(loss, reference, student=numbers(2, 4, 3))


def test_only_what_was_hidden_is_predicted():
    teacher, mask = numbers(2, 3, 3, seed=2), np.array([[1, 0, 1], [0, 1, 0]], bool)
    loss = MaskedPredictionLoss(3, 5)
    small(loss.likeness)
    loss.mask_token.requires_grad_(False)  # It plays its part in the tower.
    assert_same(
        Taught(loss, teacher, mask),
        lambda n: distilled(n, "loss.likeness", n["student"][mask], teacher[mask]),
        student=numbers(2, 3, 3),
    )


def test_the_centre_follows_the_teachers_answers():
    loss, teacher = DistillationLoss(3, 5), torch.tensor(numbers(4, 3)).float()
    loss(teacher, teacher)
    expected = 0.1 * loss.teacher_head(teacher).mean(0)
    torch.testing.assert_close(loss.centre, expected)
    loss.eval()(teacher, teacher)
    torch.testing.assert_close(loss.centre, expected)


@pytest.mark.parametrize("kind", [DistillationLoss, MaskedPredictionLoss])
def test_the_teachers_head_follows_the_students(kind):
    loss = kind(3, 5, decay=0.5)
    inner = getattr(loss, "likeness", loss)
    before = inner.head.prototypes.detach().clone()
    inner.head.prototypes.data += 1
    loss.update()
    torch.testing.assert_close(inner.teacher_head.average.prototypes, before + 0.5)


# Masks -------------------------------------------------------------------------------------------


def test_half_of_each_pictures_patches_are_hidden_each_time_others():
    masks = random_masks(50, 16, generator())
    assert masks.sum(1).tolist() == [8] * 50
    assert masks.float().mean(0).min() > 0 and masks.float().mean(0).max() < 1


@pytest.fixture
def tower():
    torch.manual_seed(0)
    return SiglipVisionModel(SiglipVisionConfig(image_size=6, **SIZE)).eval()


@torch.no_grad()
def test_without_a_mask_the_tower_sees_all(tower):
    pixels, none = torch.rand(2, 3, 6, 6), torch.zeros(2, 9, dtype=torch.bool)
    seen = masked_patches(tower, pixels, none, torch.ones(8))
    torch.testing.assert_close(seen, tower(pixels).last_hidden_state)


@torch.no_grad()
def test_a_hidden_patch_is_not_seen_but_its_place_is_known(tower):
    pixels, mask = torch.rand(1, 3, 6, 6), torch.zeros(1, 9, dtype=torch.bool)
    mask[0, [4, 5]] = True  # In the middle row, the second and the third.
    seen = masked_patches(tower, pixels, mask, torch.ones(8))
    pixels[:, :, 2:4, 2:] = 0
    torch.testing.assert_close(masked_patches(tower, pixels, mask, torch.ones(8)), seen)
    pixels[:, :, 2:4, :2] = 0
    assert not torch.allclose(masked_patches(tower, pixels, mask, torch.ones(8)), seen)
    assert not torch.allclose(seen[0, 4], seen[0, 5])


@torch.no_grad()
def test_after_a_masked_pass_the_tower_sees_all_again(tower):
    pixels = torch.rand(1, 3, 6, 6)
    before = tower(pixels).last_hidden_state
    masked_patches(tower, pixels, torch.ones(1, 9, dtype=torch.bool), torch.ones(8))
    torch.testing.assert_close(tower(pixels).last_hidden_state, before)


@torch.no_grad()
def test_patches_of_a_native_aspect_ratio_are_hidden_too():
    torch.manual_seed(0)
    tower = Siglip2VisionModel(Siglip2VisionConfig(num_patches=9, **SIZE)).eval()
    constants = {
        "pixel_attention_mask": torch.ones(1, 6, dtype=torch.long),
        "spatial_shapes": torch.tensor([[2, 3]]),
    }
    pixels, mask = torch.rand(1, 6, 12), torch.arange(6)[None] == 3
    seen = masked_patches(tower, pixels, mask, torch.ones(8), **constants)
    pixels[0, 3] = 0
    torch.testing.assert_close(
        masked_patches(tower, pixels, mask, torch.ones(8), **constants), seen
    )


# Crops -------------------------------------------------------------------------------------------


def ramps(side=16):
    """Pictures whose first channel is how far to the right, the second how far down: -1 to 1."""
    places = (torch.arange(side) + 0.5) / side * 2 - 1
    return torch.stack([places.expand(side, side), places[:, None].expand(side, side)])[None]


def test_a_crop_of_the_whole_area_is_the_picture():
    crops = local_crops(ramps(), generator(), 1, 16, area=(1, 1))
    torch.testing.assert_close(crops[0], ramps())


def test_crops_are_upright_squares_of_the_area_asked_for():
    crops = local_crops(ramps(), generator(), 200, 2, area=(0.25, 0.25))[:, 0]
    right, down = crops[:, 0], crops[:, 1]
    # The centres of two pixels of a square of half the side lie half a side apart.
    torch.testing.assert_close(right[:, :, 1] - right[:, :, 0], torch.full((200, 2), 0.5))
    torch.testing.assert_close(down[:, 1] - down[:, 0], torch.full((200, 2), 0.5))


def test_crops_reach_everywhere_and_differ():
    crops = local_crops(ramps().repeat(2, 1, 1, 1), generator(), 200, 8)
    assert crops.shape == (200, 2, 2, 8, 8)
    assert crops.min() < -0.9 and crops.max() > 0.9
    assert len(crops[:, :, 0].mean((2, 3)).unique()) == 400


def test_each_crop_is_of_its_own_picture():
    plain = torch.arange(3.0)[:, None, None, None].expand(3, 1, 4, 4)
    crops = local_crops(plain, generator(), 2, 4)
    assert torch.equal(crops, plain.expand(2, 3, 1, 4, 4))


def test_the_same_generator_cuts_the_same_crops():
    one, other = (local_crops(ramps(), generator(7), 3, 8) for _ in range(2))
    assert torch.equal(one, other)
