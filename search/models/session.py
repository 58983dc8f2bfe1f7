from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class Session(AbstractBaseSession):
    """What a browser has that somebody signed in with: Django's session, and whose it is.

    Of those whose account is deactivated none is left, by a trigger (search/sql/sessions.sql).
    """

    # Without a constraint: a session may be saved just as its account goes.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="sessions",
        null=True,
        db_constraint=False,
    )
    address = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    # But for some minutes (search/access/sessions.py).
    last_use = models.DateTimeField(null=True)

    class Meta(AbstractBaseSession.Meta):
        ordering = ["-last_use"]

    def __str__(self) -> str:
        return "session"  # Its key is a secret, and pages name what is deleted.
