"""What all pages have in common on their way to a browser."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class LightPages(GZipMiddleware):
    """Pages and fragments are compressed, and kept by nobody but the browser, for Back.

    Not files, which are compressed already. Each page has up to 100 random bytes more (Django's
    own), so that its length tells nobody what else is on it (BREACH).
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not response.get("Content-Type", "").startswith("text/html"):
            return response
        # No `no-cache`, for which Firefox asks anew on Back (nsHttpChannel, over HTTPS).
        response.setdefault("Cache-Control", "private, max-age=0")
        return super().process_response(request, response)
