"""The backup and the restore of docs/operations.md: its own lines, run from one place to another.

There is no Docker here. A program of that name, which the lines find first, runs on this machine
what they want run in a container: PostgreSQL's programs on the embedded server of a place, all
others in its folder.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from config import embedded
from tests.support.cluster import start_quick_database
from tests.support.compose import PROGRAMS, ROOT
from tests.support.faults import folder_of
from tests.support.forks import run
from tests.support.prepared import USER, copy_into, environment

WHEEL = Path(importlib.util.find_spec(embedded.POSTGRES).origin).parent / "pginstall" / "bin"
# `docker compose [exec|run] OPTIONS [db|web] COMMAND`; what waits for a service is up already.
DOCKER = """#!/bin/sh -e
shift
[ "$1" != up ] || exit 0
until [ "$1" = db ] || [ "$1" = web ]; do shift; done
shift
for word; do
    shift
    case "$word" in /data*) word="$VAR_DIR${word#/data}" ;; esac
    set -- "$@" "$word"
done
exec "$@"
"""


def commands(heading):
    """The lines of the first sample below a heading of the document."""
    text = (ROOT / "docs" / "operations.md").read_text()
    below = text[text.index(f"# {heading}\n") :]
    return re.search(r"```sh\n(.*?)```", below, re.DOTALL)[1].splitlines()


class Place:
    """A library in a folder of its own, with its own server, as a host of containers has one."""

    def __init__(self, var, folder):
        """`folder` is where the commands are given and the backup lies."""
        self.var, self.folder, self.env = var, folder, environment(var)
        start_quick_database(var)
        for name in ("media", "trained"):
            (var / name).mkdir(exist_ok=True)
        with psycopg.connect(embedded.database_url(var), autocommit=True) as connection:
            connection.execute("CREATE ROLE sightline SUPERUSER LOGIN")  # As Compose names it.

    def sh(self, line):
        """Run a line of the document; it has a returncode, a stdout and a stderr."""
        path = [str(self.folder / "bin"), str(WHEEL), str(PROGRAMS), os.environ["PATH"]]
        env = self.env | {"PATH": os.pathsep.join(path), "PGHOST": str(self.var / "postgres")}
        line = line.replace("manage.py", str(ROOT / "manage.py"))
        return subprocess.run(
            ["sh", "-c", line], cwd=self.folder, env=env, capture_output=True, text=True
        )

    def manage(self, *words):
        return run([sys.executable, "manage.py", *words], self.env)

    def ranking(self):
        """All of the library in the order of some words, and how near each picture is to them."""
        words = ("a red mug", "--everything", "--duplicates", "--limit", "100", "--json")
        done = self.manage("search", *words)
        return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path):
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER)
    program.chmod(0o755)
    return tmp_path


@pytest.fixture
def place(folder):
    """Makes places; a socket's path has to be short."""
    made = []

    def make(name, *, catalogue=False):
        var = Path(os.environ.get("TMPDIR", "/tmp")) / f"sl-{os.getpid()}-{name}"
        var.mkdir()
        made.append(var)
        if catalogue:
            copy_into(var, catalogue=True)
        return Place(var, folder)

    yield make
    for var in made:
        embedded.stop_database(var)
        shutil.rmtree(var)


@pytest.mark.promise("P11")
def test_a_backup_is_restored_whole_elsewhere(place, folder, figure):
    """The control is the same backup with its halves taken the other way round."""
    here, there = place("here", catalogue=True), place("there")
    database, files = commands("Backups")
    assert here.sh(files.replace("files.tgz", "early.tgz")).returncode == 0
    here.manage("ingest", str(folder_of(folder, 2, deadly=set())), "--owner", USER)
    for line in (database, files):
        done = here.sh(line)
        assert done.returncode == 0, done.stderr

    restored = [there.sh(line) for line in commands("Restore")]

    assert [done.returncode for done in restored] == [0] * len(restored), restored
    assert "The library is whole." in restored[3].stdout
    strict = there.manage("fsck", "--strict")
    assert strict.stdout == "The library is whole.\n", strict.stderr
    ranking = there.ranking()
    assert len(ranking["hits"]) == 62
    assert ranking == here.ranking()

    figure("P11", f"{len(ranking['hits'])} pictures restored: fsck --strict whole, order the same")

    shutil.rmtree(there.var / "media")
    assert there.sh("tar -xzf early.tgz -C $VAR_DIR").returncode == 0
    control = there.manage("fsck", "--strict")
    assert control.returncode == 1
    for number in (0, 1):
        assert re.search(
            rf'The original of Asset \S+ "picture {number}", .*, is missing', control.stdout
        )
