"""What the claims of a sign-in give: groups and a role, by the rules of the admin."""

import logging
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from search.models import ClaimedGroup, ClaimedRole, ClaimRule, Group, User
from search.models.user import flags

logger = logging.getLogger(__name__)
ROLES = User.Role.values  # Each may do what those before it may.


def apply_claims(user: User, claims: Mapping[str, Any]) -> None:
    """Give an account the groups and the role of its claims, and take what came from claims before
    and does no more. What was given by hand stays.
    """
    rules = _fulfilled(user, claims)
    with transaction.atomic():
        _apply_groups(user, {rule.group for rule in rules if rule.group})
        _apply_role(user, [rule.role for rule in rules if rule.role])


def _fulfilled(user: User, claims: Mapping[str, Any]) -> list[ClaimRule]:
    rules = list(ClaimRule.objects.select_related("group"))
    values = {name: _values(user, claims, name) for name in {rule.claim for rule in rules}}
    return [rule for rule in rules if rule.value in values[rule.claim]]


def _values(user: User, claims: Mapping[str, Any], name: str) -> set[str]:
    """What a claim says, as texts; what is none is left out, and the log says so."""
    value = _look_up(claims, name)
    if isinstance(value, str):
        logger.info("The claim %r of %s is one text, where others have a list.", name, user)
        return {value}
    if value is None:
        logger.info("The provider sent no claim %r for %s: its rules give nothing.", name, user)
        return set()
    if not isinstance(value, list):
        logger.warning("The claim %r of %s is neither a text nor a list: left out.", name, user)
        return set()
    texts = {each for each in value if isinstance(each, str)}
    if not all(isinstance(each, str) for each in value):
        logger.warning("The claim %r of %s holds what is no text: left out.", name, user)
    return texts


def _look_up(claims: Mapping[str, Any], name: str) -> Any:
    """The claim of this name, or of this path: Keycloak's roles are in realm_access.roles."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _apply_groups(user: User, groups: set[Group]) -> None:
    theirs = User.groups.through.objects.filter(user=user)
    # Through the manager of the memberships, of which a deletion takes the ClaimedGroup along.
    theirs.filter(claimedgroup__isnull=False).exclude(group__in=groups).delete()
    has = set(theirs.values_list("group", flat=True))
    for group in groups:
        if group.pk not in has:
            membership = User.groups.through.objects.create(user=user, group=group)
            ClaimedGroup.objects.create(membership=membership)


def _apply_role(user: User, roles: list[str]) -> None:
    before = _role_by_hand(user)
    role = max([before, *roles], key=ROLES.index)
    if role != user.role and not _set_role(user, User.Role(role)):
        return
    ClaimedRole.objects.filter(user=user).delete()
    if role != before:
        ClaimedRole.objects.create(user=user, role=role, before=before)


def _set_role(user: User, role: User.Role) -> bool:
    """Whether it could be: the database keeps the last administrator."""
    old, user.role = user.role, role
    try:
        with transaction.atomic():
            user.save(update_fields=list(flags(role)))
    except IntegrityError:
        user.role = old
        logger.warning("%s stays an administrator, being the last, whatever the claims say.", user)
        return False
    return True


def _role_by_hand(user: User) -> str:
    claimed = ClaimedRole.objects.filter(user=user).first()
    # What somebody has changed since is by hand.
    return claimed.before if claimed and claimed.role == user.role else str(user.role)
