"""The loss that SigLIP is trained with."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid


class SigmoidLoss(nn.Module):
    """Judges each pair of a batch by itself: a match or not (arXiv:2303.15343, section 3.2)."""

    # The published start: most pairs are no match, so a bias of -10 keeps the first steps calm.
    def __init__(self, log_scale: float = math.log(10), bias: float = -10.0) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(log_scale))
        self.bias = nn.Parameter(torch.tensor(bias))

    def forward(self, texts: Tensor, images: Tensor, matches: Tensor) -> Tensor:
        """The mean over texts of the sum over pictures.

        `matches`, of shape (texts, pictures), is 1 where a text fits a picture and else 0: as each
        pair is judged by itself, a text may fit many.
        """
        logits = texts @ images.T * self.log_scale.exp() + self.bias
        signs = 2 * matches - 1
        return -logsigmoid(signs * logits).sum() / len(texts)
