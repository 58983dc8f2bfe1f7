"""Pictures to search by: kept for a while under tokens that stand in the URL."""

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from search.access.bodies import is_signed_in, takes_pictures
from search.access.requests import PageRequest, open_where_search_is_public, sealed
from search.formats.sniff import UndecodableImage
from search.forms import SearchForm, data_of
from search.library.ingest import display_name
from search.pages import refusal_status, search_page
from search.query import NoVector, Query, remember_picture, remembered_picture
from search.query.query import MOST_EXAMPLES


@takes_pictures(is_signed_in)
@require_POST
@open_where_search_is_public
def remember(request: PageRequest) -> HttpResponse:
    """Add pictures to the query that stands beside them."""
    pictures = request.FILES.getlist("picture")
    form = SearchForm(request.POST, request.user)
    form.is_valid()
    query = form.query()
    if not pictures:
        return _refuse(request, query, "Choose a picture to search by.", 400)
    if len(query.like) + len(pictures) > MOST_EXAMPLES:
        sentence = f"At most {MOST_EXAMPLES} pictures can be asked by at once."
        return _refuse(request, query, sentence, 400)
    for picture in pictures:
        try:
            query = query.more_like(_token(picture, request))
        except UndecodableImage as error:
            name = display_name(picture.name or "")
            return _refuse(request, query, str(error), refusal_status(error), name)
        except NoVector as error:
            return _refuse(request, query, str(error), 503)
    return redirect(_address(request, query))


@require_safe
@open_where_search_is_public
def query_picture(request: PageRequest, token: str) -> HttpResponse:
    jpeg = remembered_picture(token, request.user)
    if jpeg is None:
        raise Http404("This query picture is no longer kept.")
    response = sealed(HttpResponse(jpeg, content_type="image/jpeg"))
    response["Cache-Control"] = "private, max-age=3600, immutable"
    return response


def _token(picture: UploadedFile, request: PageRequest) -> str:
    with picture.open() as file:
        return remember_picture(file, request.user)


def _address(request: PageRequest, query: Query) -> str:
    encoders = request.POST.getlist("encoder")
    # From the page that compares encoders: there all of these answer.
    compared = "&" + urlencode({"encoder": encoders}, doseq=True) if encoders else ""
    return f"{resolve_url('compare' if encoders else 'search')}?{query.url()}{compared}"


def _refuse(
    request: PageRequest, query: Query, sentence: str, status: int, filename: str = ""
) -> HttpResponse:
    form = SearchForm(data_of(query.parameters()), request.user)
    form.is_valid()
    refusal = {"refusal": sentence, "refused_filename": filename}
    return render(request, "search/search.html", search_page(form) | refusal, status=status)
