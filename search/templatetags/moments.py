"""Moments as people say them."""

from datetime import datetime, timedelta

from django import template
from django.utils import formats, timezone

register = template.Library()


@register.filter
def spoken(moment: datetime | str) -> str:
    """A moment, also as it stands in a query: "14:05", "yesterday", "Tuesday", "3 May 2024"."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    then, now = timezone.localtime(moment), timezone.localtime()
    days = (now.date() - then.date()) // timedelta(days=1)
    if days in (0, 1):
        return "yesterday" if days else formats.date_format(then, "TIME_FORMAT")
    if 1 < days < 7:
        return formats.date_format(then, "l")
    is_of_now = then.year == now.year
    return formats.date_format(then, "MONTH_DAY_FORMAT" if is_of_now else "DATE_FORMAT")
