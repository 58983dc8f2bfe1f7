"""The history of a row, from the triggers of the database, where Django shows its own log."""

from typing import Any
from urllib.parse import unquote

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from search.history import reading, sentences

# Which of THINGS the rows of a model are.
OF_MODELS = {
    "asset": "asset",
    "collection": "collection",
    "label": "label",
    "user": "person",
    "group": "group",
}


class WithHistory:
    """A form whose "History" reads as sentences. Django's log is not written: it would say less,
    and be kept for ever."""

    opts: Any
    admin_site: Any
    has_change_permission: Any
    get_object: Any

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        pass

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        pass

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        pass

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404(f"There is no such {self.opts.verbose_name}.")
        if not self.has_change_permission(request, row):
            raise PermissionDenied("Only those who may edit this may read its history.")
        thing = OF_MODELS[self.opts.model_name]
        changes, has_more = reading.page(
            reading.of(thing, row.pk, request.user),
            reading.number(request.GET.get("before", "")),
        )
        lines = sentences.lines(changes, request.user, here=(thing, row.pk))
        context = self.admin_site.each_context(request) | {"opts": self.opts, "object": row}
        context |= {"title": f"History of {row}", "lines": lines, "has_more": has_more}
        return TemplateResponse(request, "admin/search/history.html", context)
