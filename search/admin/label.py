from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from search.admin.site import CuratorAdmin, site
from search.models import Label


@admin.register(Label, site=site)
class LabelAdmin(CuratorAdmin):
    list_display = ["name", "used"]
    search_fields = ["name"]
    ordering = ["name"]  # A GROUP BY drops the one of the model.

    def get_queryset(self, request: HttpRequest) -> QuerySet[Label]:
        used = Count("asset_labels__asset", distinct=True)
        return super().get_queryset(request).annotate(used=used)

    @display(description="assets", ordering="used")
    def used(self, label: Any) -> int:
        return label.used
