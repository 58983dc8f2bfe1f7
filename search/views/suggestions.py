"""What the search field suggests while a person types."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from search.access.requests import PageRequest, open_where_search_is_public
from search.forms import LONGEST
from search.query.completion import completions


@require_safe
@open_where_search_is_public
def suggest(request: PageRequest) -> HttpResponse:
    text = request.GET.get("q", "")
    is_asked = len(text) <= LONGEST and "\0" not in text
    suggested = completions(text, request.user) if is_asked else []
    return render(request, "search/_suggestions.html", {"completions": suggested})
