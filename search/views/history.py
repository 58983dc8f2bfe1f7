"""The history of an asset, and the pages on which changes are taken back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from search.access.requests import StaffRequest, for_contributors
from search.access.rules import refuse_unless_editable
from search.history import reading, sentences, undo
from search.history.names import Names
from search.history.reading import Changes
from search.models import Asset

# Changes that a page names before one takes back many, and of those that were left alone.
EXAMPLES = 10


@require_safe
def history(request: StaffRequest, pk: UUID) -> HttpResponse:
    asset = get_object_or_404(Asset.objects.visible_to(request.user), pk=pk)
    refuse_unless_editable(request, asset)
    changes, has_more = reading.page(
        reading.of("asset", pk, request.user), reading.number(request.GET.get("before", ""))
    )
    lines = sentences.lines(changes, request.user, here=("asset", pk))
    page = {"asset": asset, "lines": lines, "has_more": has_more}
    return render(request, "history/history.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@for_contributors("take changes back")
def undo_one(request: StaffRequest, pk: int) -> HttpResponse:
    return _undo(request, reading.visible_to(request.user).filter(pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
@for_contributors("take changes back")
def undo_all(request: StaffRequest, pk: UUID) -> HttpResponse:
    return _undo(request, reading.visible_to(request.user).filter(context=pk))


def _undo(request: StaffRequest, changes: Changes) -> HttpResponse:
    if not changes.filter(reading.editable_by(request.user)).exists():
        raise Http404("There is no such change, or none that you may take back.")
    if request.method == "POST":
        return _take_back(request, changes)
    count = changes.count()
    newest = list(changes.select_related("context").order_by("-id")[:EXAMPLES])
    lines = sentences.lines(newest, request.user, is_whole=True)
    page = {"lines": lines, "count": count, "others": count - len(lines), "next": _next(request)}
    page["effect"] = " ".join(sentences.effects(changes.values_list("deed", flat=True).distinct()))
    page["too_many"] = undo.MOST if count > undo.MOST else 0
    return render(request, "history/undo.html", page)


def _take_back(request: StaffRequest, changes: Changes) -> HttpResponse:
    rows = list(changes.select_related("context")[: undo.MOST + 1])
    if len(rows) > undo.MOST:
        raise BadRequest(f"At most {undo.MOST:,} changes can be taken back at once.")
    outcome = undo.undo(rows, request.user)
    level = messages.WARNING if outcome.left else messages.SUCCESS
    messages.add_message(request, level, report(request, len(rows), outcome))
    return redirect(_next(request) or "search")


def report(request: StaffRequest, count: int, outcome: undo.Outcome) -> str:
    """How many were taken back, and which were not."""
    first = f"{outcome.undone:,} of {count:,} changes taken back."
    if not outcome.left:
        return "Taken back." if count == 1 else first
    some = outcome.left[:EXAMPLES]
    names = Names([left.change for left in some], request.user)
    reasons = [f"{sentences.subject(left.change, names)}: {left.reason}" for left in some]
    more = len(outcome.left) - len(some)
    others = f"; and {more:,} more" if more else ""
    return f"{first} Left as they are: {'; '.join(reasons)}{others}."


def _next(request: HttpRequest) -> str:
    """The page that a person came from."""
    url: Any = request.POST.get("next") or request.GET.get("next") or ""
    here = url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure())
    return url if here else ""
