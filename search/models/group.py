from django.contrib.auth.models import Group as PlainGroup


class Group(PlainGroup):
    """People who have their grants together."""

    class Meta:
        proxy = True
        ordering = ["name"]
