"""Trains towers on a source of batches, and saves them as any published checkpoint."""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from workers.encoders.protocol import CheckpointError
from workers.encoders.weights import device, memory_errors_as
from workers.progress import Bar
from workers.training.batches import Batch, Drawings, Source, make_drawings
from workers.training.losses import SigmoidLoss
from workers.training.objective import Objective, multiplies_bfloat16
from workers.training.optimizers import optimizers_of, set_rates
from workers.training.recipes import Recipe
from workers.training.report import Progress
from workers.training.resume import SavedState, Stopped, TrainingError, stop_signals
from workers.training.tokens import trained_clip_tokenizer, trained_tokenizer
from workers.training.towers import Towers, small_towers

_SAVED_EVERY = 200  # Steps between two savings: a minute or two on two cores.


@dataclass(frozen=True, slots=True)
class Session:
    """The folder of a run's result, whether to resume the state there, and who hears of its steps.

    The listener hears of each step; where it answers False, the run stops. `measuring` hears which
    share has been measured, from 0 to 1.
    """

    folder: Path
    resume: bool = False
    quiet: bool = False
    listener: Callable[[Progress], bool] | None = None
    measuring: Callable[[float], object] = bool


def train(recipe: Recipe, session: Session, source: Source | None = None) -> float:
    """Train new towers after the recipe, on the studio's drawings unless on another source.

    The seconds that it took. Raises `Stopped` after a signal or at the listener's wish, and
    `TrainingError` when it could not go on; in both cases another session can resume it.
    """
    source = source or drawings(recipe, quiet=session.quiet)
    texts = source.texts()
    return finish(Training(recipe, new_towers(recipe, texts), source, texts), session)


def drawings(recipe: Recipe, *, quiet: bool = False) -> Drawings:
    """As many as the recipe says, of the studio's."""
    return make_drawings(
        recipe.pictures,
        recipe.side,
        recipe.seed,
        alone_until=recipe.alone_until,
        native=recipe.is_native,
        quiet=quiet,
    )


def new_towers(recipe: Recipe, texts: Sequence[str]) -> Towers:
    """Untrained towers, the same for a seed, and a tokenizer made for these texts."""
    torch.manual_seed(recipe.seed)
    return small_towers(recipe, _tokenizer(recipe, texts))


def _tokenizer(recipe: Recipe, texts: Sequence[str]) -> PreTrainedTokenizerBase:
    return trained_clip_tokenizer(texts) if recipe.family == "clip" else trained_tokenizer(texts)


