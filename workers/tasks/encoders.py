"""Encoders that curators ask for: each is added by a process of its own, beside the work here.

It loads both towers, of which an ingest worker keeps one, and may run out of memory. It renews the
lease on its request and stores in it how that went. Should it be killed, this process stores that;
should both be, the lease ends and another worker begins anew.
"""

import logging
import subprocess
import sys

from django.conf import settings

from search.models import EncoderRequest
from search.refusals import Refusal
from workers.turns import turn

logger = logging.getLogger(__name__)

COMMAND = [sys.executable, "manage.py", "encoder"]
# Processes that were started here, and the request of each.
_running: list[tuple[subprocess.Popen[bytes], EncoderRequest]] = []


def waits() -> bool:
    """Whether there is an encoder to add, or a process of this one adds one."""
    return bool(_running) or EncoderRequest.objects.claimable().exists()


def do() -> bool:
    """Have the next encoder added, unless one is being added; never more to do at once."""
    watch()
    with turn("encoder requests") as taken:
        request = EncoderRequest.objects.claim() if taken else None
    if request:
        start(request)
    return False


def start(request: EncoderRequest) -> None:
    command = [*COMMAND, "add", f"--request={request.token}", "--json", "--", request.checkpoint]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL)
    _running.append((process, request))


def watch() -> None:
    """Renew the leases of processes that run, which begin to do so themselves once they are up.

    Where one was killed, note it in its request, unless that has been concluded.
    """
    for process, request in list(_running):
        if process.poll() is None:
            request.renew()
            continue
        _running.remove((process, request))
        if request.fail(Refusal("request_killed")):
            logger.error("%s was not added: code %s", request, process.returncode)
