"""The page that sets encoders side by side, on one's own library."""

from itertools import chain
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from search.access.requests import StaffRequest, for_staff
from search.comparison import compare as comparing
from search.comparison import judgements
from search.comparison.compare import Comparison, NotComparable
from search.forms import SearchForm
from search.models import Preference, User
from search.views.search import around


@require_safe
@for_staff("compare encoders")
def compare(request: StaffRequest) -> HttpResponse:
    form, offered = SearchForm(request.GET, request.user), comparing.offered()
    readable = form.is_valid()
    query, slugs = form.query(), request.GET.getlist("encoder")
    page = around(query, request.user) | {"form": form, "offered": offered}
    if not readable:
        return _show(request, page, status=400)
    try:
        encoders = comparing.chosen(slugs, offered)
    except NotComparable as error:
        page |= {"sentence": str(error), "answer": Comparison(query)}
        return _show(request, page, status=400 if slugs else 200)
    asked = encoders if query.has_vector else []
    answer = comparing.compare(query, request.user, asked)
    page |= {"chosen": encoders, "answer": answer}
    return _show(request, page | _said(answer, request.user))


def _said(answer: Comparison, person: User) -> dict[str, Any]:
    """What this person has said of these hits, and of each two answers side by side."""
    grades = judgements.grades(answer.query, person)
    for spot in chain.from_iterable(column.spots for column in answer.columns):
        spot.grade = grades.get(spot.asset.pk)
    verdicts = [judgements.verdict(answer.query, p.left, p.right, person) for p in answer.pairs]
    pairs = list(zip(answer.pairs, verdicts, strict=True))
    judging = judgements.can_be_judged(answer.query)
    return {"pairs": pairs, "judging": judging, "verdicts": Preference.Verdict.choices}


def _show(request: StaffRequest, page: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, "compare/compare.html", page | {"shown": comparing.SHOWN}, status=status)
