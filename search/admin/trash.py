"""The trash: what was deleted, by whom and when, restored or deleted for good."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import action, display

from search.admin.deletion import Rows, count_of
from search.admin.site import ContributorPermissions, ReadOnlyAdmin, site
from search.library import trash
from search.models import Asset, Rendition, TrashedAsset, User
from search.models.asset import AssetQuerySet
from search.pages import rendition_response
from search.query import lexical

# Maximum of titles that a message names.
MOST_NAMED = 5


def days() -> str:
    """For how long things stay there, as "30 days"."""
    return count_of(round(settings.TRASH_DAYS), "day") if settings.TRASH_DAYS >= 1 else "a day"


def offer_undo(modeladmin: Any, request: HttpRequest, number: int, moment: datetime) -> None:
    """Say what was put into the trash at this moment, with a button that takes it back."""
    text = format_html(
        '<form class="undo" method="post" action="{}">Moved {} to the trash, for {}. '
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<button name="moment" value="{}">Restore</button></form>',
        reverse("admin:search_trashedasset_restore"),
        count_of(number, "asset"),
        days(),
        get_token(request),
        moment.isoformat(),
    )
    modeladmin.message_user(request, text, messages.SUCCESS)


class PeopleFilter(RelatedDropdownFilter):
    """Those of what whoever asks sees here."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        rows = model_admin.get_queryset(request).order_by()
        people = User.objects.filter(pk__in=rows.values(field.name))
        return list(people.order_by("username").values_list("pk", "username"))


@admin.register(TrashedAsset, site=site)
class TrashAdmin(ContributorPermissions, ReadOnlyAdmin):
    list_display = ["picture", "title", "owner", "who", "since", "goes", "back"]
    list_before_template = "admin/search/trash/_about.html"
    view_on_site = False
    list_display_links = ["picture", "title"]
    empty = "The trash is empty."
    list_filter = [("trashed_by", PeopleFilter), ("owner", PeopleFilter)]
    search_fields = ["title", "description", "filename", "asset_labels__label__name"]
    search_help_text = "Words of title, description, file name, label or collection"
    ordering = ["-trashed"]
    actions = ["restore", "delete_selected"]
    fields = ["preview", "title", "description", "owner", "who", "since", "goes", "facts"]
    readonly_fields = fields
    change_form_outer_before_template = "admin/search/trash/_restore.html"
    deletion_verb, deletion_end = "Delete", " for good"

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrashedAsset]:
        rows: Any = super().get_queryset(request)
        return rows.editable_by(request.user).select_related("owner", "trashed_by")

    def get_search_results(
        self, request: HttpRequest, queryset: AssetQuerySet, search_term: str
    ) -> tuple[AssetQuerySet, bool]:
        words = search_term.split()
        return (lexical.containing(queryset, words, []) if words else queryset), False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.lets_in(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"title": "Trash", "days": days(), **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_urls(self) -> list[Any]:
        named = {
            "restore/": (self.restore_view, "restore"),
            "<uuid:pk>/picture/<slug:spec>/": (self.picture_view, "picture"),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=f"search_trashedasset_{name}")
            for route, (view, name) in named.items()
        ]
        return own + super().get_urls()

    # What happens ---------------------------------------------------------------------------------

    def restore_view(self, request: HttpRequest) -> HttpResponse:
        """Restore one asset, or all that this person deleted at one moment."""
        if request.method != "POST":
            raise Http404("Assets are restored by a button.")
        if "asset" in request.POST:
            self._restore(request, self._one(request, request.POST["asset"]))
            return redirect("admin:search_trashedasset_changelist")
        moment = _moment(request.POST.get("moment", ""))
        self._restore(request, trash.of(request.user).filter(trashed=moment))
        return redirect("admin:search_asset_changelist")

    def _one(self, request: HttpRequest, pk: str) -> AssetQuerySet:
        try:
            return trash.of(request.user).filter(pk=UUID(pk))
        except ValueError:
            raise BadRequest("The asset to restore is missing.") from None

    def _restore(self, request: HttpRequest, assets: QuerySet[Any]) -> None:
        restored = trash.restore(assets)
        if restored.back:
            verb = "is" if restored.back == 1 else "are"
            text = f"{count_of(restored.back, 'asset')} {verb} in the library again."
            self.message_user(request, text, messages.SUCCESS)
        if restored.twins:
            self.message_user(request, _twins_stay(restored.twins), messages.WARNING)
        if not (restored.back or restored.twins):
            self.message_user(request, "Nothing of this is in the trash.", messages.WARNING)

    @action(description="Restore")
    def restore(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._restore(request, trash.of(request.user).filter(pk__in=queryset.values("pk")))

    @action(description="Delete for good", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        return delete_selected(self, request, queryset)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        trash.delete(trash.of(request.user).filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        trash.delete(trash.of(request.user).filter(pk__in=queryset.values("pk")))

    def picture_view(self, request: HttpRequest, pk: UUID, spec: str) -> HttpResponseBase:
        rows = Rendition.objects.done().filter(asset__in=trash.of(request.user).filter(pk=pk))
        return rendition_response(request, get_object_or_404(rows, spec=spec))

    # What is shown --------------------------------------------------------------------------------

    def depict(self, row: Asset) -> SafeString:
        return self.picture(row)

    def consequence(self, rows: Rows) -> str:
        return (
            "Originals go, and with them all that people said of them: titles, labels, places in "
            "collections, judgements."
        )

    @display(description="")
    def picture(self, asset: Asset) -> SafeString:
        return _image("thumbnail", asset)

    @display(description="")
    def preview(self, asset: Asset) -> SafeString:
        return _image("preview", asset)

    @display(description="moved here by", ordering="trashed_by__username")
    def who(self, asset: Asset) -> str:
        return asset.trashed_by.get_username() if asset.trashed_by else ""

    @display(description="on", ordering="trashed")
    def since(self, asset: Asset) -> str:
        return _date(asset.trashed)

    @display(description="deleted for good on", ordering="trashed")
    def goes(self, asset: TrashedAsset) -> str:
        return _date(asset.goes)

    @display(description="original")
    def facts(self, asset: Asset) -> str:
        size = filesizeformat(asset.bytes)
        return f"{asset.filename}, {asset.format}, {asset.width} x {asset.height}, {size}"

    @display(description="")
    def back(self, asset: Asset) -> SafeString:
        """Its button is one of the list's own form."""
        return format_html(
            '<button class="undo" name="asset" value="{}" formaction="{}">Restore</button>',
            asset.pk,
            reverse("admin:search_trashedasset_restore"),
        )


def _image(spec: str, asset: Asset) -> SafeString:
    return format_html(
        '<img class="{}" src="{}" alt="{}" loading="lazy">',
        spec,
        reverse("admin:search_trashedasset_picture", args=[asset.pk, spec]),
        asset.title,
    )


def _date(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment))


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest("The moment of the deletion to undo is missing.") from None


def _twins_stay(twins: list[Asset]) -> str:
    names = ", ".join(f"“{asset.title}”" for asset in twins[:MOST_NAMED])
    rest = f" and {len(twins) - MOST_NAMED} more" if len(twins) > MOST_NAMED else ""
    return (
        f"{names}{rest} stayed in the trash: the library has the same file from the same owner "
        "again. Delete that one first, then restore."
    )
