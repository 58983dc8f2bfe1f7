from typing import Any

from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from unfold.admin import TabularInline

from search.admin.site import ContributorPermissions, is_curator
from search.library import label_suggestions
from search.models import AssetLabel, Label


class LabelFormSet(BaseInlineFormSet):
    """The labels that people give an asset; one that they take away is not suggested again."""

    def save_new(self, form: Any, commit: bool = True) -> AssetLabel:
        return label_suggestions.confirm(self.instance, form.cleaned_data["label"])

    def delete_existing(self, obj: AssetLabel, commit: bool = True) -> None:
        super().delete_existing(obj, commit)
        label_suggestions.reject(obj.asset, obj.label)


class LabelInline(ContributorPermissions, TabularInline):
    model = AssetLabel
    formset = LabelFormSet
    fields = ["label"]
    verbose_name = "label"
    verbose_name_plural = "labels"
    autocomplete_fields = ["label"]
    extra = 0
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[AssetLabel]:
        of_people = super().get_queryset(request).filter(source=AssetLabel.Source.PERSON)
        return of_people.select_related("label")

    def formfield_for_foreignkey(self, field: Any, request: HttpRequest, **others: Any) -> Any:
        if field.name == "label" and not is_curator(request):
            others["queryset"] = Label.objects.visible_to(request.user)
        return super().formfield_for_foreignkey(field, request, **others)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # One label is not another: it is taken away, and the other one given.
