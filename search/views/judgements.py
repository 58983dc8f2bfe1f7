"""What a person says of hits and of answers, on the page that compares encoders."""

from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.views.decorators.http import require_POST, require_safe

from search.access.requests import StaffRequest, for_staff, sealed
from search.comparison import judgements
from search.comparison.compare import NotComparable, choose, comparable
from search.forms import JudgementForm, PreferenceForm, SearchForm
from search.models import Asset, JudgedQuery, Preference
from search.query import NoVector, Query


@require_POST
@for_staff("judge hits")
def judgement(request: StaffRequest) -> HttpResponse:
    """Whether a hit fits what was asked."""
    query, judged = _read(request, JudgementForm(request.POST))
    asset = get_object_or_404(Asset.objects.visible_to(request.user), pk=judged["hit"])
    try:
        grade = judgements.judge(query, asset, judged["grade"], request.user)
    except NoVector as error:
        raise BadRequest(str(error)) from None
    # The same asset stands in several columns, and is judged in all of them.
    fragment = {"asset": asset, "grade": grade, "everywhere": True}
    return _show(request, "compare/_judgement.html", fragment)


@require_POST
@for_staff("judge encoders")
def preference(request: StaffRequest) -> HttpResponse:
    """Which of two encoders has answered better."""
    query, choice = _read(request, PreferenceForm(request.POST))
    try:
        left, right = choose([choice["left"], choice["right"]], comparable())
        verdict = judgements.prefer(query, left, right, choice["verdict"], request.user)
    except (NotComparable, NoVector) as error:
        raise BadRequest(str(error)) from None
    fragment = {"left": left, "right": right, "verdict": verdict}
    return _show(request, "compare/_preference.html", fragment)


@require_safe
@for_staff("look at judged pictures")
def judged_picture(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The JPEG of a query picture that somebody has judged the hits of."""
    query = get_object_or_404(JudgedQuery.objects.exclude(picture=""), pk=pk)
    try:
        return sealed(FileResponse(query.picture.open(), content_type="image/jpeg"))
    except FileNotFoundError:
        raise Http404("The file is missing from the storage.") from None


def _read(request: StaffRequest, form: forms.Form) -> tuple[Query, dict[str, Any]]:
    """The query of the page, which stands in the URL, and what the person says of its answer."""
    search = SearchForm(request.GET, request.user)
    if not (search.is_valid() and form.is_valid()):
        raise BadRequest("This is no judgement; please go back, reload the page and try again.")
    query = search.query()
    if not query.has_vector:
        raise BadRequest("Nothing was asked, so there is nothing to judge.")
    return query, form.cleaned_data


def _show(request: StaffRequest, template: str, fragment: dict[str, Any]) -> HttpResponse:
    if request.htmx:
        return render(request, template, fragment | {"verdicts": Preference.Verdict.choices})
    return redirect(f"{resolve_url('compare')}?{request.GET.urlencode()}")
