from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django_htmx.http import HttpResponseClientRefresh
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from search.admin.site import ReadOnlyAdmin, site
from search.models import Asset, Encoder, EncoderRequest, TrainingRun, User
from workers import queues
from workers.bell import ring

STATE_COLOURS = {"done": "success", "running": "info", "waiting": "warning", "failed": "danger"}
MOST_STEPS = 10_000_000
LARGEST_SEED = 2**31 - 1


class StartForm(forms.ModelForm):
    """What a curator asks of a training."""

    start_from = forms.ModelChoiceField(
        Encoder.objects.filter(removal_requested=None).order_by("-created"),
        required=False,
        empty_label="None",
        widget=UnfoldAdminSelectWidget,
        help_text="An encoder, which stays as it is; none begins from nothing.",
    )
    steps = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_STEPS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Empty for as many as the recipe has.",
    )
    seed = forms.IntegerField(
        initial=0,
        min_value=0,
        max_value=LARGEST_SEED,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="The same seed gives the same result on the same machine.",
    )

    class Meta:
        model = TrainingRun
        fields = ["recipe", "data", "start_from", "towers", "steps", "seed"]
        widgets = dict.fromkeys(["recipe", "data", "towers"], UnfoldAdminSelectWidget)
        help_texts = {
            "recipe": "Of a new encoder; one to start from keeps the loss of its family.",
            "data": "What it learns from; a part is held out, on which it is measured.",
            "towers": "What may change, of the encoder that it starts from.",
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("towers") != TrainingRun.Towers.ALL and not given.get("start_from"):
            self.add_error(
                "towers", "Without an encoder to start from there is nothing to keep: choose all."
            )
        if given.get("data") == TrainingRun.Data.STUDIO and given.get("start_from"):
            self.add_error("data", "An encoder to start from is trained on the catalogue.")
        if given.get("data") == TrainingRun.Data.CATALOGUE and not Asset.objects.exists():
            self.add_error("data", "The library holds no assets yet.")
        return given


@admin.register(TrainingRun, site=site)
class TrainingRunAdmin(ReadOnlyAdmin):
    """The trainings: who asked for each, how far it is, and what came of it."""

    list_display = ["name", "current_state", "progress", "data", "from_what", "person", "created"]
    list_select_related = ["person"]
    empty = "Nothing has been trained yet."
    ordering = ["-pk"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return site.has_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Training"})

    # Start one -----------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        form = StartForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            form.instance.person = request.user
            form.instance.origin = str(form.instance.start_from or "")
            run = form.save()
            transaction.on_commit(partial(ring, queues.TRAIN), robust=True)
            return redirect(self.page_of(run))
        context = self.context(request, "Start a training") | {"form": form}
        return TemplateResponse(request, "admin/search/training_run/start.html", context)

    # Watch it, and say what is to become of it ---------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404("There is no such training.")
        verb = VERBS.get(request.POST.get("verb", ""))
        if verb:
            self.message_user(request, *verb(run, cast(User, request.user)))
            return redirect(self.page_of(run))
        # Its buttons belong to a state: where that has changed, the page is fetched anew.
        if request.htmx and request.GET.get("state") != run.state:  # type: ignore[attr-defined]
            return HttpResponseClientRefresh()
        context = self.context(request, f"Training {run}") | {
            "run": run,
            "figures": table(run.figures),
            "encoder": run.folder and Encoder.objects.filter(checkpoint=run.folder).first(),
        }
        part = "_progress" if request.htmx else "run"  # type: ignore[attr-defined]
        return TemplateResponse(request, f"admin/search/training_run/{part}.html", context)

    def context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return self.admin_site.each_context(request) | {"title": title, "opts": self.opts}

    def page_of(self, run: TrainingRun) -> str:
        return reverse("admin:search_trainingrun_change", args=[run.pk])

    # How far each is -----------------------------------------------------------------------------

    @display(description="training")
    def name(self, run: TrainingRun) -> str:
        return str(run)

    @display(description="state", label=STATE_COLOURS)
    def current_state(self, run: TrainingRun) -> str:
        return "stopping" if run.is_stopping else run.state

    @display
    def progress(self, run: TrainingRun) -> str:
        steps = f" of {run.steps:,}" if run.steps else ""
        loss = f", loss {run.loss:.3f}" if run.loss is not None else ""
        measured = "" if run.measured_percent is None else f", {run.measured_percent} % measured"
        return f"{run.step:,}{steps}{loss}{measured}" if run.step or measured else ""

    @display(description="from")
    def from_what(self, run: TrainingRun) -> str:
        return run.origin or "nothing"


def stop(run: TrainingRun, person: User) -> tuple[str, int]:
    if run.ask_to_stop():
        return f"{run} stops as soon as it is saved.", messages.SUCCESS
    return f"{run} is {run.state}: there is nothing to stop.", messages.ERROR


def go_on(run: TrainingRun, person: User) -> tuple[str, int]:
    if run.go_on():
        transaction.on_commit(partial(ring, queues.TRAIN), robust=True)
        return f"{run} goes on from where it was saved.", messages.SUCCESS
    return f"{run} is {run.state}: it has not ended early.", messages.ERROR


def add_as_encoder(run: TrainingRun, person: User) -> tuple[str, int]:
    """Let a worker load what was trained: it becomes an encoder that is building."""
    if run.state != TrainingRun.State.DONE:
        return f"{run} is {run.state}: there is no encoder to add yet.", messages.ERROR
    EncoderRequest.objects.ask(checkpoint=run.folder, person=person)
    transaction.on_commit(ring, robust=True)
    return f"A worker adds {run} as an encoder, beside the others.", messages.SUCCESS


VERBS = {"stop": stop, "go on": go_on, "add": add_as_encoder}


@dataclass(frozen=True)
class Figures:
    """What was measured, a row for each figure: once, or before and after."""

    columns: Sequence[str]
    rows: list[tuple[str, list[str]]]


def table(figures: dict[str, Any]) -> Figures:
    """The figures of a run, as `manage.py train --json` says them."""
    columns = [when for when in ("before", "after") if when in figures]
    flats = [dict(flat(figures[when])) for when in columns] or [dict(flat(figures))]
    rows = [(name, [of.get(name, "") for of in flats]) for name in flats[-1]]
    return Figures(columns, rows)


def flat(figures: dict[str, Any], *path: str) -> Iterator[tuple[str, str]]:
    """The values with their intervals, however deep, each with the names that lead to it."""
    for name, figure in figures.items():
        if isinstance(figure, dict) and "value" in figure:
            yield ", ".join([*path, name]), figure_text(**figure)
        elif isinstance(figure, dict):
            yield from flat(figure, *path, name)


def figure_text(value: float, low: float | None = None, high: float | None = None, **_: Any) -> str:
    interval = "" if low is None or high is None else f" ({low:.3f} to {high:.3f})"
    return f"{value:.3f}{interval}"
