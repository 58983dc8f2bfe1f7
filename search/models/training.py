from pathlib import Path
from typing import Any, Optional, Self

from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Coalesce, Now

from search.models.encoder import Encoder, duration_text
from search.models.lease import (
    MAX_ATTEMPTS,
    NO_FAILURE,
    UNCLAIMED,
    Lease,
    LeaseQuerySet,
    failure,
)
from search.models.user import User
from search.refusals import Refusal


class TrainingRunQuerySet(LeaseQuerySet):
    def waiting(self) -> Self:
        """Those that wait for a trainer, and those that one trains."""
        return self.filter(state__in=TrainingRun.LIVE)

    def claim(self, **changes: Any) -> Optional["TrainingRun"]:
        """Lease the run that has waited longest; None where none waits.

        A run that kills its worker each time is given up, and one that was to stop has stopped.
        """
        self._conclude_dead()
        state = TrainingRun.State.RUNNING
        return super().claim(state=state, started=Coalesce("started", Now()), **changes)

    def _conclude_dead(self) -> None:
        ended = {"ended": Now(), **UNCLAIMED}
        dead = self.claimable().filter(state=TrainingRun.State.RUNNING)
        stopped = dead.exclude(stop_requested=None)
        stopped.update(state=TrainingRun.State.STOPPED, **ended)
        killed = Refusal("training_stops_worker", times=MAX_ATTEMPTS)
        killing = self.killing().filter(state=TrainingRun.State.RUNNING)
        killing.update(state=TrainingRun.State.FAILED, **ended, **failure(killed))


class TrainingRun(Lease):
    """A training that a curator asked for: the row is the queue, and says how far it is."""

    class Recipe(models.TextChoices):
        SIGLIP2 = "siglip2", "SigLIP 2"
        NAFLEX = "siglip2-naflex", "SigLIP 2 NaFlex, of pictures in their own proportions"
        SIGLIP = "siglip", "SigLIP"
        CLIP = "clip", "CLIP"

    class Data(models.TextChoices):
        STUDIO = "studio", "The studio's drawings"
        CATALOGUE = "catalogue", "The catalogue's pictures and their words"

    class Towers(models.TextChoices):
        ALL = "all", "All of both towers"
        LOCKED_IMAGE = "locked-image", "The text tower; the image tower is locked"
        LORA = "lora", "Low-rank adapters in both towers"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        STOPPED = "stopped"

    LIVE = (State.WAITING, State.RUNNING)
    ENDED_EARLY = (State.FAILED, State.STOPPED)

    # The request.
    recipe = models.CharField(max_length=20, choices=Recipe, default=Recipe.SIGLIP2)
    data = models.CharField(max_length=10, choices=Data, default=Data.STUDIO)
    start_from = models.ForeignKey(Encoder, on_delete=models.SET_NULL, null=True, blank=True)
    # Its name then: a run whose encoder has been removed must not begin from nothing instead.
    origin = models.CharField(max_length=100, blank=True, editable=False)
    towers = models.CharField(max_length=12, choices=Towers, default=Towers.ALL)
    # Null: as many as the recipe has.
    steps = models.PositiveIntegerField(null=True, blank=True)
    seed = models.PositiveIntegerField(default=0)
    person = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    created = models.DateTimeField(db_default=Now(), editable=False)

    # The state.
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    step = models.PositiveIntegerField(default=0, editable=False)
    loss = models.FloatField(null=True, editable=False)
    pictures_per_second = models.FloatField(null=True, editable=False)
    seconds_left = models.FloatField(null=True, editable=False)
    # The share that is measured, 0 to 1; null in every other phase.
    measured = models.FloatField(null=True, editable=False)
    figures = models.JSONField(default=dict, editable=False)
    folder = models.CharField(max_length=500, blank=True, editable=False)
    started = models.DateTimeField(null=True, editable=False)
    ended = models.DateTimeField(null=True, editable=False)
    stop_requested = models.DateTimeField(null=True, editable=False)

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="running", token__isnull=False)
                | (~Q(state="running") & Q(token=None)),
                name="a_running_training_is_claimed",
            ),
            models.UniqueConstraint(
                fields=["folder"], condition=~Q(folder=""), name="one_training_per_folder"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}-{self.recipe}"

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE

    @property
    def ended_early(self) -> bool:
        return self.state in self.ENDED_EARLY

    @property
    def is_stopping(self) -> bool:
        return self.state == self.State.RUNNING and self.stop_requested is not None

    @property
    def time_left(self) -> str:
        """The estimate of its worker as text, such as 40 s; empty where there is none."""
        trains = self.is_live and self.measured is None
        return duration_text(self.seconds_left) if trains and self.seconds_left else ""

    @property
    def measured_percent(self) -> int | None:
        """How much of it is measured, while or where it stopped while it was."""
        is_over = self.state in {self.State.WAITING, self.State.DONE}
        return None if self.measured is None or is_over else int(100 * self.measured)

    # For curators --------------------------------------------------------------------------------

    def ask_to_stop(self) -> bool:
        """Stop: at once what waits, else as soon as its worker has saved it; whether it will."""
        mine = TrainingRun.objects.filter(pk=self.pk)
        if mine.filter(state=self.State.WAITING).update(state=self.State.STOPPED, ended=Now()):
            return True
        return bool(mine.filter(state=self.State.RUNNING).update(stop_requested=Now()))

    def go_on(self) -> bool:
        """Wait again, to be taken up where it was when it stopped or failed; whether it does."""
        early = TrainingRun.objects.filter(pk=self.pk, state__in=self.ENDED_EARLY)
        anew = {"stop_requested": None, "ended": None, "attempts": 0, "next_try_at": Now()}
        anew |= NO_FAILURE
        return bool(early.update(state=self.State.WAITING, **anew))

    # For its worker -------------------------------------------------------------------------------

    def keep_folder(self, folder: Path) -> bool:
        """Note where the result will lie; False if the claim is no longer this worker's."""
        self.folder = str(folder)
        return bool(self.mine().update(folder=self.folder))

    def report(self, **progress: Any) -> bool:
        """Renew the lease and note how far it is; False if it is to stop or is another's now."""
        return self.renew(**progress) and self.mine().filter(stop_requested=None).exists()

    def finish(self, figures: dict[str, Any]) -> bool:
        step = Coalesce("steps", "step")
        done = {"state": self.State.DONE, "ended": Now(), "step": step, "figures": figures}
        return self.conclude(**done, **NO_FAILURE)

    def fail(self, refusal: Refusal, **changes: Any) -> bool:
        return super().fail(refusal, state=self.State.FAILED, ended=Now(), **changes)

    def give_back(self) -> bool:
        """Stop if that was asked, else wait: another worker takes it up where it is."""
        waits = When(stop_requested=None, then=Value(self.State.WAITING))
        ended = Case(When(stop_requested=None, then=Value(None)), default=Now())
        state = Case(waits, default=Value(self.State.STOPPED))
        return self.conclude(state=state, ended=ended, next_try_at=Now())
