from django.db import models
from django.db.models import F, Q

from search.models.group import Group
from search.models.user import User


class ClaimRule(models.Model):
    """What the provider of single sign-on says of a person, and what they get for it here."""

    claim = models.CharField(
        max_length=200, help_text="As the provider calls it: groups, or realm_access.roles."
    )
    value = models.CharField(
        max_length=200, help_text="Word for word; of a list it is enough that this is in it."
    )
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, related_name="claim_rules", null=True, blank=True
    )
    role = models.CharField(
        max_length=20,
        blank=True,
        choices=[each for each in User.Role.choices if each[0] != User.Role.VIEWER],
    )

    class Meta:
        ordering = ["claim", "value"]
        constraints = [
            models.CheckConstraint(
                condition=Q(group__isnull=False) | ~Q(role=""),
                name="a_claim_gives_a_group_or_a_role",
                violation_error_message="Choose a group, a role or both.",
            ),
            models.UniqueConstraint(
                F("claim"),
                F("value"),
                F("group"),
                F("role"),
                name="one_rule_per_claim",
                nulls_distinct=False,
                violation_error_message="There is such a rule already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim}: {self.value}"


class ClaimedGroup(models.Model):
    """That a membership comes from a claim: it ends with the claim, or when the group is taken away
    by hand.
    """

    membership = models.OneToOneField(User.groups.through, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return f"{self.membership} by a claim"


class ClaimedRole(models.Model):
    """That a role comes from a claim, and which one the account had before."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="claimed_role")
    role = models.CharField(max_length=20)
    before = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"{self.user} is {self.role} by a claim"
