"""What its owner and curators decide about the labels that an encoder suggests for an asset."""

from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from search.access.requests import StaffRequest, for_contributors
from search.access.rules import refuse_unless_editable
from search.forms import SuggestionForm
from search.library import label_suggestions
from search.models import Asset


@require_POST
@for_contributors("say which labels fit")
def suggestion(request: StaffRequest, pk: UUID) -> HttpResponse:
    asset = get_object_or_404(Asset.objects.visible_to(request.user), pk=pk)
    refuse_unless_editable(request, asset)
    form = SuggestionForm(request.POST)
    if not form.is_valid():
        raise BadRequest("There is no such label, or nothing was said about it.")
    fits = form.cleaned_data["fits"] == "yes"
    decide = label_suggestions.confirm if fits else label_suggestions.reject
    decide(asset, form.cleaned_data["label"])
    return redirect(f"{asset.get_absolute_url()}#suggestions")
