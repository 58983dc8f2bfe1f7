"""The contrastive losses and the questions beside them: as published, no larger than said."""

import math

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.support.slopes import assert_same, log_softmax, unit
from workers.training.losses import NO_TARGET, FactLoss, PatchLoss, SigmoidLoss, SoftmaxLoss


def rows(seed, count=6):
    return unit(np.random.default_rng(seed).normal(size=(count, 4)))


OWN = np.eye(6)  # Row i of both belongs together.
SEVERAL = np.random.default_rng(3).integers(0, 2, (8, 6))  # More texts than pictures.
SEVERAL[2] = 0  # A text that fits nothing,
SEVERAL[:, 4] = 0  # and a picture.


class Matched(torch.nn.Module):
    """A loss with its matches at hand, so that only vectors are derived by."""

    def __init__(self, loss, matches=None):
        super().__init__()
        self.loss, self.matches = loss, matches

    def forward(self, texts, images):
        matches = None if self.matches is None else torch.tensor(self.matches)
        return self.loss(texts, images, matches)


# Sigmoid -----------------------------------------------------------------------------------------


def sigmoid_reference(matches):
    def reference(numbers):
        total = 0.0
        for i, text in enumerate(numbers["texts"]):
            for j, image in enumerate(numbers["images"]):
                logit = np.exp(numbers["loss.log_scale"]) * (text @ image) + numbers["loss.bias"]
                total += np.log1p(np.exp(-logit if matches[i][j] else logit))
        return total / len(numbers["texts"])

    return reference


@pytest.mark.parametrize("chunk", [None, 1, 4, 100])
def test_the_sigmoid_loss_is_the_published_one(chunk):
    loss = Matched(SigmoidLoss(chunk=chunk))
    assert_same(loss, sigmoid_reference(OWN), texts=rows(1), images=rows(2))


@pytest.mark.parametrize("chunk", [None, 3])
def test_to_the_sigmoid_loss_a_text_may_fit_several_pictures(chunk):
    loss = Matched(SigmoidLoss(chunk=chunk), SEVERAL)
    assert_same(loss, sigmoid_reference(SEVERAL), texts=rows(1, 8), images=rows(2))


def test_the_sigmoid_loss_keeps_its_precision_where_pairs_are_clear():
    loss = Matched(SigmoidLoss(math.log(100), -20.0))
    assert_same(loss, sigmoid_reference(OWN), texts=rows(1), images=rows(1))


def test_the_sigmoid_loss_starts_at_the_published_scale_and_bias():
    loss = SigmoidLoss()
    assert loss.log_scale.exp().item() == pytest.approx(10)
    assert loss.bias.item() == -10


class Largest(TorchDispatchMode):
    """How many numbers the largest tensor holds that is made meanwhile."""

    numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        sizes = [leaf.numel() for leaf in tree_leaves(made) if isinstance(leaf, torch.Tensor)]
        self.numbers = max([self.numbers, *sizes])
        return made


@pytest.mark.parametrize(("chunk", "largest"), [(None, 256 * 256), (8, 8 * 256)])
def test_in_chunks_no_tensor_holds_all_pairs(chunk, largest):
    texts = torch.tensor(rows(1, 256), requires_grad=True)
    with Largest() as made:
        SigmoidLoss(chunk=chunk)(texts, torch.tensor(rows(2, 256))).backward()
    assert made.numbers == largest


