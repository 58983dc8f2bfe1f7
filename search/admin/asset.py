from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    CheckboxFilter,
    RadioFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import action, display
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from search.access.rules import may
from search.admin.asset_label import LabelInline
from search.admin.deletion import Rows
from search.admin.history import WithHistory
from search.admin.many_terms import OfMany
from search.admin.site import ASSETS, ContributorPermissions, CuratorAdmin, is_curator, site
from search.admin.term_form import WithDocuments
from search.admin.term_inline import RightsInline, TermInline
from search.admin.trash import days, offer_undo
from search.admin.versions import WithVersions
from search.formats.dates import FIRST_PHOTOGRAPH
from search.formats.sniff import FORMATS
from search.library import label_suggestions, near_duplicates, trash
from search.models import Asset, Collection, Embedding, Encoder, User
from search.models.asset import AssetQuerySet
from search.models.embedding import AssetState
from search.query import facets, lexical
from workers.bell import ring

STATE_COLOURS = {"waiting": "info", "searchable": "success", "failed": "danger"}
# Maximum of assets that the list counts one by one: 200 pages.
EXACT = 10_000
CAMERA_FACTS = ("model", "lens", "exposure")
OF_SERVING = Embedding.objects.of_serving()


def thumbnail(asset: Asset) -> SafeString:
    """The asset's thumbnail, which leads to its form."""
    form = reverse("admin:search_asset_change", args=[asset.pk])
    return format_html('<a href="{}">{}</a>', form, thumbnail_image(asset))


def thumbnail_image(asset: Asset) -> SafeString:
    """The asset's thumbnail, as high as its proportions ask in a width that all share."""
    return format_html(
        '<img class="thumbnail" src="{}" alt="{}" loading="lazy">',
        reverse("thumbnail", args=[asset.pk]) + asset.version_query,
        asset.title,
    )


class StateFilter(RadioFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, word) for word in AssetState.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Asset]) -> QuerySet[Asset]:
        if self.value() not in AssetState.values:
            return queryset
        return queryset.filter(pk__in=OF_SERVING.in_state(self.value()).values("asset"))


class FormatFilter(CheckboxFilter):
    """All formats that Sightline reads: to look up which ones there are took 0.2 s of a million."""

    title = "format"
    parameter_name = "format"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in FORMATS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Asset]) -> QuerySet[Asset]:
        return queryset.filter(format__in=self.value()) if self.value() else queryset


class About(int):
    """A number of assets that a sample tells."""

    def __str__(self) -> str:
        return f"about {int(self):,}"


class AssetPaginator(Paginator):
    """Of more assets than anyone pages through, the number is that of a sample."""

    object_list: AssetQuerySet

    @cached_property
    def count(self) -> int:
        assets = self.object_list.order_by()
        number = assets[: EXACT + 1].count()
        if number <= EXACT:
            return number
        about, is_sampled = facets.count(assets)
        return About(max(about, number)) if is_sampled else about


class AssetActionForm(ActionForm):
    """The choice of an action, and of the collection that one of them needs."""

    collection = forms.ModelChoiceField(
        Collection.objects.all(),
        label="",
        required=False,
        empty_label="Choose a collection",
        widget=UnfoldAdminSelectWidget({"x-show": "action == 'add_to_collection'"}),
    )


class CameraTimeField(forms.DateTimeField):
    """A moment by a camera's clock, which is stored as if it were UTC whatever the site's zone."""

    widget = UnfoldAdminTextInputWidget({"type": "datetime-local", "step": 1})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return value

    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(UTC):
            return super().to_python(value)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not FIRST_PHOTOGRAPH <= value <= timezone.now() + timedelta(days=1):
            raise forms.ValidationError("No picture was taken then: choose a day from 1826 on.")


class AssetForm(forms.ModelForm):
    """What a curator says of an asset."""

    taken = CameraTimeField(
        required=False, help_text="By the camera’s own clock. What you enter counts as yours."
    )

    def save(self, commit: bool = True) -> Asset:
        if "taken" in self.changed_data:
            self.instance.taken_source = Asset.TakenSource.PERSON
        return super().save(commit)


class CollectionFilter(RelatedDropdownFilter):
    """The collections that whoever asks may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        visible = Collection.objects.visible_to(request.user)
        return [(collection.pk, collection.name) for collection in visible]


class OwnerFilter(RelatedDropdownFilter):
    """The accounts that own what whoever asks sees here."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        owners = User.objects.owning(model_admin.get_queryset(request))
        return list(owners.order_by("username").values_list("pk", "username"))


