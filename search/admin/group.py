"""Groups of people, and the collections that they have grants to."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from search.admin.deletion import MOST_ROWS, CarefulDeletion, Rows
from search.admin.history import WithHistory
from search.admin.returning import Returning
from search.admin.site import CheckedActions, site
from search.models import Grant, Group, User


class PersonInline(TabularInline):
    model = User.groups.through
    verbose_name = "person"
    verbose_name_plural = "people"
    autocomplete_fields = ["user"]
    extra = 0
    hide_title = True


class CollectionInline(TabularInline):
    model = Grant
    fk_name = "group"
    fields = ["collection", "level"]
    verbose_name_plural = "collections"
    autocomplete_fields = ["collection"]
    extra = 0
    hide_title = True


@admin.register(Group, site=site)
class GroupAdmin(WithHistory, Returning, CarefulDeletion, CheckedActions, ModelAdmin):
    """For superusers, as accounts are."""

    list_display = ["name", "people"]
    search_fields = ["name"]
    fields = ["name"]
    inlines = [PersonInline, CollectionInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return super().get_queryset(request).annotate(people=Count("user"))

    def consequence(self, rows: Rows) -> str:
        pks = [row.pk for row in rows]
        people = User.objects.filter(groups__in=pks).distinct().count()
        grants = Grant.objects.filter(group__in=pks).select_related("collection")
        number = grants.count()
        first = [
            f"{grant.collection} ({grant.get_level_display()})" for grant in grants[:MOST_ROWS]
        ]
        more = f" and {number - len(first):,} more" if number > len(first) else ""
        if not number:
            return f"Its people stay: {people:,}. It has been given no collection."
        return (
            f"Its people stay: {people:,}. From their next request on they have by it no more: "
            f"{', '.join(first)}{more}."
        )

    @display(description="people", ordering="people")
    def people(self, group: Any) -> int:
        return group.people
