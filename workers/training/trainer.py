"""Trains a small SigLIP on the studio's pictures and saves it as any published checkpoint."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from torch import Tensor
from torch.nn.functional import normalize
from tqdm import tqdm
from transformers import PreTrainedTokenizerFast, SiglipConfig, SiglipImageProcessorPil, SiglipModel

from workers.training.evaluation import held_out_scenes
from workers.training.losses import SigmoidLoss
from workers.training.pictures import squares
from workers.training.studio import Scene, caption, different_scenes, wishes

TEXT_LENGTH = 64
PAD, EOS, BOS, UNKNOWN = "<pad>", "<eos>", "<bos>", "<unk>"  # Numbered as SigLIP 2 does.
_SYMBOLS = [chr(code) for code in range(33, 127)]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a training run yields."""

    steps: int = 2200
    seed: int = 0
    batch: int = 128
    side: int = 96
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
    pixels = torch.from_numpy(squares(scenes, recipe.side, quiet=quiet))
    model = SiglipModel(small_config(len(tokenizer), recipe.side))
    batches = _batches(recipe, scenes, pixels, tokenizer, rng)
    _fit(model, batches, recipe, quiet=quiet)
    _save(model, tokenizer, recipe.side, folder)


def trained_tokenizer(captions: list[str]) -> PreTrainedTokenizerFast:
    """A tokenizer whose vocabulary is that of the captions; other words fall into letters."""
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(f"$A {EOS}", None, [(EOS, 1)])
    tokenizer.train_from_iterator(
        captions,
        trainers.BpeTrainer(
            vocab_size=1500,
            special_tokens=[PAD, EOS, BOS, UNKNOWN],
            initial_alphabet=_SYMBOLS,
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=EOS,
        bos_token=BOS,
        unk_token=UNKNOWN,
        padding_side="right",
        model_max_length=TEXT_LENGTH,
        model_input_names=["input_ids"],
        do_lower_case=True,
    )


def small_config(vocabulary: int, side: int) -> SiglipConfig:
    """Towers small enough for a CPU; 64 patches, and a narrow text side for its 64 tokens."""
    width = 160
    return SiglipConfig(
        vision_config={
            "image_size": side,
            "patch_size": side // 8,
            "hidden_size": width,
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
            "projection_size": width,
            "pad_token_id": 0,
            "eos_token_id": 1,
            "bos_token_id": 2,
        },
    )


def _batches(
    recipe: Recipe,
    scenes: list[Scene],
    pixels: Tensor,
    tokenizer: PreTrainedTokenizerFast,
    rng: Random,
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Token ids, pictures and which of them match, without end and worded anew each time."""
    size = min(recipe.batch, len(scenes))
    while True:
        order = torch.randperm(len(scenes))
        for rows in order[: len(scenes) // size * size].view(-1, size):
            texts, matches = _texts([scenes[row] for row in rows.tolist()], rng)
            ids = tokenizer(
                texts,
                padding="max_length",
                max_length=TEXT_LENGTH,
                truncation=True,
                return_tensors="pt",
            ).input_ids
            yield ids, pixels[rows].permute(0, 3, 1, 2).float() / 127.5 - 1, matches


def _texts(scenes: list[Scene], rng: Random) -> tuple[list[str], Tensor]:
    """A caption of each scene, then short queries, and which scenes each text fits.

    Captions alone teach next to no shapes: colours, pattern and setting tell the pictures of a
    batch apart (of 51 bare kinds, 10 % of the first five hits were right).
    """
    captions = [caption(scene, rng) for scene in scenes]
    wanted = wishes(scenes, rng)
    fits = [[float(wish.fits(scene)) for scene in scenes] for wish in wanted]
    matches = torch.cat([torch.eye(len(scenes)), torch.tensor(fits)])
    return [*captions, *(wish.words(rng) for wish in wanted)], matches


def _fit(
    model: SiglipModel,
    batches: Iterator[tuple[Tensor, Tensor, Tensor]],
    recipe: Recipe,
    *,
    quiet: bool,
) -> None:
    loss_of = SigmoidLoss()
    optimizer = torch.optim.AdamW(
        _groups(model, loss_of, recipe.weight_decay), lr=recipe.learning_rate, betas=(0.9, 0.95)
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _warm_then_cosine(recipe.steps))
    model.train()
    with tqdm(total=recipe.steps, desc="Training", unit="step", disable=quiet or None) as bar:
        for _, (ids, pictures, matches) in zip(range(recipe.steps), batches, strict=False):
            loss = loss_of(*_vectors(model, ids, pictures), matches)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            bar.update()
            bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
    _keep_scale(model, loss_of)


def _vectors(model: SiglipModel, ids: Tensor, pictures: Tensor) -> tuple[Tensor, Tensor]:
    texts = model.get_text_features(input_ids=ids).pooler_output
    images = model.get_image_features(pixel_values=pictures).pooler_output
    return normalize(texts), normalize(images)


def _groups(
    model: SiglipModel, loss_of: SigmoidLoss, decay: float
) -> list[dict[str, float | list[torch.nn.Parameter]]]:
    """Only matrices decay: a gain or a bias pulled to zero helps nothing."""
    named = [p for name, p in model.named_parameters() if not name.startswith("logit_")]
    return [
        {"params": [p for p in named if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in named if p.ndim <= 1], "weight_decay": 0.0},
        {"params": list(loss_of.parameters()), "weight_decay": 0.0},
    ]


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