class Training:
    """Towers in training, with their source of batches, objective and number of steps done.

    What a step does follows from the recipe and the step's number alone.
    """

    def __init__(
        self, recipe: Recipe, towers: Towers, source: Source, texts: Sequence[str]
    ) -> None:
        self.recipe, self.source, self.step = recipe, source, 0
        self.seconds = 0.0
        self._captions_hash = hashlib.sha256("\n".join(texts).encode()).hexdigest()
        self.towers = towers.to(device()).train()
        self.objective = Objective(recipe, self.towers).to(device())
        self._maker = ThreadPoolExecutor(1)
        self._next: Future[Batch] | None = None
        self._optimizers = optimizers_of(self.towers, self.objective, recipe)
        if multiplies_bfloat16(device()) and device() == "cpu":
            # The fused kernel's backward pass took 47 % of such a step.
            self.towers.model.set_attn_implementation("eager")

    def advance(self) -> float:
        """Do one step; its loss."""
        began = time.monotonic()
        self._appoint_teacher_in_time()
        set_rates(self._optimizers, self.step, self.recipe.steps)
        loss = self.loss()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.towers.parameters(), 1.0)
        for optimizer in self._optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.objective.update_teacher(self.towers)
        self.step, value = self.step + 1, loss.item()
        self.seconds += time.monotonic() - began
        return value

    def loss(self) -> Tensor:
        """The loss of this step, a scalar."""
        return self.objective(self.towers, self._batch(), self.step)

    def _batch(self) -> Batch:
        """The batch of this step; the next one is made while this one is computed with."""
        if self._next is None:
            self._next = self._make(self.step)
        batch, self._next = self._next.result(), self._make(self.step + 1)
        return _move(batch, device())

    def _make(self, step: int) -> Future[Batch]:
        size, seed = self.recipe.batch, self.recipe.seed
        return self._maker.submit(self.source.batch, step, size, seed, self.towers.tokenizer)

    def _appoint_teacher_in_time(self) -> None:
        if self.objective.wants_teacher and self.step == self.recipe.teacher_step:
            self.objective.appoint_teacher(self.towers)

    def save(self, folder: Path) -> None:
        """Write the towers as a checkpoint, with the scale and bias that the loss has learned."""
        model, pairs = self.towers.model, self.objective.pairs
        with torch.no_grad():
            model.logit_scale.copy_(pairs.log_scale)
            if isinstance(pairs, SigmoidLoss):
                model.logit_bias.copy_(pairs.bias)
        try:
            self.towers.save(folder, half=self.recipe.half)
        except (OSError, SafetensorError) as error:
            raise TrainingError("checkpoint_not_written", reason=str(error)) from error

    def state(self) -> dict[str, Any]:
        """All that the steps so far have changed, with the recipe and captions that it belongs to.

        The keys stay as they are: trainings that older versions stopped are resumed from them.
        """
        return {
            "recipe": asdict(self.recipe),
            "shown": self._captions_hash,
            "step": self.step,
            "seconds": self.seconds,
            "towers": self.towers.model.state_dict(),
            "objective": self.objective.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where this state was taken."""
        self._refuse_other_run(state)
        self.step, self.seconds = state["step"], state["seconds"]
        if self.objective.wants_teacher and self.step > self.recipe.teacher_step:
            self.objective.appoint_teacher(self.towers)
        self.towers.model.load_state_dict(state["towers"])
        self.objective.load_state_dict(state["objective"])
        for optimizer, its in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(its)

    def _refuse_other_run(self, state: dict[str, Any]) -> None:
        own = asdict(self.recipe)
        other = [name for name, value in state["recipe"].items() if own.get(name) != value]
        if other:
            name = other[0]
            before, now = state["recipe"][name], own.get(name)
            raise TrainingError("recipe_changed", name=name, before=before, now=now)
        if state["shown"] != self._captions_hash:
            raise TrainingError("captions_changed")


def finish(training: Training, session: Session) -> float:
    """Do the steps that are left, save the towers, remove the state; the seconds that all took."""
    saved, recipe = SavedState(session.folder), training.recipe
    if session.resume and saved.exists():
        training.restore(saved.load())
    with memory_errors_as(CheckpointError("not_enough_memory_for_batches", batch=recipe.batch)):
        _go_on(training, saved, session)
    training.save(session.folder)
    saved.delete()
    return training.seconds


def _go_on(training: Training, saved: SavedState, session: Session) -> None:
    recipe, first, began = training.recipe, training.step, time.monotonic()
    with _bar(training, session) as bar, stop_signals() as should_stop:
        while training.step < recipe.steps:
            loss = training.advance()
            progress = _progress(training, first, began, loss)
            bar.update(recipe.batch)
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            wanted = session.listener is None or session.listener(progress)
            ended = training.step == recipe.steps
            stopped = not ended and (should_stop() or not wanted)
            # At the end too: a checkpoint without a state beside it is a whole one.
            if stopped or ended or training.step % _SAVED_EVERY == 0:
                saved.save(training.state())
            if stopped:
                raise Stopped("training_stopped", step=training.step, steps=recipe.steps)


def _bar(training: Training, session: Session) -> Any:
    batch = training.recipe.batch
    total, done = training.recipe.steps * batch, training.step * batch
    return Bar(total=total, initial=done, desc="Training", unit=" pictures", disable=session.quiet)


def _progress(training: Training, first: int, began: float, loss: float) -> Progress:
    recipe, step = training.recipe, training.step
    pace = (step - first) / (time.monotonic() - began)
    left = (recipe.steps - step) / pace
    return Progress(step, recipe.steps, loss, pace * recipe.batch, left)


def device_name() -> str:
    """What computes here, for a person."""
    if device() == "cuda":
        return torch.cuda.get_device_name()
    return device() if device() != "cpu" else f"{torch.get_num_threads()} of {os.cpu_count()} cores"


def _move(value: Any, to: str) -> Any:
    """The same with all tensors in it on this device."""
    if isinstance(value, Tensor):
        return value.to(to)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    parts = {field.name: _move(getattr(value, field.name), to) for field in fields(value)}
    return replace(value, **parts)
