"""Adapts an encoder to people's own pictures and captions; the encoder itself stays as it is."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from PIL.Image import Image
from torch import Tensor
from transformers import CLIPImageProcessorPil, CLIPModel, SiglipImageProcessorPil, SiglipModel

from workers.encoders import weights
from workers.encoders.checkpoint import Checkpoint, find
from workers.encoders.load import MODULES, load_encoder
from workers.encoders.protocol import LoadedEncoder
from workers.encoders.siglip import SIGLIP_2, family_of
from workers.training import card, finetuned_card
from workers.training.anchors import Anchors
from workers.training.batches import Pairs
from workers.training.evaluation import Counted, Figures, Listener, figure
from workers.training.examples import Example, Unreadable, fit_for_training, pairs_of
from workers.training.recipes import Recipe
from workers.training.resume import TrainingError
from workers.training.towers import Towers
from workers.training.trainer import Session, Training, device_name, finish, new_towers

# Learning rates by which weights change: a trained tower takes much smaller ones than a new one.
_RATES = {"all": 3e-4, "locked-image": 1e-3, "lora": 1e-3}
_MEASURED = 2000  # Maximum number of held-out examples that are measured.
_AT_ONCE = 64  # Number of pictures that are encoded at once.
# Weight of the drift beside the pairs' own loss. After 120 steps with the pictures of
# bench/finetune.py R@10 of new things was 0.89, from 0.24, and of 500 scenes that the encoder knew
# 0.974, from 0.970; without this 0.96 and 0.544. With low-rank adapters and this 0.96 and 0.966.
# Half the way back to the old weights (WiSE-FT, arXiv:2109.01903), of the text tower trained alone
# and without this, came to 0.64 and 0.956.
_DRIFT_WEIGHT = 100.0

Spelling = Callable[[str], str]
_KINDS: dict[str, tuple[Any, Any]] = {
    "siglip": (SiglipModel, SiglipImageProcessorPil),
    "clip": (CLIPModel, CLIPImageProcessorPil),
}
# Weights with low-rank adapters: all matrices of the layers, and the words, as those of a catalogue
# may be new.
_ADAPTED = r".*(\.layers\.\d+\..*(q_proj|k_proj|v_proj|out_proj|fc1|fc2)|token_embedding)"


def recipe_for(*, towers: str = "all", steps: int = 300, seed: int = 0) -> Recipe:
    """A recipe of the pairs alone, by the loss of the encoder's own family."""
    return Recipe(
        steps=steps,
        seed=seed,
        towers=towers,
        matrix_rate=0,
        learning_rate=_RATES[towers],
        word_rate=_RATES[towers],
        patch_question=0,
        facts=0,
    )


class FineTuning(Training):
    """Towers that learn more, and are held to their vectors of the studio's drawings."""

    def __init__(
        self, recipe: Recipe, towers: Towers, pairs: Pairs, revision: str, spelling: Spelling
    ) -> None:
        # The revision too: a run is resumed only from the encoder that it was begun from.
        super().__init__(recipe, towers, pairs, [revision, *pairs.texts()])
        self._anchors = Anchors(self.towers, recipe.seed, spelling)

    def loss(self) -> Tensor:
        """That of the pairs, and the drift of the anchors."""
        return super().loss() + _DRIFT_WEIGHT * self._anchors.drift(self.towers, self.step)


def finetune(
    checkpoint: str,
    recipe: Recipe,
    examples: Sequence[Example],
    session: Session,
    *,
    command: str,
    revision: str = "",
) -> dict[str, Figures]:
    """Train the encoder on and save the result to the folder; the recall of both.

    Its README names the command. It is measured on the examples that are held out. Raises
    CheckpointError, `TrainingError`, or `Stopped` as `trainer.train` does.
    """
    files = find(checkpoint, revision)
    towers, spelling = load_towers(files), _spelling(files)
    learned, held_out = _split(_respell(fit_for_training(examples), spelling))
    figures = {"before": recall(load_encoder(checkpoint, revision), held_out, session.measuring)}
    pairs = pairs_of(learned, towers, quiet=session.quiet)
    recipe = replace(recipe, family=files.model_type, batch=min(recipe.batch, len(pairs.captions)))
    torch.manual_seed(recipe.seed)
    choose_weights(towers, recipe.towers)
    seconds = finish(FineTuning(recipe, towers, pairs, files.revision, spelling), session)
    figures["after"] = recall(load_encoder(str(session.folder)), held_out, session.measuring)
    run = card.Run(command, seconds / 60, device_name())
    _describe(session.folder, recipe, run, pairs, len(held_out), figures, checkpoint)
    return figures


