"""The use terms and the rights of one asset, and the terms of one collection, on its page."""

from typing import Any

from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import StackedInline
from unfold.decorators import display

from search.admin.site import ContributorPermissions, CuratorPermissions
from search.admin.term_form import FIELDS, TermForm
from search.models import Rights, Term


class Documented:
    """Shows the document of a term."""

    @display(description="stored document")
    def stored(self, term: Term) -> SafeString | str:
        if not term.document:
            return "None"
        address = reverse("document", args=[term.document.pk])
        return format_html('<a href="{}">{}</a>', address, term.document)


class AddedTerms(BaseInlineFormSet):
    """Whoever adds a row means it: one as it came is no blank one that is passed over."""

    def _construct_form(self, i: int, **options: Any) -> Any:
        options["empty_permitted"] = False
        return super()._construct_form(i, **options)  # type: ignore[misc]


class TermInline(Documented, CuratorPermissions, StackedInline):
    """Those of one asset or collection, which its page is for."""

    model = Term
    form = TermForm
    formset = AddedTerms
    fields = [*FIELDS, "upload", "stored", "link"]
    readonly_fields = ["stored"]
    extra = 0
    collapsible = True
    verbose_name_plural = "use terms"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Term]:
        return super().get_queryset(request).select_related("document")


class RightsInline(ContributorPermissions, StackedInline):
    """Whose picture an asset is; contributors say so of theirs."""

    model = Rights
    fields = ["licence", "creator", "credit", "source", "notice", "contact"]
    autocomplete_fields = ["licence"]
    verbose_name_plural = "rights"
    hide_title = True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # What is emptied says nothing any more.
