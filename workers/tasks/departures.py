"""Accounts that leave everything to another: some thousand assets at a time."""

import logging

from django.db import IntegrityError

from search.library import ownership
from search.models import Departure
from search.refusals import Refusal

logger = logging.getLogger(__name__)


def waits() -> bool:
    return Departure.objects.claimable().exists()


def do() -> bool:
    """Take a step of the oldest; whether there was one."""
    departure = Departure.objects.claim()
    if departure is None:
        return False
    try:
        if not ownership.depart(departure):
            departure.conclude(attempts=0)
    except ownership.BothHave as refusal:
        departure.fail(refusal)
    except IntegrityError:
        # The account would have been the last administrator's, or has just got something anew.
        logger.exception("%s could not be ended", departure)
        departure.release(Refusal("departure_failed"))
    return True
