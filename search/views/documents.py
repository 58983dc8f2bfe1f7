"""Documents of use terms: for curators, and never shown by a browser."""

from uuid import UUID

from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from search.access.requests import StaffRequest, for_staff, sealed
from search.models import Document, Term


@require_safe
@for_staff("read the documents of terms")
def document(request: StaffRequest, pk: UUID) -> HttpResponseBase:
    """As a download, for those who may read a term that rests on it."""
    terms = Term.objects.readable_by(request.user)
    document = get_object_or_404(Document, pk=pk, terms__in=terms.filter(document=pk)[:1])
    try:
        response = FileResponse(document.file.open(), content_type=document.media_type)
    except FileNotFoundError:
        raise Http404("The file is missing from the storage.") from None
    response["Content-Disposition"] = content_disposition_header(True, document.filename)
    response["Cache-Control"] = "private, no-store"
    return sealed(response)
