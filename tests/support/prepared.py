"""What is made once in a test run, and copied: the tables of the tests' databases, which takes four
CPU-seconds, and the libraries that stacks start from.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from config import embedded
from tests.support.cluster import start_quick_database
from tests.support.environment import RUN_DIR
from tests.support.forks import run

USER, PASSWORD = "curator", "a password for tests"
PICTURES = 60  # Of the sample catalogue, in the library that has it.
OURS = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ENCODER_CHECKPOINT", "ENCODER_REVISION")


def environment(var: Path) -> dict[str, str]:
    """For Sightline's processes on this folder: none of the settings that this machine may have."""
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    return inherited | {"VAR_DIR": str(var)}


def start_with_tables(var: Path) -> None:
    """Start the PostgreSQL of the folder that Django connects to, with Sightline's tables."""
    made = _once("tables", partial(_migrate, var))
    if not (var / "postgres").exists():
        _copy(made, var)
    start_quick_database(var)


def _migrate(var: Path, made: Path) -> None:
    start_quick_database(var)
    call_command("migrate", verbosity=0)
    connection.close()
    embedded.stop_database(var)
    _copy(var / "postgres", made / "postgres")


def copy_into(var: Path, *, catalogue: bool) -> None:
    """Give a folder a library with its tables, an encoder and an account, or pictures as well."""
    made = _once("catalogue", _fill) if catalogue else _once("empty", _set_up)
    _copy(made, var)


def _copy(folder: Path, to: Path) -> None:
    # By cp, which keeps the owners: the database's files are not root's.
    subprocess.run(["cp", "-a", f"{folder}/.", str(to)], check=True)


def _once(name: str, make: Callable[[Path], None]) -> Path:
    made, new = RUN_DIR / name, RUN_DIR / f"{name}.new"
    with (RUN_DIR / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            new.mkdir()
            make(new)
            new.rename(made)
    return made


def _set_up(var: Path) -> None:
    account = ("--username", USER, "--email", "curator@example.org")
    _run(
        var,
        ("migrate",),
        ("encoder", "serve"),
        ("collectstatic", "--no-input"),
        ("createsuperuser", "--no-input", *account),
    )


def _fill(var: Path) -> None:
    copy_into(var, catalogue=False)
    # No Redis runs here, so it is embedded by the command itself.
    _run(var, ("catalogue", "--pictures", str(PICTURES), "--owner", USER))


def _run(var: Path, *commands: tuple[str, ...]) -> None:
    env = environment(var) | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    start_quick_database(var)
    try:
        for command in commands:
            done = run([sys.executable, "manage.py", *command], env)
            assert done.returncode == 0, done.stderr
    finally:
        embedded.stop_database(var)
