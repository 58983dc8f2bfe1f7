from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from search.admin.site import ReadOnlyAdmin, site
from search.models import Asset, Encoder, EncoderRequest
from search.models.encoder import WrongState
from workers.bell import ring

LIST = "admin:search_encoder_changelist"
STATE_COLOURS = {"serving": "success", "ready": "info", "building": "warning", "problem": "danger"}


class AdditionForm(forms.Form):
    """What there is to say of an encoder before it has been loaded."""

    checkpoint = forms.CharField(
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
        help_text="A hub id, such as google/siglip2-base-patch16-224, or a folder.",
    )
    revision = forms.CharField(
        required=False,
        max_length=64,
        widget=UnfoldAdminTextInputWidget,
        help_text="A commit, of a hub id; empty for the newest.",
    )
    slug = forms.SlugField(
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="Its name here; empty for the checkpoint's own.",
    )
    patches = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=4096,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Of a picture at most, for a NaFlex checkpoint; empty for its own number.",
    )
    precision = forms.TypedChoiceField(
        required=False,
        choices=Encoder.Precision,
        empty_value=Encoder.Precision.FP32,
        widget=UnfoldAdminSelectWidget,
        help_text="8 bits are faster, and refused where the searches of this library lose by them.",
    )


@admin.register(Encoder, site=site)
class EncoderAdmin(ReadOnlyAdmin):
    """The encoders, how far each is, and what may become of it; a worker loads new ones."""

    list_display = [
        "slug",
        "current_state",
        "problems",
        "progress",
        "index",
        "speed",
        "time_left",
        "kind",
        "origin",
    ]
    list_display_links = None
    empty = "There is no encoder yet: “manage.py encoder serve” loads the first one."
    list_before_template = "admin/search/encoder/_requests.html"
    ordering = ["-created"]
    actions = ["promote", "retire", "remove"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Encoder]:
        return super().get_queryset(request).with_counts()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return site.has_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"requests": EncoderRequest.objects.current()})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        form = AdditionForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            EncoderRequest.objects.ask(person=request.user, **form.cleaned_data)
            transaction.on_commit(ring, robust=True)
            return redirect(LIST)
        context = self.admin_site.each_context(request)
        context |= {"title": "Add an encoder", "opts": self.opts, "form": form}
        return TemplateResponse(request, "admin/search/encoder/add.html", context)

    # What may become of one ----------------------------------------------------------------------

    @action(description="Promote: let it answer searches")
    def promote(self, request: HttpRequest, queryset: QuerySet[Encoder]) -> HttpResponse | None:
        message = "{} serves as soon as it is ready and a query worker has loaded it."
        return self.confirmed(request, queryset, "promote", Encoder.ask_promotion, message)

    @action(description="Retire: promise it nothing any more")
    def retire(self, request: HttpRequest, queryset: QuerySet[Encoder]) -> HttpResponse | None:
        message = "{} is retired; its vectors stay."
        return self.confirmed(request, queryset, "retire", Encoder.retire, message)

    @action(description="Remove, with its vectors and its index")
    def remove(self, request: HttpRequest, queryset: QuerySet[Encoder]) -> HttpResponse | None:
        message = "{} is being removed."
        return self.confirmed(request, queryset, "remove", Encoder.ask_removal, message)

    def confirmed(
        self, request: HttpRequest, queryset: QuerySet[Encoder], verb: str, act: Any, message: str
    ) -> HttpResponse | None:
        """Act on one encoder, once the curator has seen what that means."""
        encoder = queryset.first()
        if encoder is None or queryset.count() > 1:
            self.message_user(request, "Choose one encoder.", messages.ERROR)
            return None
        if "confirmed" not in request.POST:
            context = self.admin_site.each_context(request)
            context |= {"title": f"{verb.capitalize()} {encoder}?", "opts": self.opts}
            context |= {"encoder": encoder, "verb": verb, "serving": Encoder.objects.serving()}
            return TemplateResponse(request, "admin/search/encoder/confirm.html", context)
        try:
            act(encoder)
        except WrongState as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, message.format(encoder))
        return None

    # How far each is -----------------------------------------------------------------------------

    @display(description="state", label=STATE_COLOURS)
    def current_state(self, encoder: Encoder) -> str:
        return "being removed" if encoder.removal_requested else encoder.state

    @display(description="family")
    def kind(self, encoder: Encoder) -> str:
        patches = f", {encoder.patches} patches" if encoder.patches else ""
        kind = f"{encoder.family}, {encoder.dimensions} dimensions{patches}"
        return f"{kind}, {encoder.proof_sentence}" if encoder.proof else kind

    @display
    def problems(self, encoder: Encoder) -> str:
        return " ".join(filter(None, [encoder.problem_sentence, encoder.fallback_sentence]))

    @display(description="checkpoint")
    def origin(self, encoder: Encoder) -> str:
        return f"{encoder.checkpoint} @ {encoder.revision[:12]}"

    @display
    def progress(self, encoder: Encoder) -> str:
        failed = f", {encoder.failed:,} failed" if encoder.failed else ""
        return f"{encoder.searchable:,} of {Asset.objects.count():,}{failed}"

    @display
    def index(self, encoder: Encoder) -> str:
        """How far it is being built, else whether it is there."""
        return encoder.index.progress() or ("" if encoder.has_index() else "missing")

    @display(description="per second")
    def speed(self, encoder: Encoder) -> str:
        return f"{encoder.per_second:.1f}" if encoder.lately else ""

    @display(description="time left")
    def time_left(self, encoder: Encoder) -> str:
        return encoder.time_left