def largest_saved(chunk):
    """How many numbers the loss keeps for the way back."""
    numbers = []

    def keep(tensor):
        numbers.append(tensor.numel())
        return tensor

    texts = torch.tensor(rows(1, 256), requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        SigmoidLoss(chunk=chunk)(texts, torch.tensor(rows(2, 256)))
    return sum(numbers)


def test_in_chunks_the_pairs_are_not_kept_for_the_way_back():
    assert largest_saved(8) < 256 * 256 <= largest_saved(None)


# Softmax -----------------------------------------------------------------------------------------


def softmax_reference(matches):
    def one_way(logits, fits):
        losses = [
            -log_softmax(row)[fit > 0].mean()
            for row, fit in zip(logits, fits, strict=True)
            if fit.any()
        ]
        return np.mean(losses)

    def reference(numbers):
        cosines = numbers["texts"] @ numbers["images"].T
        logits = np.exp(numbers["loss.log_scale"]) * cosines
        return (one_way(logits, matches) + one_way(logits.T, matches.T)) / 2

    return reference


@pytest.mark.parametrize("matches", [None, OWN], ids=["by row", "by matches"])
def test_the_softmax_loss_is_the_published_one(matches):
    loss = Matched(SoftmaxLoss(), matches)
    assert_same(loss, softmax_reference(OWN), texts=rows(1), images=rows(2))


def test_to_the_softmax_loss_all_that_fit_are_equally_right():
    loss = Matched(SoftmaxLoss(), SEVERAL)
    assert_same(loss, softmax_reference(SEVERAL), texts=rows(1, 8), images=rows(2))


def test_where_nothing_fits_the_softmax_loss_is_zero():
    loss = SoftmaxLoss()(torch.tensor(rows(1)), torch.tensor(rows(2)), torch.zeros(6, 6))
    assert loss.item() == 0


def test_the_softmax_loss_starts_at_the_published_scale_and_never_passes_100():
    assert SoftmaxLoss().log_scale.exp().item() == pytest.approx(1 / 0.07)
    loss = SoftmaxLoss(log_scale=6.0)
    loss(torch.tensor(rows(1)), torch.tensor(rows(2)))
    assert loss.log_scale.exp().item() == pytest.approx(100)


# Patches -----------------------------------------------------------------------------------------


class Answered(torch.nn.Module):
    def __init__(self, answers):
        super().__init__()
        self.loss, self.answers = PatchLoss(3, [2, 4]), torch.tensor(answers)

    def forward(self, patches):
        return self.loss(patches, self.answers)


def patch_reference(answers):
    def reference(numbers):
        guesses = numbers["patches"] @ numbers["loss.heads.weight"].T + numbers["loss.heads.bias"]
        total = 0.0
        for question, (start, stop) in enumerate([(0, 2), (2, 6)]):
            guess, answer = log_softmax(guesses[..., start:stop]), answers[..., question]
            places = np.argwhere(answer != NO_TARGET)
            total -= np.mean([guess[i, j, answer[i, j]] for i, j in places])
        return total

    return reference


def test_the_patch_loss_asks_only_what_makes_sense():
    patches = np.random.default_rng(4).normal(size=(2, 2, 3))
    answers = np.array([[[0, 2], [NO_TARGET, NO_TARGET]], [[1, NO_TARGET], [NO_TARGET, 3]]])
    assert_same(Answered(answers), patch_reference(answers), patches=patches)


# Facts -------------------------------------------------------------------------------------------


# Its words in the order of their rows: "mug" by itself, "red" as first, "hat" and "mug" as second.
FACTS = [("mug",), ("red", "mug"), ("red", "hat")]


class Stated(torch.nn.Module):
    def __init__(self, facts):
        super().__init__()
        torch.manual_seed(5)
        self.loss, self.facts = FactLoss(4, FACTS), torch.tensor(facts)

    def forward(self, vectors):
        return self.loss(vectors, self.facts)


def fact_reference(facts):
    def reference(numbers):
        total, scale = 0.0, np.exp(numbers["loss.log_scale"])
        mug, red, second_hat, second_mug = numbers["loss.words"]
        places = unit(np.stack([mug, red * second_mug, red * second_hat]))
        for vector, holds in zip(numbers["vectors"], facts, strict=True):
            for place, true in zip(places, holds, strict=True):
                logit = scale * (vector @ place) + numbers["loss.bias"]
                total += np.log1p(np.exp(-logit if true else logit))
        return total / len(facts)

    return reference


def test_the_fact_loss_judges_each_fact_of_each_vector_by_itself():
    facts = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 1], [0, 0, 1.0]])
    assert_same(Stated(facts), fact_reference(facts), vectors=rows(6, 5))


def test_before_training_the_fact_loss_takes_a_fact_for_unlikely():
    torch.manual_seed(5)
    loss = FactLoss(160, [(str(number),) for number in range(200)])
    vectors = torch.nn.functional.normalize(torch.randn(8, 160), dim=1)
    assert loss(vectors, torch.zeros(8, 200)).item() / 200 < 0.03
    assert loss(vectors, torch.ones(8, 200)).item() / 200 == pytest.approx(7, abs=0.3)
