from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, URLField
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from search.admin.deletion import Rows, count_of
from search.admin.site import ChosenByContributors, CuratorAdmin, site
from search.models import Licence, Rights
from search.models.counts import number_of


@admin.register(Licence, site=site)
class LicenceAdmin(ChosenByContributors, CuratorAdmin):
    """The vocabulary of licences; those that are usual stand there from the first."""

    list_display = ["name", "code", "spdx", "uri", "size"]
    empty = "There are no licences yet."
    search_fields = ["name", "code", "spdx"]
    ordering = ["name"]
    fields = ["name", "code", "spdx", "uri"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Licence]:
        size = number_of(Rights.objects, "licence")
        return super().get_queryset(request).annotate(size=size)

    def objections(self, rows: Rows, count: int) -> list[SafeString | str]:
        pictures = Rights.objects.filter(licence__in=[row.pk for row in rows]).count()
        taken = f"{count_of(pictures, 'picture has', 'pictures have')} it: give them another first."
        return super().objections(rows, count) + ([taken] if pictures else [])

    @display(description="assets", ordering="size")
    def size(self, licence: Any) -> int:
        return licence.size
