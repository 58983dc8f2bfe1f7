"""What the workers have given up: its reason, and another try."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesRadioFilter, RelatedDropdownFilter
from unfold.decorators import action, display

from search.access.rules import about_visible
from search.admin.asset import thumbnail
from search.admin.site import ReadOnlyAdmin, site
from search.models import Embedding, Rendition
from search.models.promise import Promise
from workers.bell import ring


class FailedPromiseAdmin(ReadOnlyAdmin):
    """Those that have failed; every other promise shows on its asset."""

    search_fields = ["asset__title", "asset__filename", "error", "error_parameters"]
    actions = ["retry"]
    title: str

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        failed = about_visible(super().get_queryset(request).failed(), request.user)
        return failed.select_related("asset").order_by("-pk")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        return super().changelist_view(request, {"title": self.title})

    @display(description="")
    def picture(self, promise: Any) -> SafeString:
        return thumbnail(promise.asset)

    @display(description="reason", ordering="error")
    def reason(self, promise: Promise) -> str:
        return promise.sentence

    @action(description="Retry")
    def retry(self, request: HttpRequest, queryset: Any) -> None:
        number = queryset.reset()
        transaction.on_commit(ring, robust=True)
        self.message_user(request, f"{number} are tried again.")


@admin.register(Embedding, site=site)
class EmbeddingAdmin(FailedPromiseAdmin):
    title = "Failed embeddings"
    empty = "No embedding has failed."
    list_display = ["picture", "asset", "reason", "encoder"]
    list_display_links = None
    list_filter = [("encoder", RelatedDropdownFilter)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Embedding]:
        return super().get_queryset(request).defer("vector").select_related("asset", "encoder")


@admin.register(Rendition, site=site)
class RenditionAdmin(FailedPromiseAdmin):
    title = "Failed renditions"
    empty = "No rendition has failed."
    list_display = ["picture", "asset", "reason", "spec"]
    list_display_links = None
    list_filter = [("spec", ChoicesRadioFilter)]
