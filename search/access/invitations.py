"""Invitations: to whom they are, how they are mailed, and what becomes of one that is accepted."""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from smtplib import SMTPException
from typing import Any, NamedTuple

from django.contrib.auth.models import Group
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from search.models import Invitation, User
from search.models.names import called

# Maximum of people who are invited at once: as many mails are sent within one request.
MOST_AT_ONCE = 50
# Maximum of characters of a name.
LONGEST = 150
# Seconds that a mail server is waited for, each time and for all mails of a request.
PATIENCE, ALL_MAILS = 4, 8.0
# Where a session notes the digest of the link that it opened, for a sign-in by a provider.
LINK = "invitation"
SUBJECT = "An account of Sightline for you"
NOT_MAILED = "The mail server does not take it: please hand the link over yourself."


# ann@example.org, or Ann Smith <ann@example.org>.
ADDRESS = re.compile(r'(?:"?(?P<name>[^<>]*?)"? *<)?(?P<address>[^<>]{1,254})>?')


class Invitee(NamedTuple):
    """Somebody who is to be invited: by an address, a name, or both."""

    name: str
    email: str

    def __str__(self) -> str:
        return self.email or self.name


class Letter(NamedTuple):
    """An invitation with its link, which is shown once, and why no mail holds it."""

    invitation: Invitation
    link: str
    trouble: str = ""


def read(text: str) -> tuple[list[Invitee], list[str]]:
    """The people of a pasted list, and a sentence for each line that is none, or invited before."""
    lines = [line.strip() for line in _lines(text) if line.strip()]
    if len(lines) > MOST_AT_ONCE:
        return [], [f"These are {len(lines):,}: invite at most {MOST_AT_ONCE} people at once."]
    people: list[Invitee] = []
    sentences = []
    for line in lines:
        try:
            person = _read_line(line)
            _refuse_insiders(person, people)
            people.append(person)
        except ValidationError as refusal:
            sentences += refusal.messages
    return people, sentences


def invite(people: Iterable[Invitee], role: str, groups: Iterable[Group], by: User) -> list[str]:
    """Store an invitation for each of them, all or none. Returns their tokens, in order."""
    with transaction.atomic():
        return [_invite(person, role, groups, by) for person in people]


def letters(tokens: Sequence[str], links: Sequence[str]) -> list[Letter]:
    """Mail the links to those whose addresses are known, as far as the mail server goes along."""
    invitations = {token: Invitation.objects.of_token(token).get() for token in tokens}
    each = [Letter(invitations[token], link) for token, link in zip(tokens, links, strict=True)]
    until = time.monotonic() + ALL_MAILS
    with _mail_server() as connection:
        return [_send(letter, connection, until) for letter in each]


def accept(digest: str, person: User) -> bool:
    """Store the account that somebody makes of an invitation; False where that is gone meanwhile.

    What a provider has said of them stays. Of two who come by one link the second waits for the
    first, and finds it accepted.
    """
    with transaction.atomic():
        of_link = Invitation.objects.open().filter(digest=digest).select_for_update(of=("self",))
        invitation = of_link.first()
        if invitation is None:
            return False
        person.role, person.email = invitation.role, person.email or invitation.email
        if not person.get_full_name():
            first, _, last = invitation.name.rpartition(" ")
            person.first_name, person.last_name = (first, last) if first else (last, "")
        person.save()
        person.groups.add(*invitation.groups.all())
        invitation.accepted, invitation.account = timezone.now(), person
        invitation.save(update_fields=["accepted", "account"])
    return True


def is_invited(request: HttpRequest) -> bool:
    """Whether this browser has opened a link that holds."""
    return Invitation.objects.open().filter(digest=request.session.get(LINK, "")).exists()


def accept_opened(request: HttpRequest, person: User) -> None:
    """Give an account that a provider has brought what the link that this browser opened gives."""
    accept(request.session.pop(LINK, ""), person)


def _lines(text: str) -> Iterator[str]:
    """Each person of a list with one on each line, or several addresses with commas between."""
    for line in re.split(r"[\n;]", text):
        # Of several only: "Smith, Ann <ann@example.org>" is one person.
        yield from re.split(r",(?=[^,]*@)", line) if line.count("@") > 1 else [line]


def _read_line(line: str) -> Invitee:
    if not line.isprintable():
        raise ValidationError("A line contains characters that no name or address has.")
    if "@" not in line:
        if len(line) > LONGEST:
            raise ValidationError(f"“{line[:40]}…” is too long: a name has at most {LONGEST}.")
        return Invitee(line, "")
    match = ADDRESS.fullmatch(line)
    with suppress(ValidationError):
        address = match["address"] if match else ""
        validate_email(address)
        return Invitee((match and match["name"] or "")[:LONGEST], address)
    raise ValidationError(
        f"“{line[:80]}” is no address as ann@example.org or Ann <ann@example.org>."
    )


def _refuse_insiders(person: Invitee, others: Sequence[Invitee]) -> None:
    """Raise ValidationError for whoever is listed twice, has an account or an open invitation."""
    if str(person).casefold() in {str(other).casefold() for other in others}:
        raise ValidationError(f"{person} is listed twice.")
    if account := _account_of(person):
        raise ValidationError(f"{person} has an account already: {account.get_username()}.")
    field = "email" if person.email else "name"
    invited = {"email": ""} if field == "name" else {}
    if Invitation.objects.open().filter(**{f"{field}__iexact": str(person)}, **invited).exists():
        raise ValidationError(f"{person} is invited already: send that invitation again.")


def _account_of(person: Invitee) -> User | None:
    if person.email:
        return User.objects.filter(email__iexact=person.email).first()
    return called(User.objects.all(), person.name, "username").first()


def _invite(person: Invitee, role: str, groups: Iterable[Group], by: User) -> str:
    invitation = Invitation(name=person.name, email=person.email, role=role)
    token = invitation.renew(by)
    invitation.groups.set(groups)
    return token


@contextmanager
def _mail_server() -> Iterator[Any]:
    """A connection to it, or None where it does not answer."""
    connection = mail.get_connection(timeout=PATIENCE)
    try:
        connection.open()
    except (OSError, SMTPException):
        yield None
        return
    yield connection
    with suppress(OSError, SMTPException):
        connection.close()


def _send(letter: Letter, connection: Any, until: float) -> Letter:
    if not letter.invitation.email:
        return letter
    if connection is None or time.monotonic() > until:
        return letter._replace(trouble=NOT_MAILED)
    text = render_to_string("account/invitation.txt", letter._asdict())
    address = [letter.invitation.email]
    message = mail.EmailMessage(SUBJECT, text, to=address, connection=connection)
    try:
        message.send()
    except (OSError, SMTPException):
        return letter._replace(trouble=NOT_MAILED)
    return letter
