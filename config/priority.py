"""How far a process stands back where processors are short."""

import os
from contextlib import suppress
from pathlib import Path


def lower(nice: int, pid: int | None = None) -> None:
    """Let others go before this process, or that of an id, and before all that it starts.

    By so many steps of nice, and where it leads a session, by as many of that among the others:
    Linux shares out the processors among sessions first (`sched_autogroup`, man 7 sched), and nice
    counts within one alone. Of two processes at nice 0 and 10 in two sessions on one core each got
    50 % of it, at SCHED_IDLE too; with the session lowered 88 and 12 %. Between containers neither
    counts, but the shares in docker-compose.yml.
    """
    pid = pid or os.getpid()
    os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, pid) + nice)
    # Whoever leads none shares one with others, such as the shell that started it.
    if os.getsid(pid) == pid:
        with suppress(OSError):  # Not Linux, or a kernel without it.
            Path(f"/proc/{pid}/autogroup").write_text(str(nice))
