"""Use terms: the list of all, and the page of one."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesRadioFilter, RadioFilter
from unfold.decorators import display

from search.access.rules import may
from search.admin.asset import thumbnail
from search.admin.site import CuratorAdmin, site
from search.admin.term_form import FIELDS, TermForm, WithDocuments
from search.admin.term_inline import Documented
from search.models import Asset, Collection, Term, User, moments

STATES = {"in force": "success", "to come": "info", "over": "default", "denies": "danger"}
# Days within which a term ends that "ends soon" asks for.
SOON = timedelta(days=30)


class TermStateFilter(RadioFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("in_force", "In force"),
            ("ending", f"Ends within {SOON.days} days"),
            ("over", "Over"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Term]:
        ways = {
            "in_force": queryset.in_force,
            "ending": lambda: queryset.ending_before(moments.now() + SOON),
            "over": queryset.over,
        }
        return ways.get(self.value(), lambda: queryset)()


@admin.register(Term, site=site)
class TermAdmin(Documented, WithDocuments, CuratorAdmin):
    form = TermForm
    list_display = ["picture", "sentence", "of", "state", "reason", "until"]
    list_display_links = ["sentence"]
    empty = "No terms of use have been said yet: all pictures may be seen and downloaded."
    list_filter = [TermStateFilter, ("effect", ChoicesRadioFilter), ("kind", ChoicesRadioFilter)]
    search_fields = ["reason", "asset__title", "collection__name", "uploader__username"]
    search_help_text = "Words of the reason, the title or the collection"
    ordering = ["-created", "-pk"]
    fields = ["asset", "collection", "uploader", *FIELDS, "upload", "stored", "link"]
    readonly_fields = ["stored"]
    autocomplete_fields = ["asset", "collection"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Term]:
        rows = super().get_queryset(request).editable_by(request.user).with_states()
        return rows.select_related("asset", "collection", "uploader", "document")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or may(request.user, "edit", obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def formfield_for_foreignkey(self, field: Any, request: HttpRequest, **others: Any) -> Any:
        """Of what whoever asks may edit; of uploaders, of themselves alone but for superusers."""
        user: Any = request.user
        everyone = User.objects.order_by("username")
        choices = {
            "asset": Asset.objects.editable_by(user),
            "collection": Collection.objects.contributable_by(user),
            "uploader": everyone if user.is_superuser else everyone.filter(pk=user.pk),
        }
        others["queryset"] = choices[field.name]
        return super().formfield_for_foreignkey(field, request, **others)

    @display(description="")
    def picture(self, term: Term) -> SafeString | str:
        return thumbnail(term.asset) if term.asset else ""

    @display(description="term")
    def sentence(self, term: Term) -> str:
        return term.sentence

    @display(description="of")
    def of(self, term: Term) -> str:
        if term.asset:
            return term.asset.title
        return f"all in {term.collection}" if term.collection else f"all by {term.uploader}"

    @display(description="state", label=STATES)
    def state(self, term: Term) -> str:
        return "denies" if term.denies else term.state
