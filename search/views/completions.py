"""What the search field offers while a person types."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from search.access.requests import PageRequest, open_where_search_is_public
from search.forms import LONGEST
from search.query.completion import completions


@require_safe
@open_where_search_is_public
def complete(request: PageRequest) -> HttpResponse:
    text = request.GET.get("q", "")
    can_be_read = len(text) <= LONGEST and "\0" not in text
    offers = completions(text, request.user) if can_be_read else []
    return render(request, "search/_completions.html", {"completions": offers})
