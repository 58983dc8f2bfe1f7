from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from search.access.rules import about_visible, may
from search.admin.asset import thumbnail
from search.admin.deletion import Rows
from search.admin.history import WithHistory
from search.admin.merging import Merging
from search.admin.site import ChosenByContributors, CuratorAdmin, CuratorPermissions, site
from search.admin.term_form import WithDocuments
from search.admin.term_inline import TermInline
from search.library.merging import merge_collections
from search.models import Asset, Collection, Grant, Term
from search.models.counts import number_in_library


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
        return about_visible(super().get_queryset(request).select_related("asset"), request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="")
    def picture(self, membership: Any) -> SafeString | str:
        return thumbnail(membership.asset) if membership.pk else ""


class GrantInline(CuratorPermissions, TabularInline):
    """What groups and single people may do with a collection."""

    model = Grant
    fields = ["group", "person", "level"]
    verbose_name_plural = "who may do what"
    extra = 0
    hide_title = True


@admin.register(Collection, site=site)
class CollectionAdmin(WithHistory, WithDocuments, ChosenByContributors, Merging, CuratorAdmin):
    list_display = ["name", "slug", "size", "seen_by"]
    empty = "There are no collections yet."
    search_fields = ["name", "slug"]
    ordering = ["name"]
    fields = ["name", "slug", "is_open"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [GrantInline, TermInline, AssetInline]
    actions = ["merge"]
    merge_rows = staticmethod(merge_collections)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        size = number_in_library(Collection.assets.through.objects, "collection")
        rows = super().get_queryset(request)
        allowed = rows.editable_by if request.method == "POST" else rows.visible_to
        collections = allowed(request.user)
        return collections.prefetch_related("grants__group", "grants__person").annotate(size=size)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or may(request.user, "edit", obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Whoever makes a collection that is not open may manage it."""
        super().save_related(request, form, formsets, change)
        if not change and not form.instance.is_open:
            theirs: Any = {"collection": form.instance, "person": request.user}
            Grant.objects.update_or_create(**theirs, defaults={"level": Grant.Level.MANAGE})

    def consequence(self, rows: Rows) -> str:
        assets = Asset.objects.filter(collections__in=rows).distinct().count()
        terms = Term.objects.filter(collection__in=rows).count()
        lifts = f" With it go its terms of use: {terms}." if terms else ""
        return f"The assets stay in the library: {assets:,}.{lifts}"

    @display(description="who")
    def seen_by(self, collection: Collection) -> str:
        """In a sentence, as "Press may view it, Editors may manage it"."""
        everyone = ["Everyone may view it"] if collection.is_open else []
        grants = sorted(str(grant) for grant in collection.grants.all())
        return ", ".join([*everyone, *grants]) or "Administrators alone"

    @display(description="assets", ordering="size")
    def size(self, collection: Any) -> int:
        return collection.size