def train_anew(
    recipe: Recipe, examples: Sequence[Example], session: Session, *, command: str
) -> Figures:
    """Train new towers on the examples alone; their recall on those held out."""
    learned, held_out = _split(fit_for_training(examples))
    texts = [caption for example in learned for caption in example.captions]
    towers = new_towers(recipe, texts)
    pairs = pairs_of(learned, towers, quiet=session.quiet)
    seconds = finish(Training(recipe, towers, pairs, texts), session)
    figures = recall(load_encoder(str(session.folder)), held_out, session.measuring)
    run = card.Run(command, seconds / 60, device_name())
    _describe(session.folder, recipe, run, pairs, len(held_out), {"": figures})
    return figures


def _describe(
    folder: Path,
    recipe: Recipe,
    run: card.Run,
    pairs: Pairs,
    held_out: int,
    figures: dict[str, Figures],
    start: str = "",
) -> None:
    learned = len(pairs.captions), len(pairs.texts())
    finetuned_card.write(folder, recipe, run, learned, held_out, figures, start)


def _split(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Examples to learn from, and held-out ones to measure on: of each at least one."""
    learned = [each for each in examples if not each.is_held_out]
    held_out = [each for each in examples if each.is_held_out]
    # By chance, in a small collection.
    if not held_out:
        learned, held_out = learned[1:], learned[:1]
    elif not learned:
        learned, held_out = held_out[1:], held_out[:1]
    return learned, held_out


def load_towers(files: Checkpoint) -> Towers:
    """The towers of a checkpoint. Raises CheckpointError, or TrainingError for NaFlex ones."""
    files.refuse_unfit(MODULES, None)
    if files.model_type not in _KINDS:
        raise TrainingError("naflex_not_trainable", name=files.name)
    kind, processor = _KINDS[files.model_type]
    return Towers(
        weights.load_model(files, kind),
        weights.load_tokenizer(files),
        weights.load_processor(files, processor),
    )


def _spelling(files: Checkpoint) -> Spelling:
    """How the encoder will read a text."""
    is_siglip_2 = files.model_type != "clip" and family_of(files) == SIGLIP_2
    return str.lower if is_siglip_2 else str


def _respell(examples: Sequence[Example], spelling: Spelling) -> list[Example]:
    return [replace(each, captions=list(map(spelling, each.captions))) for each in examples]


def choose_weights(towers: Towers, which: str) -> None:
    """Let only these change: all, the text tower's alone, or low-rank adapters in both towers."""
    if which == "locked-image":
        towers.vision.requires_grad_(False)
    elif which == "lora":
        config = LoraConfig(r=16, lora_alpha=32, target_modules=_ADAPTED)
        towers.adapters = get_peft_model(towers.model, config)


# Before and after --------------------------------------------------------------------------------


def recall(
    encoder: LoadedEncoder, examples: Sequence[Example], listener: Listener = bool
) -> Figures:
    """The share of captions that find a picture they were written for, and of pictures likewise.

    Of the first captions of at most 2,000. Raises TrainingError where no picture can be read.
    """
    count = min(len(examples), _MEASURED)
    encoder = cast(LoadedEncoder, Counted(encoder, count, listener))
    captions: list[Sequence[str]] = []
    vectors = []
    # A few at a time: all of them as they were uploaded may not fit into memory.
    for start in range(0, count, _AT_ONCE):
        if read := list(_readable(examples[start : start + _AT_ONCE])):
            vectors.append(encoder.encode_images([picture for picture, _ in read]))
            captions += [texts for _, texts in read]
    if not captions:
        raise TrainingError("no_readable_picture_to_measure", count=len(examples))
    firsts = [texts[0] for texts in captions]
    fits = np.array([[first in texts for texts in captions] for first in firsts])
    scores = encoder.encode_texts(firsts) @ np.concatenate(vectors).T
    return {
        "words to picture": _recall_at(scores, fits),
        "picture to words": _recall_at(scores.T, fits.T),
    }


def _readable(examples: Sequence[Example]) -> Iterator[tuple[Image, Sequence[str]]]:
    for each in examples:
        with suppress(Unreadable):
            yield each.picture(), each.captions


def _recall_at(scores: Any, fits: Any) -> Any:
    best = np.where(fits, scores, -np.inf).max(axis=1, keepdims=True)
    # How many wrong ones are at least as near as the nearest right one.
    ahead = ((scores >= best) & ~fits).sum(axis=1)
    return {f"R@{k}": figure(ahead < k) for k in (1, 5, 10)}
