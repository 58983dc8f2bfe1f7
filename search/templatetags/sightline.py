"""What the templates need to show an asset."""

import math
from functools import cache
from uuid import UUID

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from search.models import Asset

register = template.Library()

# The proportions that the grid knows, each 2.5 % wider than the one before: `ratios.css` holds a
# class for each. What a picture has more is cut off, 1.3 % at most, a few steps beyond the ends;
# farther out, panoramas and towers are shown whole in a tile of the last class.
NARROWEST, STEP, STEPS = 0.4, 1.025, 83
STEPS_CUT_OFF = 4

# No template, like the tiles that it is a part of (tiles.py).
PICTURE = """<span class="picture"{again}>
  <svg aria-hidden="true" viewBox="0 0 {width} {height}" preserveAspectRatio="none"\
 width="{width}" height="{height}"><rect width="100%" height="100%" fill="{colour}"/></svg>
  {shown}
</span>
"""
IMAGE = '<img src="{}" width="{}" height="{}" alt="{}" decoding="async"{}>'
AGAIN = ' hx-get="{}?pause={}" hx-trigger="load delay:{}s" hx-swap="outerHTML"'

# An asset that there is not.
NO_ASSET = UUID(int=0)

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


def at(name: str, asset: Asset | None = None) -> str:
    """The address of a page, or of one of this asset's, as `reverse` tells it.

    That takes 0.05 ms each, this 0.002, and a page of hits shows a hundred.
    """
    address = _address(name, asset is not None)
    return address if asset is None else address.replace(str(NO_ASSET), str(asset.pk))


@cache
def _address(name: str, has_asset: bool) -> str:
    return reverse(name, args=[NO_ASSET] if has_asset else [])


@register.simple_tag
def picture(asset: Asset, spec: str, *, pause: int = 2, eager: bool = False) -> SafeString:
    """The asset's rendition, or its main colour for as long as there is none."""
    rendition = next((r for r in asset.renditions.all() if r.spec == spec), None)
    state = rendition.state if rendition else "failed"
    size = {"width": asset.width, "height": asset.height}
    again = _again(asset, spec, pause) if state == "waiting" else ""
    shown = _shown(asset, spec, eager=eager) if state == "done" else ""
    return format_html(PICTURE, again=again, shown=shown, colour=asset.colour, **size)


def _again(asset: Asset, spec: str, pause: int) -> SafeString:
    address = reverse("picture", args=[asset.pk, spec])
    return format_html(AGAIN, address, pause, pause)


def _shown(asset: Asset, spec: str, *, eager: bool) -> SafeString:
    alt = asset.title if spec == "preview" else ""
    loading = "" if eager else mark_safe(' loading="lazy"')
    return format_html(IMAGE, at(spec, asset), asset.width, asset.height, alt, loading)
