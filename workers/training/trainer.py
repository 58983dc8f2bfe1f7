"""Trains a small SigLIP on the studio's pictures and saves it as any published checkpoint."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from torch import Tensor
from torch.nn.functional import normalize
from torch.optim import AdamW, Muon, Optimizer
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm
from transformers import PreTrainedTokenizerFast, SiglipConfig, SiglipImageProcessorPil, SiglipModel

from workers.training.batches import QUESTIONS, Batch, Drawings, batches
from workers.training.evaluation import held_out_scenes
from workers.training.losses import PatchLoss, SigmoidLoss
from workers.training.pictures import squares
from workers.training.studio import caption, different_scenes
from workers.training.tokens import TEXT_LENGTH, trained_tokenizer

_WIDTH = 160
_GRID = 8  # Patches along a side.
_PATCH_WEIGHT = 3.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a training run yields."""

    steps: int = 5000
    seed: int = 0
    batch: int = 64
    side: int = 96
    # Of Muon, for the matrices within the towers, and of AdamW for the rest.
    matrix_rate: float = 4e-3
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05

    @property
    def pictures(self) -> int:
        """How many are drawn: never more than the steps can look at."""
        return min(32_000, self.steps * self.batch)


def train(recipe: Recipe, folder: Path, *, quiet: bool = False) -> None:
    """Train from scratch after the recipe, and save the checkpoint to the folder."""
    rng = Random(recipe.seed)
    torch.manual_seed(recipe.seed)
    scenes = different_scenes(recipe.pictures, rng, but=frozenset(held_out_scenes()))
    tokenizer = trained_tokenizer([caption(scene, rng) for scene in scenes])
    pixels, patches = map(torch.from_numpy, squares(scenes, recipe.side, _GRID, quiet=quiet))
    drawings = Drawings(scenes, pixels, patches.flatten(1))
    model = SiglipModel(small_config(len(tokenizer), recipe.side))
    _fit(model, batches(drawings, recipe.batch, tokenizer, rng), recipe, quiet=quiet)
    _save(model, tokenizer, recipe.side, folder)


def small_config(vocabulary: int, side: int) -> SiglipConfig:
    """Towers small enough for a CPU; 64 patches, and a narrow text side for its 64 tokens."""
    return SiglipConfig(
        vision_config={
            "image_size": side,
            "patch_size": side // _GRID,
            "hidden_size": _WIDTH,
            "intermediate_size": 480,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
        },
        text_config={
            "vocab_size": vocabulary,
            "max_position_embeddings": TEXT_LENGTH,
            "hidden_size": 96,
            "intermediate_size": 256,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "projection_size": _WIDTH,
            "pad_token_id": 0,
            "eos_token_id": 1,
            "bos_token_id": 2,
        },
    )


def _fit(model: SiglipModel, steps: Iterator[Batch], recipe: Recipe, *, quiet: bool) -> None:
    pair_loss, patch_loss = SigmoidLoss(), PatchLoss(_WIDTH, QUESTIONS)
    optimizers = _optimizers(model, [pair_loss, patch_loss], recipe)
    schedules = [LambdaLR(each, _warm_then_cosine(recipe.steps)) for each in optimizers]
    if _half_precision_pays():
        # The fused kernel's backward pass took 47 % of such a step.
        model.set_attn_implementation("eager")
    model.train()
    with tqdm(total=recipe.steps, desc="Training", unit="step", disable=quiet or None) as bar:
        for _, batch in zip(range(recipe.steps), steps, strict=False):
            loss = _loss(model, batch, pair_loss, patch_loss)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer, schedule in zip(optimizers, schedules, strict=True):
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
            bar.update()
            bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
    _keep_scale(model, pair_loss)


def _loss(
    model: SiglipModel, batch: Batch, pair_loss: SigmoidLoss, patch_loss: PatchLoss
) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16, enabled=_half_precision_pays()):
        texts = model.get_text_features(input_ids=batch.token_ids).pooler_output
        images = model.get_image_features(pixel_values=batch.pictures)
        by_patch = patch_loss(images.last_hidden_state, batch.answers)
    vectors = (normalize(features.float()) for features in (texts, images.pooler_output))
    return pair_loss(*vectors, batch.matches) + _PATCH_WEIGHT * by_patch


def _half_precision_pays() -> bool:
    """Whether the CPU multiplies matrices in bfloat16: 128 pictures took 0.27 s then, not 0.50."""
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))


def _optimizers(
    model: SiglipModel, losses: list[torch.nn.Module], recipe: Recipe
) -> list[Optimizer]:
    """Muon for the matrices within the towers (kellerjordan.github.io/posts/muon), AdamW else.

    After 400 steps of 128 R@1 was 0.44 with Muon and 0.12 with AdamW alone.
    """
    named = [(n, p) for n, p in model.named_parameters() if not n.startswith("logit_")]
    matrices = [p for n, p in named if p.ndim == 2 and (".layers." in n or ".head.mlp." in n)]
    inner = {id(p) for p in matrices}
    rest = [p for _, p in named if id(p) not in inner]
    # Only what multiplies decays: a gain or a bias pulled to zero helps nothing.
    groups = [
        {"params": [p for p in rest if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in rest if p.ndim <= 1], "weight_decay": 0.0},
        {"params": [p for loss in losses for p in loss.parameters()], "weight_decay": 0.0},
    ]
    muon = Muon(
        matrices,
        lr=recipe.matrix_rate,
        weight_decay=recipe.weight_decay,
        adjust_lr_fn="match_rms_adamw",
    )
    return [muon, AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.95))]


def _warm_then_cosine(steps: int) -> Callable[[int], float]:
    warm = max(1, steps // 12)
    return lambda step: (
        (step + 1) / warm
        if step < warm
        else 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
    )


def _keep_scale(model: SiglipModel, loss_of: SigmoidLoss) -> None:
    """Published checkpoints carry the loss's temperature and bias, so ours does."""
    with torch.no_grad():
        model.logit_scale.fill_(loss_of.log_scale.item())
        model.logit_bias.fill_(loss_of.bias.item())


def _save(model: SiglipModel, tokenizer: PreTrainedTokenizerFast, side: int, folder: Path) -> None:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": side, "width": side}, resample=2).save_pretrained(
        folder
    )
