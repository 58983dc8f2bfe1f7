"""A picture to search by: kept for a while under a token that stands in the URL."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_POST, require_safe

from search.forms import QueryPictureForm, SearchForm
from search.images import UndecodableImage
from search.ingest import displayable, refuse_too_many_bytes
from search.query import NoVector, remember_picture, remembered_picture
from search.views.access import PageRequest, open_where_search_is_public, sealed
from search.views.search import page
from search.views.uploads import refusal_status

KEPT = ("collection", "label")


@require_POST
@open_where_search_is_public
def remember(request: PageRequest) -> HttpResponse:
    form = QueryPictureForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refuse(request, "Choose a picture to search by.", 400)
    picture = form.cleaned_data["picture"]
    try:
        refuse_too_many_bytes(picture)
        token = remember_picture(picture.file)
    except UndecodableImage as error:
        return _refuse(request, str(error), refusal_status(error), displayable(picture.name))
    except NoVector as error:
        return _refuse(request, str(error), 503)
    asked: dict[str, Any] = {"picture": token}
    asked |= {name: form.cleaned_data[name] for name in KEPT if form.cleaned_data[name]}
    if encoders := request.POST.getlist("encoder"):
        # From the page that compares encoders: there all of these are asked.
        asked["encoder"] = encoders
    view = "compare" if encoders else "search"
    return redirect(f"{resolve_url(view)}?{urlencode(asked, doseq=True)}")


@require_safe
@open_where_search_is_public
def query_picture(request: PageRequest, token: str) -> HttpResponse:
    jpeg = remembered_picture(token)
    if jpeg is None:
        raise Http404("This query picture is no longer kept.")
    response = sealed(HttpResponse(jpeg, content_type="image/jpeg"))
    response["Cache-Control"] = "private, max-age=3600, immutable"
    return response


def _refuse(request: PageRequest, sentence: str, status: int, filename: str = "") -> HttpResponse:
    refused = {"refusal": sentence, "refused_filename": filename}
    return render(request, "search/search.html", page(SearchForm({})) | refused, status=status)
