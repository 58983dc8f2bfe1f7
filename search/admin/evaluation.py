from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from search.admin.site import ReadOnlyAdmin, site
from search.evaluation.published import FIGURE, SOURCE
from search.evaluation.tables import datasets, sections
from search.models import Evaluation


@admin.register(Evaluation, site=site)
class EvaluationAdmin(ReadOnlyAdmin):
    """The results of `manage.py evaluate`: encoders side by side, one dataset at a time."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        names = datasets()
        dataset = request.GET.get("dataset", "")
        if dataset not in names:
            dataset = next(iter(names), "")
        context = {
            **self.admin_site.each_context(request),
            "title": "Evaluations",
            "opts": self.opts,
            "datasets": names,
            "dataset": dataset,
            "sections": sections(dataset) if dataset else [],
            "published_figure": FIGURE,
            "source": SOURCE,
        }
        return TemplateResponse(request, "admin/search/evaluation/change_list.html", context)
