from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.contrib.auth.models import UserManager as PlainManager
from django.db import models
from django.db.models import Exists, OuterRef, Q

from search.models.change import history
from search.models.names import one_of_a_name


class UserQuerySet(models.QuerySet["User"]):
    def owning(self, assets: models.QuerySet[Any], or_who: Any = None) -> Self:
        """Those who own one of these assets, and somebody who may have none."""
        owns = Exists(assets.order_by().filter(owner=OuterRef("pk")))
        return self.filter(owns | Q(pk=or_who.pk) if or_who else owns)

    def administrators(self) -> Self:
        """Those who may sign in and manage accounts."""
        return self.filter(is_superuser=True, is_active=True)

    def without_administrator(self) -> bool:
        """Whether without these there would be no administrator, as there is now."""
        theirs = User.objects.administrators().filter(pk__in=self.values("pk"))
        others = User.objects.administrators().exclude(pk__in=self.values("pk"))
        return theirs.exists() and not others.exists()

    def in_role(self, role: str) -> Self:
        return self.filter(**flags(role))


class UserManager(PlainManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    use_in_migrations = False


class User(AbstractUser):
    """A person with an account; its own class, since it can't be exchanged later.

    Its role is stored in three flags, two of them Django's own: is_superuser, is_staff and
    is_contributor, of which a constraint allows what makes one role.
    """

    class Role(models.TextChoices):
        """Each may do what those before it may."""

        VIEWER = "viewer", "Viewer: may search, look at pictures and download them"
        CONTRIBUTOR = "contributor", "Contributor: may also upload, and edit what is theirs"
        CURATOR = "curator", "Curator: may also edit what others have uploaded, labels, duplicates"
        ADMINISTRATOR = "administrator", "Administrator: may do everything, accounts included"

    is_contributor = models.BooleanField(
        "contributor status",
        default=False,
        db_default=False,
        help_text="May upload, and edit what is theirs; curators may without it.",
    )

    objects: ClassVar[UserManager] = UserManager()

    class Meta(AbstractUser.Meta):
        constraints = [
            one_of_a_name("username", "one_account_per_name", "There is an account of this name."),
            models.CheckConstraint(
                condition=(Q(is_superuser=False) | Q(is_staff=True))
                & (Q(is_contributor=False) | Q(is_staff=False)),
                name="an_account_has_one_role",
                violation_error_message="An account has one role.",
            ),
        ]
        # Neither the password's hash nor sign-ins.
        triggers = history(
            *("account", "username", "email", "first_name", "last_name"),
            *("is_active", "is_contributor", "is_staff", "is_superuser"),
            person="id",
        )

    @property
    def role(self) -> Role:
        return next(role for role in reversed(self.Role) if self._has(role))

    @role.setter
    def role(self, role: str) -> None:
        for name, value in flags(role).items():
            setattr(self, name, value)

    @property
    def contributes(self) -> bool:
        """Whether they may upload, and edit what is theirs."""
        return self.is_contributor or self.is_staff

    def _has(self, role: str) -> bool:
        return all(getattr(self, name) or not value for name, value in flags(role).items())


def flags(role: str) -> dict[str, bool]:
    """The fields in which a role is stored, with their values."""
    return {
        "is_contributor": role == User.Role.CONTRIBUTOR,
        "is_staff": role in (User.Role.CURATOR, User.Role.ADMINISTRATOR),
        "is_superuser": role == User.Role.ADMINISTRATOR,
    }


def contributes(user: User | AnonymousUser) -> bool:
    """Whether somebody who may have no account may upload, and edit what is theirs."""
    return user.is_authenticated and user.contributes
