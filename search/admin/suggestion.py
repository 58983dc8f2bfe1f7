from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from search.access.rules import about_visible
from search.admin.asset import thumbnail
from search.admin.site import ReadOnlyAdmin, site
from search.library import label_suggestions
from search.models import AssetLabel


@admin.register(AssetLabel, site=site)
class SuggestionAdmin(ReadOnlyAdmin):
    """What the encoder suggests, for a person to say whether it fits."""

    list_display = ["picture", "asset", "label", "rounded"]
    list_display_links = None
    empty = (
        "There are no suggestions to look at. Labels that encoders may suggest say so themselves."
    )
    list_filter = [("label", AutocompleteSelectFilter)]
    search_fields = ["label__name", "asset__title", "asset__filename"]
    ordering = ["label__name", "-score"]
    actions = ["confirm", "reject"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AssetLabel]:
        visible = about_visible(super().get_queryset(request), request.user)
        suggestions = visible.filter(source=AssetLabel.Source.ENCODER)
        return suggestions.select_related("asset", "label")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        return super().changelist_view(request, {"title": "Suggestions"})

    @display(description="")
    def picture(self, suggestion: AssetLabel) -> SafeString:
        return thumbnail(suggestion.asset)

    @display(description="score", ordering="score")
    def rounded(self, suggestion: AssetLabel) -> str:
        return "" if suggestion.score is None else f"{suggestion.score:.3f}"

    @action(description="These fit")
    def confirm(self, request: HttpRequest, queryset: QuerySet[AssetLabel]) -> None:
        suggestions = list(queryset)
        for suggestion in suggestions:
            label_suggestions.confirm(suggestion.asset, suggestion.label)
        self.message_user(request, f"{len(suggestions)} suggestions are confirmed.")

    @action(description="These do not fit")
    def reject(self, request: HttpRequest, queryset: QuerySet[AssetLabel]) -> None:
        suggestions = list(queryset)
        for suggestion in suggestions:
            label_suggestions.reject(suggestion.asset, suggestion.label)
        self.message_user(request, f"{len(suggestions)} suggestions will not come back.")
