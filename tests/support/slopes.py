"""Whether a loss is what a plain reference in double precision says, its gradients too."""

import numpy as np
import torch

STEP = 3e-4


def assert_same(module, reference, **inputs):
    """The value, and the gradient of each input and parameter, to one part in a million.

    `reference` maps a dictionary of float64 arrays, by the names of inputs, parameters and buffers,
    to the loss; its slopes are taken numerically, so it need not know how to derive.
    """
    module = module.double()
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in inputs.items()}
    tensors = {**leaves, **{n: p for n, p in module.named_parameters() if p.requires_grad}}
    state = {n: t.detach().numpy().copy() for n, t in module.state_dict().items()}
    numbers = {**state, **{name: array.copy() for name, array in inputs.items()}}
    loss = module(**leaves)
    loss.backward()
    np.testing.assert_allclose(loss.item(), reference(numbers), rtol=1e-6)
    for name, leaf in tensors.items():
        slopes = slopes_of(lambda: reference(numbers), numbers[name])
        got = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        most = max(np.abs(slopes).max(), 1e-3)
        np.testing.assert_allclose(got / most, slopes / most, rtol=0, atol=1e-6, err_msg=name)


def slopes_of(loss, numbers):
    """Of `loss()` along each of the numbers that it reads, by four points each."""
    slopes = np.zeros_like(numbers)
    for at in np.ndindex(numbers.shape):
        start, values = numbers[at], []
        for steps in (-2, -1, 1, 2):
            numbers[at] = start + steps * STEP
            values.append(loss())
        numbers[at] = start
        slopes[at] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * STEP)
    return slopes


def log_softmax(scores):
    """Along the last axis."""
    shifted = scores - scores.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def unit(rows):
    """Along the last axis."""
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)
