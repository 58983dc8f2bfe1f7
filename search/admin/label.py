from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.forms import SimpleArrayField
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from search.admin.deletion import Rows, count_of
from search.admin.history import WithHistory
from search.admin.merging import Merging
from search.admin.site import ChosenByContributors, CuratorAdmin, is_curator, site
from search.library import label_suggestions
from search.library.merging import merge_labels
from search.models import Asset, Label
from workers import queues
from workers.bell import ring


class LinesField(SimpleArrayField):
    """A list as a text with an item on each line: a prompt may well contain a comma."""

    default_error_messages = {"item_invalid": "Line %(nth)s:"}

    def __init__(self, base_field: forms.Field, **options: Any) -> None:
        super().__init__(base_field, delimiter="\n", **options)

    def to_python(self, value: Any) -> Any:
        lines = (line.strip() for line in (value or "").splitlines())
        return super().to_python("\n".join(filter(None, lines)))


@admin.register(Label, site=site)
class LabelAdmin(WithHistory, ChosenByContributors, Merging, CuratorAdmin):
    formfield_overrides = {
        ArrayField: {"form_class": LinesField, "widget": UnfoldAdminTextareaWidget({"rows": 4})}
    }
    list_display = ["name", "suggested", "suggestions", "confirmed", "effective_threshold"]
    empty = "There are no labels yet."
    list_filter = [("suggested", BooleanRadioFilter)]
    search_fields = ["name"]
    ordering = ["name"]
    fields = ["name", "suggested", "synonyms", "templates", "threshold"]
    fields += ["effective_threshold", "counts_by_threshold"]
    readonly_fields = ["effective_threshold", "counts_by_threshold"]
    actions = ["let_suggest", "stop_suggesting", "merge"]
    merge_rows = staticmethod(merge_labels)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Label]:
        labels = super().get_queryset(request).with_counts()
        return labels if is_curator(request) else labels.visible_to(request.user)

    def consequence(self, rows: Rows) -> str:
        assets = Asset.objects.filter(asset_labels__label__in=rows).distinct().count()
        return f"{count_of(assets, 'asset carries', 'assets carry')} it, from people or encoders."

    def delete_model(self, request: HttpRequest, obj: Label) -> None:
        label_suggestions.delete([obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Label]) -> None:
        label_suggestions.delete(queryset.values_list("pk", flat=True))

    @display(description="suggested for", ordering="suggestions")
    def suggestions(self, label: Label) -> int:
        return label.suggestions

    @display(description="given by people to", ordering="confirmed")
    def confirmed(self, label: Label) -> int:
        return label.confirmed

    @display(description="threshold in force", ordering="lowest")
    def effective_threshold(self, label: Label) -> str:
        if not label.suggested:
            return ""
        return label_suggestions.threshold_text(label.lowest, label.fitted_to)

    @display(description="suggested by a threshold of")
    def counts_by_threshold(self, label: Label) -> SafeString | str:
        counts = label_suggestions.counts_by_threshold(label)
        lines = [(f"{score:.3f}", f"{number:,}") for score, number in counts]
        return format_html_join("", "<div>{}: for {}</div>", lines) or "Nothing is known yet."

    def save_model(self, request: HttpRequest, obj: Label, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(partial(ring, queues.QUERY), robust=True)

    @action(description="Suggest these labels", permissions=["change"])
    def let_suggest(self, request: HttpRequest, queryset: QuerySet[Label]) -> None:
        self._set_suggested(request, queryset, True)

    @action(description="Suggest these labels no longer", permissions=["change"])
    def stop_suggesting(self, request: HttpRequest, queryset: QuerySet[Label]) -> None:
        self._set_suggested(request, queryset, False)

    def _set_suggested(
        self, request: HttpRequest, queryset: QuerySet[Label], suggested: bool
    ) -> None:
        selected = Label.objects.filter(pk__in=queryset.values("pk"))
        count = selected.exclude(suggested=suggested).update(suggested=suggested)
        transaction.on_commit(partial(ring, queues.QUERY), robust=True)
        self.message_user(request, f"{count} labels are changed; their suggestions follow.")