class CollectionInline(ContributorPermissions, TabularInline):
    """Those that whoever asks may add to and take from."""

    model = Collection.assets.through
    verbose_name = "collection"
    verbose_name_plural = "collections"
    autocomplete_fields = ["collection"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        allowed = Collection.objects.contributable_by(request.user)
        return super().get_queryset(request).filter(collection__in=allowed)

    def formfield_for_foreignkey(self, field: Any, request: HttpRequest, **others: Any) -> Any:
        if field.name == "collection":
            others["queryset"] = Collection.objects.contributable_by(request.user)
        return super().formfield_for_foreignkey(field, request, **others)

    extra = 0
    hide_title = True


@admin.register(Asset, site=site)
class AssetAdmin(
    WithHistory, OfMany, WithVersions, WithDocuments, ContributorPermissions, CuratorAdmin
):
    """What curators see, and contributors of their own."""

    list_display = ["picture", "name", "state", "owner", "in_collections", "created"]
    list_display_links = ["picture", "name"]
    empty = "The library holds no pictures yet."
    list_filter = [
        StateFilter,
        ("collections", CollectionFilter),
        ("asset_labels__label", AutocompleteSelectFilter),
        FormatFilter,
        ("owner", OwnerFilter),
    ]
    search_fields = ["title", "description", "filename", "asset_labels__label__name"]
    search_help_text = "Words of title, description, file name, label or collection"
    ordering = ["-created"]
    paginator = AssetPaginator
    actions = ["embed_again", "look_again", "add_to_collection", "add_term", "set_rights"]
    actions += ["delete_selected"]
    deletion_verb, deletion_end = "Move", " to the trash"
    action_form = AssetActionForm
    form = AssetForm
    readonly_fields = ["preview", "taken_source", "suggestions", "whose", "states"]
    readonly_fields += ["facts", "originals", "camera_facts", "sha256", "created"]
    fields = ["preview", "title", "description", "taken", *readonly_fields[1:]]
    inlines = [LabelInline, CollectionInline, RightsInline, TermInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Asset]:
        # Without the vectors: 24 rows take 5.2 ms, with them 12.9 (docs/architecture.md, Facts).
        serving = Prefetch("embeddings", OF_SERVING.defer("vector"), to_attr="of_serving")
        rows = super().get_queryset(request)
        # A list and a page show curators what they see; what is sent changes what may be edited.
        shows_all = is_curator(request) and request.method != "POST"
        allowed = rows.visible_to if shows_all else rows.editable_by
        assets = allowed(request.user).select_related("owner")
        collections = Prefetch("collections", Collection.objects.visible_to(request.user))
        return assets.prefetch_related(collections, serving)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or may(request.user, "edit", obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_work_permission(self, request: HttpRequest) -> bool:
        """Whether they may have the workers do something again."""
        return is_curator(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        page = super().changelist_view(request, extra_context)
        if form := (getattr(page, "context_data", None) or {}).get("action_form"):
            allowed = Collection.objects.contributable_by(request.user)
            form.fields["collection"].queryset = allowed
        return page

    def get_search_results(
        self, request: HttpRequest, queryset: AssetQuerySet, search_term: str
    ) -> tuple[AssetQuerySet, bool]:
        # By the index of words: otherwise each text of the library is looked at.
        words = search_term.split()
        return (lexical.containing(queryset, words, []) if words else queryset), False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # Originals come in by the upload page and `ingest`, which check them.

    def depict(self, row: Asset) -> SafeString:
        return thumbnail(row)

    def consequence(self, rows: Rows) -> str:
        return (
            "Nobody finds them there. Restored, they are what they were, with all that was theirs."
        )

    def finality(self) -> str:
        return f"After {days()} in the trash they are deleted for good."

    @action(description="Move to the trash", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Asset]) -> Any:
        # Asked, or with what forbids it.
        if "post" not in request.POST or self.objections(queryset, queryset.count()):
            return delete_selected(self, request, queryset)
        self.log_deletions(request, queryset)
        number, moment = queryset.count(), trash.put(queryset, by=self._person(request))
        if moment:
            offer_undo(self, request, number, moment)
        return None

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        trash.put(Asset.objects.filter(pk=obj.pk), by=self._person(request))

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        if moment := Asset.everything.get(pk=obj_id).trashed:
            offer_undo(self, request, 1, moment)
        filters = {"preserved_filters": self.get_preserved_filters(request), "opts": self.opts}
        return redirect(add_preserved_filters(filters, reverse(ASSETS)))

    def _person(self, request: HttpRequest) -> User:
        assert isinstance(request.user, User)  # noqa: S101
        return request.user

    @display(description="")
    def picture(self, asset: Asset) -> SafeString:
        return thumbnail_image(asset)

    @display(description="title", ordering="title")
    def name(self, asset: Asset) -> str:
        return asset.title

    @display(description="state", label=STATE_COLOURS)
    def state(self, asset: Any) -> str:
        return next((embedding.asset_state for embedding in asset.of_serving), "")

    @display(description="collections")
    def in_collections(self, asset: Asset) -> str:
        return ", ".join(collection.name for collection in asset.collections.all())

    @display(description="")
    def preview(self, asset: Asset) -> SafeString:
        return format_html(
            '<a href="{}"><img class="preview" src="{}" alt="To the page of {}"></a>',
            asset.get_absolute_url(),
            reverse("preview", args=[asset.pk]) + asset.version_query,
            asset.title,
        )

    @display(description="owner")
    def whose(self, asset: Asset) -> str:
        """Their name alone: the page of an account is for administrators."""
        return asset.owner.get_username()

    @display(description="suggested labels")
    def suggestions(self, asset: Asset) -> SafeString:
        """They are confirmed and rejected on the asset's own page."""
        suggestions = label_suggestions.of(asset)
        text = ", ".join(f"{each.label} {each.score:.3f}" for each in suggestions) or "None"
        return format_html('<a href="{}#suggestions">{}</a>', asset.get_absolute_url(), text)

    @display(description="embeddings")
    def states(self, asset: Asset) -> SafeString:
        """One line for each encoder."""
        embeddings = asset.embeddings.defer("vector").select_related("encoder")
        lines = [(e.encoder, e.asset_state, e.error and f": {e.sentence}") for e in embeddings]
        return format_html_join("", "<div>{}: {}{}</div>", lines)

    @display(description="original")
    def facts(self, asset: Asset) -> str:
        size = filesizeformat(asset.bytes)
        return f"{asset.filename}, {asset.format}, {asset.width} x {asset.height}, {size}"

    @display(description="versions")
    def originals(self, asset: Asset) -> SafeString:
        number = asset.versions.count()
        return format_html(
            '<a class="undo" href="{}">{}</a>',
            reverse("admin:search_asset_versions", args=[asset.pk]),
            f"{number} originals: compare, go back, replace" if number else "Replace the original",
        )

    @display(description="camera")
    def camera_facts(self, asset: Asset) -> str:
        return ", ".join(asset.camera[name] for name in CAMERA_FACTS if name in asset.camera)

    @action(description="Embed again", permissions=["work"])
    def embed_again(self, request: HttpRequest, queryset: QuerySet[Asset]) -> None:
        embeddings = Embedding.objects.filter(
            asset__in=queryset.values("pk"), encoder__in=Encoder.objects.live()
        )
        embeddings.reset()
        transaction.on_commit(ring, robust=True)
        self.message_user(request, f"{queryset.count()} assets are embedded again.")

    @action(description="Look for near-duplicates anew", permissions=["work"])
    def look_again(self, request: HttpRequest, queryset: QuerySet[Asset]) -> None:
        near_duplicates.reset(queryset)
        transaction.on_commit(ring, robust=True)
        self.message_user(request, f"{queryset.count()} assets are looked at again.")

    @action(description="Add to a collection", permissions=["change"])
    def add_to_collection(self, request: HttpRequest, queryset: QuerySet[Asset]) -> None:
        if "collection" not in request.POST:
            raise BadRequest("The collection to add them to is missing.")
        # Of a form that is valid: what is no collection does not come so far.
        collection = self.action_form.base_fields["collection"].to_python(
            request.POST["collection"]
        )
        allowed = Collection.objects.contributable_by(request.user)
        if collection is None or not allowed.filter(pk=collection.pk).exists():
            self.message_user(request, "Choose a collection, then run this again.", messages.ERROR)
            return
        collection.assets.add(*queryset)
        self.message_user(request, f"{queryset.count()} assets are in {collection} now.")
