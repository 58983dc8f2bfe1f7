"""The loss of a recipe: its terms, weighed and added up."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from workers.studio.scenes import FACTS
from workers.training.batches import QUESTIONS, WEIGHTS, Batch
from workers.training.captioning import Captioner, LocCaVocabulary
from workers.training.distillation import (
    DistillationLoss,
    MaskedPredictionLoss,
    Teacher,
    local_crops,
    masked_patches,
    random_masks,
)
from workers.training.losses import FactLoss, PatchLoss, SigmoidLoss, SoftmaxLoss
from workers.training.recipes import Recipe
from workers.training.towers import Towers

_CHUNK = 1024  # Maximum number of texts that are compared with all pictures at once.
_CAPTIONED_EVERY = 2  # Steps between two with captioning, which takes half a step more.
_CROPS = 2  # Number of crops of a picture, of half its side: together they cost half a picture.


class Objective(nn.Module):
    """The terms of a recipe, with whatever they learn themselves; none of it is kept in the end."""

    def __init__(self, recipe: Recipe, towers: Towers) -> None:
        super().__init__()
        self.recipe = recipe
        self.pairs: SigmoidLoss | SoftmaxLoss = _pair_loss(recipe, towers)
        self.patches = (
            PatchLoss(towers.width, QUESTIONS, WEIGHTS) if recipe.patch_question else None
        )
        self.facts = FactLoss(towers.dimensions, FACTS) if recipe.facts else None
        symbols = len(LocCaVocabulary(len(towers.tokenizer)))
        self.captioner = (
            Captioner(symbols, towers.width, width=96, layers=1) if recipe.captioning else None
        )
        self.likeness = DistillationLoss(towers.width) if recipe.distillation else None
        self.gaps = MaskedPredictionLoss(towers.width) if recipe.masking else None
        self.teacher: Teacher | None = None

    def forward(self, towers: Towers, batch: Batch, step: int) -> Tensor:
        """The loss at this step, which begins with step 0."""
        with mixed_precision(batch.token_ids.device.type):
            texts = towers.texts(batch.token_ids)
            patches, images = towers.pictures(batch.pictures)
            others = self._others(patches, batch, step)
            # No teacher for pictures in their own proportions (`RECIPES` says why).
            if self.teacher is not None and isinstance(batch.pictures, Tensor):
                others += self._taught(self.teacher, towers, batch.pictures, step)
        # In full precision: the scale makes much of small differences.
        texts, images = normalize(texts.float()), normalize(images.float())
        others += self._facts(texts, images, batch)
        return torch.stack([self.pairs(texts, images, batch.matches), *others]).sum()

    def _facts(self, texts: Tensor, images: Tensor, batch: Batch) -> list[Tensor]:
        facts = batch.facts
        if self.facts is None or facts is None:
            return []
        of_texts = self.facts(texts[facts.complete], facts.of_texts[facts.complete])
        return [self.recipe.facts * (self.facts(images, facts.of_pictures) + of_texts)]

    def _others(self, patches: Tensor, batch: Batch, step: int) -> list[Tensor]:
        terms, about = [], batch.sequences
        if self.patches is not None and batch.answers is not None:
            terms.append(self.recipe.patch_question * self.patches(patches, batch.answers))
        if self.captioner is not None and step % _CAPTIONED_EVERY == 0:
            sequences = about.pictures, about.ids, about.targets
            loss = self.captioner(patches, *sequences, filling=batch.filling)
            terms.append(self.recipe.captioning * loss)
        return terms

    # With a teacher ------------------------------------------------------------------------------

    @property
    def wants_teacher(self) -> bool:
        return self.likeness is not None or self.gaps is not None

    def appoint_teacher(self, towers: Towers) -> None:
        """Begin with a teacher that is the student as it is now."""
        self.teacher = Teacher(towers.vision)

    def update_teacher(self, towers: Towers) -> None:
        """Let the teacher follow, once after each step."""
        if self.teacher is not None:
            self.teacher.update(towers.vision)
        for term in (self.likeness, self.gaps):
            if self.teacher is not None and term is not None:
                term.update()

    def _taught(
        self, teacher: Teacher, towers: Towers, pictures: Tensor, step: int
    ) -> list[Tensor]:
        # On the CPU, whatever computes: so a step is cut and masked alike everywhere.
        generator = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + step)
        pixels, terms = towers.pixels(pictures), []
        right = teacher(pixels)
        if self.likeness is not None:
            crops = local_crops(pixels, generator, _CROPS, towers.side // 2)
            guesses = _vectors_of_crops(towers, crops)
            terms.append(self.recipe.distillation * self.likeness(guesses, right.pooler_output))
        if self.gaps is not None:
            count, places = right.last_hidden_state.shape[:2]
            mask = random_masks(count, places, generator).to(pixels.device)
            seen = masked_patches(towers.vision, pixels, mask, self.gaps.mask_token)
            terms.append(self.recipe.masking * self.gaps(seen, right.last_hidden_state, mask))
        return terms


def mixed_precision(device: str) -> torch.autocast:
    """In bfloat16 what loses nothing by it, where that is faster: its range needs no scaling.

    A step of 128 pictures took 0.27 s on a CPU with units for whole matrices, and else 0.50; one of
    64 took 0.38 s on a CPU that multiplies vectors so, and else 0.54.
    """
    return torch.autocast(device, torch.bfloat16, enabled=multiplies_bfloat16(device))


def multiplies_bfloat16(device: str) -> bool:
    """Whether this kind of device has units for it."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able = torch.cpu.get_capabilities()
    return device == "cpu" and any(able.get(name, False) for name in ("amx_bf16", "avx512_bf16"))


def _vectors_of_crops(towers: Towers, crops: Tensor) -> Tensor:
    """(crops, pictures, width) of crops (crops, pictures, channels, side, side)."""
    seen = towers.vision(crops.flatten(0, 1), interpolate_pos_encoding=True)
    return seen.pooler_output.unflatten(0, crops.shape[:2])


def _pair_loss(recipe: Recipe, towers: Towers) -> SigmoidLoss | SoftmaxLoss:
    """The loss of the family, from the scale and bias at which the model is."""
    model = towers.model
    if recipe.family == "clip":
        return SoftmaxLoss(model.logit_scale.item())
    return SigmoidLoss(model.logit_scale.item(), model.logit_bias.item(), chunk=_CHUNK)
