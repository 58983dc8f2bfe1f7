"""What the claims of single sign-on give: rules, for administrators."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from search.admin.deletion import CarefulDeletion, Rows
from search.admin.returning import Returning
from search.admin.site import CheckedActions, site
from search.models import ClaimRule


@admin.register(ClaimRule, site=site)
class ClaimRuleAdmin(Returning, CarefulDeletion, CheckedActions, ModelAdmin):
    list_display = ["claim", "value", "gives"]
    list_display_links = ["claim", "value"]
    search_fields = ["claim", "value"]
    fields = ["claim", "value", "group", "role"]
    autocomplete_fields = ["group"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClaimRule]:
        return super().get_queryset(request).select_related("group")

    def consequence(self, rows: Rows) -> str:
        return "What people have by it goes at their next sign-in."

    @display(description="gives")
    def gives(self, rule: Any) -> str:
        role = f"the role {rule.role}" if rule.role else ""
        group = f"the group {rule.group}" if rule.group else ""
        return " and ".join(filter(None, (group, role)))
