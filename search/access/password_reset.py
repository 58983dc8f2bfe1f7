"""Links by which somebody gets in without a password: by mail, or by a command on the server."""

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from redis.exceptions import RedisError

from config.cache import shared
from search.access.mail import send_later
from search.models import User

SUBJECT = "A new password for Sightline"
# Maximum of mails to one address, and of those that one browser's address asks for.
MOST_TO_ONE, MOST_FROM_ONE = 5, 20
HOUR = 3600


class WayIn(PasswordResetTokenGenerator):
    """Tokens of the command `way_in`: good for an hour and for one sign-in."""

    key_salt = "search.access.password_reset.WayIn"


way_in_tokens = WayIn()
reset_tokens = PasswordResetTokenGenerator()
# Whoever asks for a mail to an address of nobody waits for as long: this is who it is made for.
NOBODY = User(pk=0, username="nobody", password="!" * 40)


def mail_links(address: str, asked_from: str | None, absolute: Callable[[str], str]) -> None:
    """Send a link to each account of this address that signs in by a password; `absolute` makes an
    address of a path.
    """
    people = with_password(address) or [NOBODY]
    messages = [_message(person, absolute) for person in people]
    if _too_many(address, asked_from):
        return
    for person, message in zip(people, messages, strict=True):
        if person is not NOBODY:
            send_later(message)


def with_password(address: str) -> list[User]:
    """The accounts that have this address and may sign in by a password."""
    people = User.objects.filter(email__iexact=address, is_active=True) if address else []
    return [person for person in people if person.has_usable_password()]


def link(name: str, person: User, tokens: PasswordResetTokenGenerator) -> str:
    """The path of the page of this name, for this person."""
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return reverse(name, args=[uid, tokens.make_token(person)])


def way_in_for(uid: str, token: str) -> User | None:
    """The administrator whom a link of the command lets in, unless it is no good any more."""
    with suppress(ValueError, OverflowError):
        pk = int(urlsafe_base64_decode(uid))
        person = User.objects.administrators().filter(pk=pk).first()
        return person if person and way_in_tokens.check_token(person, token) else None
    return None


def _message(person: User, absolute: Callable[[str], str]) -> EmailMessage:
    address = absolute(link("password_new", person, reset_tokens))
    text = render_to_string("account/forgotten.txt", {"person": person, "link": address})
    return EmailMessage(SUBJECT, text, to=[person.email])


def _too_many(address: str, asked_from: str | None) -> bool:
    digest = sha256(address.casefold().encode()).hexdigest()
    with suppress(RedisError):
        to_one = shared().count(f"reset:to:{digest}", HOUR)
        from_one = shared().count(f"reset:from:{asked_from}", HOUR)
        return to_one > MOST_TO_ONE or from_one > MOST_FROM_ONE
    return False
