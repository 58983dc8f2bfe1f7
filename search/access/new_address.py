"""A person's new mail address: a link is mailed there, and it is theirs once they open it.

By one that nobody has proved to be theirs, passwords would be reset and accounts of a provider
be joined with this one.
"""

from datetime import timedelta
from smtplib import SMTPException

from django.core import mail as mails
from django.core import signing
from django.http import HttpRequest
from django.urls import reverse

from search.models import User

# What a link is signed for, so that no other signature passes for one; and for how long it holds.
SALT = "a new address"
HOLDS = timedelta(days=1)
# Seconds that the mail server is waited for.
PATIENCE = 4
ON_ITS_WAY = "A mail is on its way to {}: by its link, within a day, the address becomes yours."
NOT_MAILED = "No mail can be sent there now: ask an administrator to change your address."
TEXT = """Hello,

by this link this address becomes the one of your account {name} of Sightline, within a day:

{link}

If this is not your account, leave it be.
"""


def mail(address: str, request: HttpRequest) -> bool:
    """Whether the link is on its way."""
    person: User = request.user  # type: ignore[assignment]
    token = signing.dumps([person.pk, person.email, address], salt=SALT)
    link = request.build_absolute_uri(reverse("new_address", args=[token]))
    text = TEXT.format(name=person.get_username(), link=link)
    connection = mails.get_connection(timeout=PATIENCE)
    message = mails.EmailMessage("Your new address", text, to=[address], connection=connection)
    try:
        return message.send() == 1
    except (OSError, SMTPException):
        return False


def confirm(token: str, person: User) -> str:
    """Store the address. Raises BadSignature for a link of somebody else, of before another change,
    or too old."""
    pk, old, new = signing.loads(token, salt=SALT, max_age=HOLDS)
    changed = (
        User.objects.filter(pk=person.pk, email=old).exclude(email=new) if pk == person.pk else None
    )
    if changed is None or not changed.update(email=new):
        raise signing.BadSignature("Not of this account, or used before.")
    return new
