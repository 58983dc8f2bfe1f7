"""The captioner: a plain decoder, and a vocabulary of its own for tasks and places."""

import math

import numpy as np
import pytest
import torch
from scipy.special import erf

from tests.support.slopes import assert_same, log_softmax
from workers.training.captioning import Captioner, LocCaVocabulary

SEQUENCES = np.array([[6, 1, 2, 3, 1], [7, 4, 0, 5, 0], [6, 2, 2, 0, 0]])
TARGETS = np.array([[0, 1, 1, 1, 1], [0, 0, 0, 1, 1], [0, 1, 0, 0, 0]], bool)
PICTURES = np.array([1, 0, 1])
HIDDEN = np.array([True, False, False])


def patches(seed=1):
    return np.random.default_rng(seed).normal(size=(2, 3, 5))


def captioner(seed=0):
    torch.manual_seed(seed)
    made = Captioner(9, 5, width=4, layers=1, heads=2, longest=4)
    # Away from the start, where many gradients are next to nothing.
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return made.double()


class LossOf(torch.nn.Module):
    """A captioner with its sequences at hand, so that only patches are derived by."""

    def __init__(self, inner, hidden=None):
        super().__init__()
        self.inner, self.hidden = inner, None if hidden is None else torch.tensor(hidden)

    def forward(self, patches):
        tensors = map(torch.tensor, (PICTURES, SEQUENCES, TARGETS))
        return self.inner(patches, *tensors, self.hidden)


def loss_of(sequences=SEQUENCES, targets=TARGETS, inner=None, seen=None):
    tensors = (torch.tensor(each) for each in (PICTURES, sequences, targets))
    seen = patches() if seen is None else seen
    return (inner or captioner())(torch.tensor(seen), *tensors).item()


# The reference -----------------------------------------------------------------------------------


def reference(hidden):
    def total(numbers):
        numbers = {name.removeprefix("inner."): array for name, array in numbers.items()}
        guesses = log_softmax(decoded(numbers, np.array(hidden)))
        rows, places = np.nonzero(TARGETS)
        return -guesses[rows, places - 1, SEQUENCES[rows, places]].mean()

    return total


def decoded(numbers, hidden):
    """The scores of all symbols after each but the last position of each sequence."""
    x = numbers["symbols.weight"][SEQUENCES[:, :-1]]
    x[hidden, 1:] = numbers["hidden_symbol"]
    x = x + numbers["positions"]
    seen = dense(numbers, "look", numbers["patches"][PICTURES])
    layer = {
        name.removeprefix("decoder.layers.0."): array
        for name, array in numbers.items()
        if name.startswith("decoder.layers.0.")
    }
    normed = level(layer, "norm1", x)
    x = x + attended(layer, "self_attn", normed, normed, causal=True)
    x = x + attended(layer, "multihead_attn", level(layer, "norm2", x), seen)
    inner = dense(layer, "linear1", level(layer, "norm3", x))
    x = x + dense(layer, "linear2", inner * (1 + erf(inner / 2**0.5)) / 2)
    return level(numbers, "decoder.norm", x) @ numbers["symbols.weight"].T


def dense(numbers, name, x):
    return x @ numbers[f"{name}.weight"].T + numbers[f"{name}.bias"]


def level(numbers, name, x):
    spread = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    normed = (x - x.mean(-1, keepdims=True)) / spread
    return normed * numbers[f"{name}.weight"] + numbers[f"{name}.bias"]


def attended(numbers, name, asking, seen, *, causal=False):
    weights = np.split(numbers[f"{name}.in_proj_weight"], 3)
    biases = np.split(numbers[f"{name}.in_proj_bias"], 3)
    q, k, v = (
        x @ weight.T + bias
        for x, weight, bias in zip((asking, seen, seen), weights, biases, strict=True)
    )
    heads = []
    for of in (slice(0, 2), slice(2, 4)):
        scores = q[..., of] @ k[..., of].swapaxes(-1, -2) / 2**0.5
        if causal:
            scores[:, *np.triu_indices(scores.shape[1], 1)] = -np.inf
        heads.append(np.exp(log_softmax(scores)) @ v[..., of])
    return dense(numbers, f"{name}.out_proj", np.concatenate(heads, -1))


# What it must do ---------------------------------------------------------------------------------


def test_the_captioner_is_a_plain_decoder():
    assert_same(LossOf(captioner()), reference([False] * 3), patches=patches())


def test_hidden_symbols_leave_the_task_and_the_picture():
    assert_same(LossOf(captioner(), HIDDEN), reference(HIDDEN), patches=patches())


def test_nothing_is_guessed_from_itself_or_what_follows():
    targets = TARGETS & (np.arange(5) < 3)
    changed = np.where(np.arange(5) < 3, SEQUENCES, 8)
    assert loss_of(targets=targets) == pytest.approx(loss_of(changed, targets))


def test_the_padding_does_not_matter():
    padded = SEQUENCES.copy()
    padded[2, 2:] = 5
    assert loss_of() == pytest.approx(loss_of(padded))


def test_a_caption_is_about_its_own_picture():
    other = patches()
    other[0] += 1  # Seen by the second sequence alone.
    targets = TARGETS & (np.arange(3) != 1)[:, None]
    assert loss_of(targets=targets) == pytest.approx(loss_of(targets=targets, seen=other))
    assert loss_of() != pytest.approx(loss_of(seen=other))


def test_filling_is_not_looked_at():
    def loss_with(seen, filling):
        tensors = map(torch.tensor, (PICTURES, SEQUENCES, TARGETS))
        filling = None if filling is None else torch.tensor(filling)
        return captioner()(torch.tensor(seen), *tensors, filling=filling).item()

    filling, other = np.array([[False, False, True], [False, True, True]]), patches()
    other[filling] += 1
    assert loss_with(patches(), filling) == pytest.approx(loss_with(other, filling))
    assert loss_with(patches(), None) != pytest.approx(loss_with(other, None))
    last = np.array([[False, False, True]] * 2)
    assert loss_with(patches(), last) == pytest.approx(loss_with(patches()[:, :2], None))


def test_where_nothing_is_asked_the_loss_is_zero():
    assert loss_of(targets=np.zeros_like(TARGETS)) == 0


def test_before_training_each_symbol_is_about_as_likely():
    torch.manual_seed(0)
    fresh = Captioner(500, 5, width=32, layers=1).double()
    assert loss_of(inner=fresh) == pytest.approx(math.log(500), rel=0.02)


def test_tasks_and_places_follow_the_words():
    vocabulary = LocCaVocabulary(100, bins=4)
    assert (vocabulary.caption, vocabulary.refer, vocabulary.ground) == (100, 101, 102)
    assert [vocabulary.place(x) for x in (0, 0.24, 0.25, 0.99)] == [103, 103, 104, 106]
    assert len(vocabulary) == 107


def test_a_place_at_the_edge_or_beyond_is_the_last_one():
    vocabulary = LocCaVocabulary(100)
    assert vocabulary.place(1.0) == vocabulary.place(1.2) == len(vocabulary) - 1
    assert vocabulary.place(-0.1) == vocabulary.place(0)
