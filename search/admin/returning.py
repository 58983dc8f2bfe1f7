"""Back to where one came from: the list as it was filtered, or the page of the asset."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

NEXT = "next"


class Returning:
    """Saving leads back; Django leads to the list of all rows of this kind."""

    change_form_before_template = "admin/search/_next.html"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = (extra_context or {}) | {NEXT: origin(request)}
        return super().changeform_view(request, object_id, form_url, context)  # type: ignore[misc]

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        back = origin(request)
        return redirect(back) if back else super().response_post_save_change(request, obj)  # type: ignore[misc]

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        response = super().response_change(request, obj)  # type: ignore[misc]
        back = origin(request)
        if back and "_continue" in request.POST:
            return redirect(f"{request.path}?{urlencode({NEXT: back})}")
        return response


def origin(request: HttpRequest) -> str:
    """The page from which a person came to this form; nothing if none is known.

    As the form says, else the address, else the browser.
    """
    named = request.POST.get(NEXT) or request.GET.get(NEXT)
    referrer = request.headers.get("Referer", "")
    for url in filter(None, (named, referrer)):
        if leads_back(url, request):
            return url
    return ""


def leads_back(url: str, request: HttpRequest) -> bool:
    """Whether it is a page of this site, and neither a form of the same row nor the sign-in."""
    here = url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure())
    same_row = request.path.removesuffix("change/")
    return here and not urlsplit(url).path.startswith((same_row, resolve_url(settings.LOGIN_URL)))
