"""How long PostgreSQL works or waits for a process of ours, by the role of the process."""

from typing import NamedTuple

from django.db import connections


class Timeouts(NamedTuple):
    """Maximum seconds of a statement, of waiting for a lock and of an idle transaction; 0: none."""

    statement: int
    lock: int
    idle: int


# Whoever searches has given up by then; a thread of the site that waits serves nobody else.
WEB = Timeouts(statement=15, lock=10, idle=60)
# A worker's longest statements are over chunks of 5,000 rows; indexes are built without a limit.
WORKER = Timeouts(statement=600, lock=60, idle=600)


def apply(role: Timeouts) -> None:
    """Let every connection that this process makes from now on have these timeouts."""
    settings = {
        "statement_timeout": role.statement,
        "lock_timeout": role.lock,
        "idle_in_transaction_session_timeout": role.idle,
    }
    flags = [f"-c {name}={seconds}s" for name, seconds in settings.items()]
    for connection in connections.all():
        options = connection.settings_dict["OPTIONS"]
        options["options"] = " ".join([options.get("options", ""), *flags]).strip()
