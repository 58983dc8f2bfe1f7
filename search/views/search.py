"""The search page and the fragments of it that are fetched again."""

from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from search.access.requests import PageRequest, open_where_search_is_public
from search.forms import SearchForm
from search.pages import progress, search_page
from search.query import answer, recent


@require_safe
@open_where_search_is_public
# The same URL is a page for a browser and a fragment for htmx: Back must tell them apart.
@vary_on_headers("HX-Request")
def search(request: PageRequest) -> HttpResponse:
    form = SearchForm(request.GET, request.user)
    if not form.is_valid():
        return render(request, "search/search.html", search_page(form), status=400)
    query, number = form.query(), form.cleaned_data["page"]
    if form.cleaned_data["region_of"] or form.has_other_names:
        # The region's four fields, or an old name; from here on they stand there as everywhere.
        page = f"&page={number}" if number > 1 else ""
        return redirect(f"{resolve_url('search')}?{query.url()}{page}")
    result = answer(query, request.user, page=number, with_facets=not request.htmx)
    if result.hits and number == 1:
        recent.remember(request.user, str(query.words))
    if request.htmx:
        return render(request, "search/_hits.html", {"answer": result})
    return render(request, "search/search.html", search_page(form, result))


@require_safe
@open_where_search_is_public
def waiting(request: PageRequest) -> HttpResponse:
    """How many assets the serving encoder has still to embed; asked again while there are any."""
    return render(request, "search/_waiting.html", progress(request.user) | {"is_refresh": True})
