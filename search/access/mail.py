"""Mails that a page sends: it is answered before they are, whether or not the server takes them."""

import logging
from smtplib import SMTPException
from threading import Thread

from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)


def send_later(message: EmailMessage) -> None:
    """Send it while the page is on its way: how long that takes tells nobody whether there was one.

    What the server refuses is in the log.
    """
    Thread(target=_send, args=(message,), daemon=True).start()


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except (OSError, SMTPException):
        logger.exception("The mail %r could not be sent.", message.subject)
