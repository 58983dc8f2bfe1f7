"""Links to the style sheets and scripts of a kind of page."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from search.bundles import files

register = template.Library()


@register.simple_tag
def styles(kind: str) -> SafeString:
    """The style sheets of a kind of page."""
    return _links('<link rel="stylesheet" href="{}">', files(kind, "css"))


@register.simple_tag
def scripts(kind: str, *, blocking: bool = False) -> SafeString:
    """The scripts of a kind of page; blocking ones run before it is painted."""
    attributes = 'defer blocking="render"' if blocking else "defer"
    return _links(f'<script src="{{}}" {attributes}></script>', files(kind, "js"))


def _links(html: str, names: list[str]) -> SafeString:
    return format_html_join("\n", html, ((static(name),) for name in names))
