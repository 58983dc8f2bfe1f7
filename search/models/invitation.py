from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone

from search.models.user import User

# Bytes of a token: as many as nobody guesses.
TOKEN_BYTES = 32


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        """Those by which somebody may make an account now, as long as whoever invited them may."""
        unanswered = self.filter(accepted=None, revoked=None, expires__gt=timezone.now())
        return unanswered.filter(invited_by__is_superuser=True, invited_by__is_active=True)

    def of_token(self, token: str) -> Self:
        return self.filter(digest=digest_of(token))

    def in_state(self, state: str) -> Self:
        orphaned = Q(accepted=None, revoked=None, expires__gt=timezone.now()) & (
            Q(invited_by=None) | Q(invited_by__is_superuser=False) | Q(invited_by__is_active=False)
        )
        ended = Q(accepted=None, revoked=None, expires__lte=timezone.now())
        return {
            Invitation.State.OPEN: self.open(),
            Invitation.State.ACCEPTED: self.exclude(accepted=None),
            Invitation.State.REVOKED: self.exclude(revoked=None) | self.filter(orphaned),
            Invitation.State.EXPIRED: self.filter(ended),
        }[Invitation.State(state)]


class Invitation(models.Model):
    """Somebody who may make an account for themselves, by a link that holds for one account."""

    class State(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        EXPIRED = "expired"
        REVOKED = "revoked"

    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=13, choices=User.Role, default=User.Role.VIEWER)
    groups = models.ManyToManyField(Group, blank=True)
    invited_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="invitations"
    )
    # Of the token: whoever reads the database makes no account by it.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    revoked = models.DateTimeField(null=True)
    accepted = models.DateTimeField(null=True)
    account = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name="", email=""), name="an_invitation_is_to_somebody"
            ),
            models.CheckConstraint(
                condition=Q(revoked=None) | Q(accepted=None),
                name="what_is_revoked_is_not_accepted",
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.name} <{self.email}>" if self.name and self.email else self.name or self.email
        )

    @property
    def state(self) -> State:
        if self.accepted:
            return self.State.ACCEPTED
        if self.revoked:
            return self.State.REVOKED
        if self.expires <= timezone.now():
            return self.State.EXPIRED
        by = self.invited_by
        return self.State.OPEN if by and by.is_superuser and by.is_active else self.State.REVOKED

    def renew(self, by: User) -> str:
        """Have an administrator give it a link for so many days; one before leads nowhere then.

        Returns the token, which is stored nowhere.
        """
        token = token_urlsafe(TOKEN_BYTES)
        self.digest = digest_of(token)
        self.expires = timezone.now() + timedelta(days=settings.INVITATION_DAYS)
        self.revoked, self.invited_by = None, by
        self.save()
        return token


def digest_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()
