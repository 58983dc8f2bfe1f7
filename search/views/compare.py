"""The page that sets encoders side by side, on one's own library."""

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
from search.pages import query_line


@require_safe
@for_staff("compare encoders")
def compare(request: StaffRequest) -> HttpResponse:
    form, comparable = SearchForm(request.GET, request.user), comparing.comparable()
    can_be_read = form.is_valid()
    query, slugs = form.query(), request.GET.getlist("encoder")
    page = query_line(query, request.user) | {"form": form, "comparable": comparable}
    if not can_be_read:
        return _show(request, page, status=400)
    try:
        encoders = comparing.choose(slugs, comparable)
    except NotComparable as refusal:
        page |= {"sentence": str(refusal), "answer": Comparison(query)}
        return _show(request, page, status=400 if slugs else 200)
    answer = comparing.compare(query, request.user, encoders if query.has_vector else [])
    return _show(request, page | {"encoders": encoders} | _with_judgements(answer, request.user))


def _with_judgements(answer: Comparison, person: User) -> dict[str, Any]:
    """The answer with what this person says of its hits, and of each two columns side by side."""
    graded = comparing.with_grades(answer, judgements.grades(answer.query, person))
    verdicts = [judgements.verdict(answer.query, p.left, p.right, person) for p in graded.pairs]
    return {
        "answer": graded,
        "pairs": list(zip(graded.pairs, verdicts, strict=True)),
        "judging": judgements.can_be_judged(answer.query),
        "verdicts": Preference.Verdict.choices,
    }


def _show(request: StaffRequest, page: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, "compare/compare.html", page | {"most": comparing.HITS}, status=status)
