from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.decorators import action

# Maximum of rows that are merged at once: each name stands on the page that asks which one stays.
MOST = 50


class Merging:
    """The action that makes one of several rows, once a curator has said whose name stays."""

    admin_site: Any
    opts: Any
    message_user: Any
    merge_rows: Callable[..., None]

    @action(description="Merge into one", permissions=["delete"])
    def merge(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        rows = {str(row.pk): row for row in queryset[: MOST + 1]}
        if not 2 <= len(rows) <= MOST:
            self.message_user(request, f"Choose two to {MOST} to merge.", messages.ERROR)
            return None
        if "into" not in request.POST:
            context = self.admin_site.each_context(request)
            context |= {"title": "Merge: whose name stays?", "opts": self.opts, "rows": rows}
            return TemplateResponse(request, "admin/search/merge.html", context)
        row = rows.pop(request.POST["into"], None)
        if row is None:
            raise BadRequest("The one that stays must be one of those that are merged.")
        self.merge_rows(row, list(rows.values()))
        self.message_user(request, f"{len(rows)} were merged into {row}.")
        return None
