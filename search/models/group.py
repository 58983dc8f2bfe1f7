from django.contrib.auth.models import Group as PlainGroup

from search.models.change import history
from search.models.user import User


class Group(PlainGroup):
    """People who have their grants together."""

    class Meta:
        proxy = True
        ordering = ["name"]
        triggers = history("group", "name", group="id")


class Membership(User.groups.through):  # type: ignore[name-defined]
    """The link of a person with a group, for its triggers."""

    class Meta:
        proxy = True
        triggers = history("membership", "user", "group", person="user", group="group")
