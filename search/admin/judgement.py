"""Judgements and preferences from the page that compares encoders."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from search.access.rules import about_visible
from search.admin.asset import thumbnail
from search.admin.site import ReadOnlyAdmin, site
from search.models import JudgedQuery, Judgement, Preference


class DeletableAdmin(ReadOnlyAdmin):
    """Rows that people make elsewhere: read here, and deleted where they were a mistake."""

    list_display_links = None
    empty = "Nobody has judged anything yet: judge hits on the page that compares encoders."
    list_filter = [("person", RelatedDropdownFilter)]
    ordering = ["-created"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return site.has_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("query__asset", "person")

    @display(description="query")
    def judged_query(self, row: Any) -> SafeString | str:
        return words_or_picture(row.query)


def words_or_picture(query: JudgedQuery) -> SafeString | str:
    """The words of a query, or its picture."""
    if query.asset:
        return "a picture in the trash" if query.asset.trashed else thumbnail(query.asset)
    if query.picture:
        picture = reverse("judged_picture", args=[query.pk])
        return format_html('<img class="thumbnail" src="{}" alt="a picture">', picture)
    return query.words


@admin.register(Judgement, site=site)
class JudgementAdmin(DeletableAdmin):
    list_display = ["judged_query", "hit", "asset", "says", "person", "created"]
    search_fields = ["query__words", "asset__title"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Judgement]:
        return about_visible(super().get_queryset(request).select_related("asset"), request.user)

    def depict(self, row: Judgement) -> SafeString:
        return thumbnail(row.asset)

    @display(description="")
    def hit(self, judgement: Judgement) -> SafeString:
        return thumbnail(judgement.asset)

    @display(description="verdict", label={"fits": "success", "does not fit": "danger"})
    def says(self, judgement: Judgement) -> str:
        return "fits" if judgement.grade else "does not fit"


@admin.register(Preference, site=site)
class PreferenceAdmin(DeletableAdmin):
    list_display = ["judged_query", "left", "right", "better", "person", "created"]
    search_fields = ["query__words"]
    list_before_template = "admin/search/preference/_wins.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Preference]:
        return super().get_queryset(request).select_related("left", "right")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        return super().changelist_view(request, {"wins": wins()})

    @display(description="better")
    def better(self, preference: Preference) -> str:
        sides = {"left": preference.left.slug, "right": preference.right.slug}
        return sides.get(preference.verdict, "tie")


def wins() -> dict[str, list[Any]]:
    """How often each of two encoders was better, as a table."""
    columns = ["left__slug", "left_wins", "ties", "right_wins", "right__slug"]
    rows = [[pair[column] for column in columns] for pair in Preference.objects.wins()]
    return {"headers": ["encoder", "was better", "tie", "was better", "encoder"], "rows": rows}
