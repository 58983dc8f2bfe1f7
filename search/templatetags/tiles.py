"""The tiles of the grid, from a Jinja2 template: templates/search/_tiles.jinja.

24 tiles take 1.8 ms of CPU so, a Django template of the same 5.8, and strings put together in
Python 2.3 (what a page may take: bench/overhead.py).
"""

from collections.abc import Sequence
from typing import Any

from django import template
from django.template import engines
from django.utils.safestring import SafeString, mark_safe
from jinja2 import Environment

from search.query import Hit
from search.templatetags.sightline import at, icon, ratio

register = template.Library()

# What stands above the hits of each match, and in the tooltip of one.
HEADINGS = {"strong": "Strong matches", "possible": "Possible matches", "none": "The rest"}
MATCHES = {"strong": "strong match", "possible": "possible match", "none": "no match"}


def environment(**options: Any) -> Environment:
    """What the Jinja2 templates have at hand; Django's backend turns on the escaping."""
    jinja = Environment(trim_blocks=True, lstrip_blocks=True, **options)  # noqa: S701
    jinja.globals |= {"at": at, "icon": icon}
    jinja.globals["headings"] = HEADINGS
    jinja.filters |= {"ratio": ratio, "tooltip": tooltip}
    return jinja


def tooltip(hit: Hit) -> str:
    """How well a hit fits: "Possible match, score 0.312"."""
    score = "" if hit.score is None else f"score {hit.score:.3f}"
    text = ", ".join(filter(None, (MATCHES.get(hit.match, ""), score)))
    return text[:1].upper() + text[1:]


@register.simple_tag
def tiles(hits: Sequence[Hit], base: str = "", *, why: bool = False, eager: int = 0) -> SafeString:
    """Hits, with links to go on from each: also to more and less like it, beyond this base.

    The pictures of the first `eager` are loaded at once.
    """
    context = {"hits": hits, "base": base, "why": why, "eager": eager}
    html = engines["jinja2"].get_template("search/_tiles.jinja").render(context)
    return mark_safe(html)  # noqa: S308, the template escapes.
