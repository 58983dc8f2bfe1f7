"""Links from one query to the next: each is the canonical form of a query that is changed a bit."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.http import urlencode

from search.models import Asset
from search.pages import QueryExample
from search.query import Query

register = template.Library()

SORTS = {
    "relevance": "Best match",
    "newest": "Newest first",
    "oldest": "Oldest first",
    "taken": "Latest taken",
    "largest": "Largest first",
    "smallest": "Smallest first",
    "name": "By title",
}


@register.simple_tag(takes_context=True)
def query_url(context: Any, query: Query, change: str = "but", *values: str, **changes: Any) -> str:
    """The address of this query after one of its methods has changed it, on the same page."""
    page = changes.pop("page", None)
    new = getattr(query, change)(*values, **changes)
    parts = [new.url(), urlencode({"page": page}) if page else "", _encoders(context)]
    return f"{_here(context)}?{'&'.join(part for part in parts if part)}"


@register.simple_tag
def hits_url(query: Query) -> str:
    """The address of this query's hits, to go on with more parameters."""
    url = query.url()
    return f"{reverse('search')}?{url}{'&' * bool(url)}"


@register.simple_tag
def hidden_fields(query: Query, *names: str) -> list[tuple[str, str]]:
    """The parameters of this query but for those of these names: each field's name and value."""
    parameters = query.parameters().items()
    return [(name, value) for name, values in parameters if name not in names for value in values]


@register.filter
def negated(value: bool) -> bool:
    return not value


@register.filter
def of(names: dict[str, str], value: str) -> str:
    """The name of a value, or the value itself where it has none."""
    return names.get(value, value)


@register.filter
def filtered(query: Query, name: str) -> str:
    """The value of a filter of this query, or nothing."""
    return next(iter(query.values(name)), "")


@register.filter
def spelled(name: str) -> str:
    """The name of a filter as people read it: "Taken before", "Not label"."""
    return name.replace("_", " ").capitalize()


@register.filter
def sort_name(sort: str, has_vector: bool) -> str:
    """An order as people read it; without words or pictures nothing is relevant, only new."""
    return SORTS["newest" if sort == "relevance" and not has_vector else sort]


@register.inclusion_tag("search/_region.html")
def region_tool(query: Query, example: QueryExample) -> dict[str, Any]:
    """The form that narrows an example to a part of its picture."""
    region = example.example.region
    sides = ("left", "top", "width", "height")
    return {
        "asset": example.asset,
        "region_of": example.example.id,
        "fields": hidden_fields(query.no_longer(example.id), "page"),
        "region": dict(zip(sides, region.percent, strict=True)) if region else {},
    }


@register.inclusion_tag("search/_region.html")
def region_of(asset: Asset) -> dict[str, Any]:
    """The form that asks for what is like a part of this asset's picture."""
    return {"asset": asset, "region_of": str(asset.pk), "fields": [], "region": {}}


def _here(context: Any) -> str:
    return reverse("compare" if context.get("comparable") else "search")


def _encoders(context: Any) -> str:
    """On the page that compares encoders, the encoders."""
    if not context.get("comparable"):
        return ""
    return urlencode({"encoder": context["request"].GET.getlist("encoder")}, doseq=True)
