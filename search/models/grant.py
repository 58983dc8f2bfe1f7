from typing import Self

from django.contrib.auth.models import AnonymousUser, Group
from django.db import models
from django.db.models import Q

from search.models.change import history
from search.models.user import User


class GrantQuerySet(models.QuerySet["Grant"]):
    def to_edit(self) -> Self:
        """Those that allow more than to look."""
        return self.exclude(level=Grant.Level.VIEW)

    def of(self, user: User | AnonymousUser) -> Self:
        """Those that a person has, by themselves or by a group."""
        if not user.is_authenticated:
            return self.none()
        groups = User.groups.through.objects.filter(user=user)
        return self.filter(Q(person=user) | Q(group__in=groups.values("group")))


class Grant(models.Model):
    """What the people of a group, or one person, may do with a collection and what is in it."""

    class Level(models.TextChoices):
        """Each allows what those before it do."""

        VIEW = "view", "may view it"
        CONTRIBUTE = "contribute", "may add to it and edit what is in it"
        MANAGE = "manage", "may manage it"

    collection = models.ForeignKey(
        "search.Collection", on_delete=models.CASCADE, related_name="grants"
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True)
    person = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True)
    level = models.CharField(max_length=10, choices=Level, default=Level.VIEW)

    objects = GrantQuerySet.as_manager()

    class Meta:
        default_related_name = "grants"
        triggers = history(
            *("grant", "collection", "group", "person", "level"),
            collection="collection",
            group="group",
            person="person",
        )
        constraints = [
            models.CheckConstraint(
                condition=Q(group=None, person__isnull=False) | Q(group__isnull=False, person=None),
                name="a_grant_is_to_a_group_or_a_person",
                violation_error_message="A grant is either to a group or to a person.",
            ),
            models.UniqueConstraint(
                fields=["collection", "group"],
                condition=Q(person=None),
                name="one_grant_per_collection_and_group",
                violation_error_message="This group has a grant already.",
            ),
            models.UniqueConstraint(
                fields=["collection", "person"],
                condition=Q(group=None),
                name="one_grant_per_collection_and_person",
                violation_error_message="This person has a grant already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group or self.person} {self.get_level_display()}"
