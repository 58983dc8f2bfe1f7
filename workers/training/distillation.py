"""Learning from one's own slower self: local crops see what the whole does, gaps what was there."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample, linear, log_softmax, normalize

from workers.training.losses import at_least_single

_STUDENT_TEMPERATURE, _TEACHER_TEMPERATURE = 0.1, 0.04
_CENTRE_DECAY = 0.9


class Teacher(nn.Module):
    """An exponential moving average of a student; no gradient reaches it.

    Its decay stays the same: one that goes to 1 would no longer follow what the student learns from
    words (SILC, arXiv:2310.13355).
    """

    def __init__(self, student: nn.Module, decay: float = 0.996) -> None:
        super().__init__()
        self.average = deepcopy(student).requires_grad_(False).eval()
        self.decay = decay

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the average yields for the same arguments."""
        with torch.no_grad():
            return self.average(*args, **kwargs)

    def train(self, mode: bool = True) -> "Teacher":
        """It never trains: the average stays in evaluation."""
        super().train(mode)
        self.average.eval()
        return self

    @torch.no_grad()
    def update(self, student: nn.Module) -> None:
        """Follow the student, once after each of its steps."""
        theirs = student.state_dict()
        for name, own in self.average.state_dict().items():
            if own.is_floating_point():
                own.lerp_(theirs[name], 1 - self.decay)
            else:
                own.copy_(theirs[name])  # What counts has no mean.


class DistillationLoss(nn.Module):
    """Asks the student for the teacher's likeness to learned prototypes (DINO, arXiv:2104.14294).

    The teacher's answer is sharpened, and centred by the mean of its past answers: without both,
    all pictures would soon be given the same answer.
    """

    centre: Tensor

    def __init__(self, width: int, prototypes: int = 1024, *, decay: float = 0.996) -> None:
        super().__init__()
        self.head = _Head(width, prototypes)
        self.teacher_head = Teacher(self.head, decay)
        self.register_buffer("centre", torch.zeros(prototypes))

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """The mean cross-entropy over views and rows.

        `teacher` has the shape (rows, width); `student` the same, or (views, rows, width) with
        several views of each.
        """
        answers = at_least_single(self.teacher_head(teacher))
        right = ((answers - self.centre) / _TEACHER_TEMPERATURE).softmax(-1)
        guesses = log_softmax(at_least_single(self.head(student)) / _STUDENT_TEMPERATURE, -1)
        if self.training and len(answers):
            self.centre.lerp_(answers.mean(0).to(self.centre), 1 - _CENTRE_DECAY)
        return -(right * guesses).sum(-1).mean()

    def update(self) -> None:
        """Let the teacher's head follow the student's, once after each step."""
        self.teacher_head.update(self.head)


class _Head(nn.Module):
    """To the cosines with prototypes, by way of a narrow space."""

    def __init__(self, width: int, prototypes: int, hidden: int = 256, narrow: int = 64) -> None:
        super().__init__()
        self.narrow = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, narrow))
        self.prototypes = nn.Parameter(torch.randn(prototypes, narrow))

    def forward(self, rows: Tensor) -> Tensor:
        return linear(normalize(self.narrow(rows), dim=-1), normalize(self.prototypes, dim=-1))


class MaskedPredictionLoss(nn.Module):
    """Asks what the teacher saw where the student saw nothing (iBOT, arXiv:2111.07832).

    `mask_token` is what stands for the patches that are hidden from the student.
    """

    def __init__(self, width: int, prototypes: int = 1024, *, decay: float = 0.996) -> None:
        super().__init__()
        self.mask_token = nn.Parameter(torch.zeros(width))
        self.likeness = DistillationLoss(width, prototypes, decay=decay)

    def forward(self, student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
        """The mean cross-entropy over the hidden patches.

        `student` and `teacher` have the shape (pictures, patches, width), `mask` (pictures,
        patches) is true where a patch was hidden; at least one must be.
        """
        return self.likeness(student[mask], teacher[mask])

    def update(self) -> None:
        """Let the teacher's head follow the student's, once after each step."""
        self.likeness.update()


def random_masks(
    pictures: int, patches: int, generator: torch.Generator, share: float = 0.5
) -> Tensor:
    """(pictures, patches), true at this share of the places of each picture, chosen at random."""
    order = torch.rand(pictures, patches, generator=generator).argsort(1)
    return order < round(share * patches)


def masked_patches(
    vision_model: nn.Module, pixels: Tensor, mask: Tensor, mask_token: Tensor, **inputs: Any
) -> Tensor:
    """The vision tower's outputs (pictures, patches, width) with the masked patches hidden from it.

    For a `SiglipVisionModel` or a `Siglip2VisionModel`, with what else that one needs in `inputs`.
    Each place is still known: its position is added after the token has taken the patch's place.
    """

    def hide(_module: nn.Module, _args: Any, patches: Tensor) -> Tensor:
        at = mask if patches.ndim == 3 else mask.view(len(mask), *patches.shape[2:])
        last = patches if patches.ndim == 3 else patches.movedim(1, -1)
        hidden = torch.where(at[..., None], mask_token.to(last.dtype), last)
        return hidden if patches.ndim == 3 else hidden.movedim(-1, 1)

    embedding = vision_model.get_submodule("embeddings.patch_embedding")
    hook = embedding.register_forward_hook(hide)
    try:
        return vision_model(pixels, **inputs).last_hidden_state
    finally:
        hook.remove()


def local_crops(
    pictures: Tensor,
    generator: torch.Generator,
    count: int,
    side: int,
    area: tuple[float, float] = (0.05, 0.4),
) -> Tensor:
    """(count, pictures, channels, side, side): random squares of the pictures, resized.

    `pictures` has the shape (pictures, channels, height, width); `area` is the least and the most
    of it that a square covers, as published for DINO and SILC. Neither mirrored nor recoloured as
    there: left, right and colours are what the captions speak of.
    """
    shape = (count * len(pictures),)
    least, most = area
    shares = (torch.rand(shape, generator=generator) * (most - least) + least).sqrt()
    shifts = (torch.rand(2, *shape, generator=generator) * 2 - 1) * (1 - shares)
    zeros = torch.zeros(shape)
    rows = [torch.stack([shares, zeros, shifts[0]]), torch.stack([zeros, shares, shifts[1]])]
    boxes = torch.stack(rows).permute(2, 0, 1).to(pictures)
    grid = affine_grid(boxes, [*shape, pictures.shape[1], side, side], align_corners=False)
    repeated = pictures.repeat(count, 1, 1, 1)
    crops = grid_sample(repeated, grid, padding_mode="border", align_corners=False)
    return crops.unflatten(0, (count, len(pictures)))
