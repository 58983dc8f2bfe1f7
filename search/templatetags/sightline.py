"""What the templates need to show an asset."""

import math
from functools import cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from search.models import Asset

register = template.Library()

# The proportions that the grid knows, each 2.5 % wider than the one before: `ratios.css` holds a
# class for each. What a picture has more is cut off, 1.3 % at most, a few steps beyond the ends;
# farther out, panoramas and towers are shown whole in a tile of the last class.
NARROWEST, STEP, STEPS = 0.4, 1.025, 83
STEPS_CUT_OFF = 4

UNITS = ("B", "kB", "MB", "GB", "TB")


@register.filter
def ratio(asset: Asset) -> str:
    """The class of the picture's proportions."""
    step = round(math.log(asset.width / asset.height / NARROWEST, STEP))
    nearest = min(max(step, 0), STEPS - 1)
    return f"r{nearest} whole" if abs(step - nearest) > STEPS_CUT_OFF else f"r{nearest}"


@register.filter
def size(number: int) -> str:
    """Bytes as people say them: 812 B, 1.3 MB, 48 MB."""
    amount, unit = float(number), UNITS[0]
    for larger in UNITS[1:]:
        if amount < 999.5:
            break
        amount, unit = amount / 1000, larger
    shown = f"{amount:.1f}" if amount < 9.95 and unit != "B" else f"{amount:.0f}"
    return f"{shown} {unit}"


@register.filter
def number(count: int) -> str:
    """A number as people write it: 12,480."""
    return f"{count:,}"


@register.simple_tag
@cache  # A page of hits shows a hundred.
def icon(name: str) -> SafeString:
    """A symbol of the sprite; its words stand beside it."""
    sprite = static("search/sprite.svg")
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', sprite, name
    )


@register.inclusion_tag("asset/_picture.html")
def picture(asset: Asset, spec: str, *, pause: int = 2, eager: bool = False) -> dict[str, Any]:
    """The asset's rendition, or its main colour for as long as there is none."""
    rendition = next((r for r in asset.renditions.all() if r.spec == spec), None)
    return {
        "asset": asset,
        # As text: numbers would each be written by the rules of the reader's language.
        "width": str(asset.width),
        "height": str(asset.height),
        "spec": spec,
        "state": rendition.state if rendition else "failed",
        "pause": pause,
        "eager": eager,
    }
