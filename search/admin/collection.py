from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from search.admin.asset import thumbnail
from search.admin.deletion import Rows
from search.admin.merging import Merging
from search.admin.site import CuratorAdmin, CuratorPermissions, site
from search.library.merging import merge_collections
from search.models import Asset, Collection
from search.models.counts import number_of


class AssetInline(CuratorPermissions, TabularInline):
    """The assets of a collection, a page at a time; those that are in can only be taken out."""

    model = Collection.assets.through
    verbose_name = "asset"
    verbose_name_plural = "assets"
    fields = ["picture", "asset"]
    readonly_fields = ["picture"]
    autocomplete_fields = ["asset"]
    ordering = ["-pk"]
    extra = 0
    hide_title = True
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("asset")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="")
    def picture(self, membership: Any) -> SafeString | str:
        return thumbnail(membership.asset) if membership.pk else ""


@admin.register(Collection, site=site)
class CollectionAdmin(Merging, CuratorAdmin):
    list_display = ["name", "slug", "size"]
    empty = "There are no collections yet."
    search_fields = ["name", "slug"]
    ordering = ["name"]
    fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [AssetInline]
    actions = ["merge"]
    merge_rows = staticmethod(merge_collections)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        size = number_of(Collection.assets.through.objects, "collection")
        return super().get_queryset(request).annotate(size=size)

    def consequence(self, rows: Rows) -> str:
        assets = Asset.objects.filter(collections__in=rows).distinct().count()
        return f"The assets stay in the library: {assets:,}."

    @display(description="assets", ordering="size")
    def size(self, collection: Any) -> int:
        return collection.size
