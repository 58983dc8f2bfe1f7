from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from search.admin.site import ReadOnlyAdmin, site
from search.models import Encoder

STATE_COLOURS = {"serving": "success", "ready": "info", "building": "warning"}


@admin.register(Encoder, site=site)
class EncoderAdmin(ReadOnlyAdmin):
    """Encoders come and go by `manage.py encoder`, which loads them first."""

    list_display = [
        "slug",
        "current_state",
        "dimensions",
        "searchable",
        "waiting",
        "failed",
        "checkpoint",
        "revision",
    ]
    list_display_links = None
    ordering = ["-created"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Encoder]:
        return super().get_queryset(request).with_counts()

    @display(description="state", label=STATE_COLOURS)
    def current_state(self, encoder: Encoder) -> str:
        return encoder.state

    @display
    def searchable(self, encoder: Any) -> int:
        return encoder.searchable

    @display
    def waiting(self, encoder: Any) -> int:
        return encoder.waiting

    @display
    def failed(self, encoder: Any) -> int:
        return encoder.failed
