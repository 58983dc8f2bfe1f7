"""A tile of the grid: an asset as a hit.

Not a template: for 24 hits that took 6 ms of the 25 that a page may take (bench/overhead.py), and
this takes 3.
"""

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from search.query import Hit
from search.templatetags.sightline import at, icon, picture, ratio

register = template.Library()

TILE = """<li class="tile {ratio}{none}" data-asset="{pk}">
  <a class="tile__link" href="{asset}">
    {picture}
    <span class="tile__title" dir="auto">{title}</span>
  </a>
  <div class="tile__deeds">
    <a class="tile__deed" data-look href="{asset}" data-look-at="{look}" title="Quick look">\
{eye}<span class="aside">Quick look at {title}</span></a>
    {more_and_less}
    <a class="tile__deed tile__similar" href="{search}?like={pk}" title="Similar">\
{alike}<span class="aside">Similar to {title}</span></a>
  </div>
  {duplicates}
  {why}
</li>
"""
MORE_AND_LESS = """<a class="tile__deed" data-more href="{base}like={pk}" title="More like this">\
{more}<span class="aside">More like {title}</span></a>
    <a class="tile__deed" data-less href="{base}unlike={pk}" title="Less like this">\
{less}<span class="aside">Less like {title}</span></a>"""
DUPLICATES = """<a class="tile__duplicates" href="{asset}#near-duplicates">\
+{others}<span class="aside"> near-duplicates</span></a>"""
WHY = '<p class="tile__why">{}{}{}</p>'
SCORE = '<span class="tile__score"><span class="aside">Score </span>{}</span>'
BANDS = {
    "": "",
    "strong": mark_safe('<span class="band band--strong" title="A strong match">Strong</span>'),
    "possible": mark_safe('<span class="band" title="A possible match">Possible</span>'),
    "none": mark_safe('<span class="band band--none">No match</span>'),
}


@register.simple_tag
def tile(hit: Hit, base: str = "", *, why: bool = False, eager: bool = False) -> SafeString:
    """A hit, with links to go on from it: also to more and less like it, beyond this base."""
    asset = hit.asset
    title, pk = escape(asset.title), str(asset.pk)
    link = base and format_html(
        MORE_AND_LESS, base=base, pk=pk, title=title, more=icon("more"), less=icon("less")
    )
    return format_html(
        TILE,
        ratio=ratio(asset),
        none=" tile--none" if hit.match == "none" else "",
        pk=pk,
        title=title,
        asset=at("asset", asset),
        look=at("look", asset),
        search=at("search"),
        picture=picture(asset, "thumbnail", eager=eager),
        more_and_less=link,
        duplicates=_duplicates(hit),
        why=_why(hit) if why else "",
        eye=icon("look"),
        alike=icon("similar"),
    )


def _duplicates(hit: Hit) -> SafeString | str:
    if not hit.duplicates:
        return ""
    return format_html(DUPLICATES, asset=at("asset", hit.asset), others=hit.duplicates)


def _why(hit: Hit) -> SafeString:
    """Its band, its score, and where the words are."""
    score = "" if hit.score is None else format_html(SCORE, f"{hit.score:.3f}")
    fields = format_html_join("", "<span>{}</span>", ((field,) for field in hit.why))
    return format_html(WHY, BANDS[hit.match], score, fields)
