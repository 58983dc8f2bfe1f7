"""Terms and rights of many assets at once, by a page between the list and what is done."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from search.admin.deletion import count_of
from search.admin.term_form import FIELDS, TermForm
from search.models import Asset, Licence, Rights, Term

# Rows that are written by one statement.
BATCH = 5_000


class TermOfManyForm(TermForm):
    """A term without a document: one of many pictures belongs to a collection of theirs."""

    upload = None  # type: ignore[assignment]

    class Meta(TermForm.Meta):
        fields = [*FIELDS, "link"]


class RightsOfManyForm(forms.ModelForm):
    """What is filled in is said of all; what is left empty stays with each as it is."""

    licence = forms.ModelChoiceField(
        Licence.objects.all(),
        required=False,
        empty_label="As it is",
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = Rights
        fields = ["licence", "creator", "credit", "source", "notice", "contact"]
        widgets = dict.fromkeys(fields[1:], UnfoldAdminTextInputWidget)

    def clean(self) -> dict[str, Any]:
        data = {name: value for name, value in (super().clean() or {}).items() if value}
        if not data and not self.errors:
            raise forms.ValidationError("Fill in what is to be said of all of them.")
        return data


class OfMany:
    """The actions that say something of all assets that are selected."""

    admin_site: Any
    opts: Any
    message_user: Any

    @action(description="Add a term of use", permissions=["work"])
    def add_term(self, request: HttpRequest, queryset: QuerySet[Asset]) -> HttpResponse | None:
        form = TermOfManyForm(_data(request))
        if not form.is_valid():
            return self._page(request, queryset, form, "Add a term of use", "add_term")
        pks = list(queryset.order_by("pk").values_list("pk", flat=True))
        terms = (Term(**form.cleaned_data, asset_id=pk) for pk in pks)
        Term.objects.bulk_create(terms, batch_size=BATCH)
        self.message_user(request, f"{count_of(len(pks), 'asset')}: {form.instance.sentence}")
        return None

    @action(description="Say whose pictures they are", permissions=["change"])
    def set_rights(self, request: HttpRequest, queryset: QuerySet[Asset]) -> HttpResponse | None:
        form = RightsOfManyForm(_data(request))
        if not form.is_valid():
            return self._page(request, queryset, form, "Say whose pictures they are", "set_rights")
        pks = list(queryset.order_by("pk").values_list("pk", flat=True))
        _say(pks, form.cleaned_data)
        self.message_user(request, f"{count_of(len(pks), 'asset')} changed.")
        return None

    def _page(
        self, request: HttpRequest, assets: QuerySet[Asset], form: Any, title: str, name: str
    ) -> HttpResponse:
        context = self.admin_site.each_context(request)
        number = count_of(assets.count(), "asset")
        context |= {"title": f"{title}: {number}", "opts": self.opts, "form": form, "name": name}
        context["pks"] = request.POST.getlist(ACTION_CHECKBOX_NAME)
        context["all"] = request.POST.get("select_across", "0")
        return TemplateResponse(request, "admin/search/of_many.html", context)


def _data(request: HttpRequest) -> Any:
    """What was filled in; nothing where the page is yet to be shown."""
    return request.POST if "say" in request.POST else None


def _say(pks: Iterable[Any], values: dict[str, Any]) -> None:
    fields: Sequence[str] = list(values)
    rows = (Rights(asset_id=pk, **values) for pk in pks)
    Rights.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["asset"],
        update_fields=fields,
    )
