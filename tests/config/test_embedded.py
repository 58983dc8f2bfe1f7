import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from config import embedded

HOLD = """
import sys, time
from pathlib import Path
from config import embedded
embedded.start_database(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def var(tmp_path_factory):
    """A folder for all of these tests, which leave it with nothing running.

    Somebody was cut off in it as they made its data.
    """
    folder = tmp_path_factory.mktemp("v").resolve()
    (folder / "postgres.new" / "base").mkdir(parents=True)
    return folder


@pytest.fixture
def hold(var):
    """Starts a process that uses the database until its stdin closes."""
    holders = []

    def start() -> subprocess.Popen:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(var)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert holder.stdout.readline() == b"held\n"
        holders.append(holder)
        return holder

    yield start
    for holder in holders:
        holder.communicate()
    embedded.start_database(var)  # Stops one whose last user was killed.
    embedded.stop_database(var)


def test_the_url_leads_to_the_database(var, hold):
    hold()
    with psycopg.connect(embedded.database_url(var)) as connection:
        assert connection.info.dbname == "sightline"


def test_the_data_are_there_after_a_restart(var):
    for statement in ("CREATE TABLE notes ()", "SELECT FROM notes"):
        embedded.start_database(var)
        with psycopg.connect(embedded.database_url(var)) as connection:
            connection.execute(statement)
        embedded.stop_database(var)


def test_its_extensions_are_there(var, hold):
    hold()
    with psycopg.connect(embedded.database_url(var)) as connection:
        for extension in ("vector", "pg_trgm", "unaccent"):
            connection.execute(f"CREATE EXTENSION {extension}")


# The built-in C.UTF-8 belongs to PostgreSQL's major version, not to the machine's C library or
# ICU: another build of the same major version may open the folder without its indexes being wrong.
def test_texts_are_ordered_by_a_collation_of_its_own(var, hold):
    hold()
    with psycopg.connect(embedded.database_url(var)) as connection:
        provider, locale, version = connection.execute(
            "SELECT datlocprovider, datlocale, datcollversion FROM pg_database"
            " WHERE datname = 'sightline'"
        ).fetchone()
    assert (provider, locale, version) == ("b", "C.UTF-8", "1")


def test_the_last_to_leave_stops_it(var, hold):
    first, second = hold(), hold()
    first.communicate()
    assert embedded.answers(var)
    second.communicate()
    assert not embedded.answers(var)


def test_who_remains_stops_it_after_another_was_killed(var, hold):
    first, second = hold(), hold()
    first.kill()
    first.wait()
    second.communicate()
    assert not embedded.answers(var)


def test_the_next_takes_over_when_all_were_killed(var, hold):
    only = hold()
    only.kill()
    only.wait()
    assert embedded.answers(var)
    hold().communicate()
    assert not embedded.answers(var)


def test_it_starts_again_after_a_crash(var, hold):
    hold()
    postmaster = int((var / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    hold()
    assert embedded.answers(var)


def test_a_fork_does_not_stop_its_parents_server(var):
    embedded.start_database(var)
    child = os.fork()
    if child == 0:
        embedded._stop_at_exit(var, os.getppid())
        os._exit(0)
    os.waitpid(child, 0)
    assert embedded.answers(var)
    embedded.stop_database(var)


def test_half_a_data_folder_is_made_anew(var, hold):
    hold()
    assert embedded.answers(var)
    assert not (var / "postgres.new").exists()


def test_a_folder_of_another_postgres_is_refused_untouched_in_a_sentence(tmp_path_factory):
    var = tmp_path_factory.mktemp("v").resolve()
    (var / "postgres").mkdir()
    (var / "postgres" / "PG_VERSION").write_text("16\n")
    before = {path: path.stat().st_mtime_ns for path in var.rglob("*")}
    with pytest.raises(embedded.EmbeddedError) as refusal:
        embedded.start_database(var)
    assert str(refusal.value) == (
        f"{var}/postgres was written by PostgreSQL 16, which PostgreSQL 18 cannot read: start it"
        " with the version of Sightline that made it, or set VAR_DIR to another folder."
    )
    assert {path: path.stat().st_mtime_ns for path in var.rglob("*")} == before


def test_a_path_too_long_for_a_socket_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(embedded.EmbeddedError, match="bytes too long for a Unix socket: set VAR"):
        embedded.start_database(tmp_path / ("x" * 100))


def test_the_longest_path_that_works_is_accepted(tmp_path_factory):
    base = tmp_path_factory.mktemp("v").resolve()
    room = embedded.SOCKET_PATH_BYTES - len(f"{base}//postgres/.s.PGSQL.5432")
    var = base / ("x" * room)
    assert len(str(var / "postgres" / ".s.PGSQL.5432")) == embedded.SOCKET_PATH_BYTES
    embedded.start_database(var)
    embedded.stop_database(var)


def test_a_folder_that_cannot_be_written_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(embedded.EmbeddedError, match="cannot write to .*: make it"):
        embedded.start_database(tmp_path / "file" / "var")


def test_a_file_of_somebody_elses_is_named(tmp_path, monkeypatch):
    (tmp_path / "secret_key").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != "secret_key")
    with pytest.raises(embedded.EmbeddedError, match="cannot write to .*/secret_key: make it"):
        embedded.local_secret(tmp_path)


def test_a_missing_wheel_is_named(monkeypatch, var):
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(embedded.EmbeddedError, match="is not installed: run `make install`"):
        embedded.redis_command(var)


def test_a_data_folder_that_cannot_be_made_is_explained(monkeypatch, tmp_path_factory):
    var = tmp_path_factory.mktemp("v").resolve()
    failed = subprocess.CompletedProcess([], 1, "", "initdb: error: no space left\n")
    monkeypatch.setattr(embedded, "_run", lambda *command: failed)
    with pytest.raises(embedded.EmbeddedError, match="cannot make its data .*no space left"):
        embedded.start_database(var)


def test_redis_is_found_while_it_answers(var):
    assert embedded.redis_url(var) == ""
    server = subprocess.Popen(embedded.redis_command(var), stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 5
        while not embedded.redis_url(var) and time.monotonic() < until:
            time.sleep(0.02)
        assert embedded.redis_url(var) == f"redis+socket://{var}/redis.sock"
    finally:
        server.terminate()
        server.wait()
    assert embedded.redis_url(var) == ""


def test_the_secret_is_made_once_and_closed_to_others(var):
    secret = embedded.local_secret(var)
    assert len(secret) >= 50
    assert embedded.local_secret(var) == secret
    assert (var / "secret_key").stat().st_mode & 0o777 == 0o600


def rights(folder):
    return folder.stat().st_mode & 0o777


def test_a_new_folder_is_closed_to_others(tmp_path):
    embedded.make_folder(tmp_path / "var")

    assert rights(tmp_path / "var") == 0o700


def test_one_that_stood_open_is_closed_and_what_lies_in_it(tmp_path):
    (tmp_path / "media").mkdir(mode=0o755)
    tmp_path.chmod(0o755)

    embedded.make_folder(tmp_path)

    assert rights(tmp_path) & 0o066 == rights(tmp_path / "media") & 0o077 == 0


def test_others_may_only_pass_through_to_what_root_runs_as_them(tmp_path, monkeypatch):
    (tmp_path / "media").mkdir(mode=0o755)
    tmp_path.chmod(0o711)
    monkeypatch.setattr(embedded.os, "geteuid", lambda: 0)

    embedded.make_folder(tmp_path)

    assert os.getuid() or (rights(tmp_path), rights(tmp_path / "media")) == (0o711, 0o700)


def test_a_folder_that_all_share_is_left_as_it_is(tmp_path):
    tmp_path.chmod(0o1777)

    embedded.make_folder(tmp_path)

    assert rights(tmp_path) == 0o777
