"""Disks that are full in earnest: of the library's files, and of PostgreSQL's, each apart.

A small tmpfs each, which takes the rights to mount one.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import embedded
from tests.support.faults import BELL, LEASE, picture, settled
from tests.support.promises import only_in_full
from tests.support.stack import Stack

pytestmark = [pytest.mark.promise("P15"), only_in_full]
ROUNDS = 5
ENV = {"CLAIM_LEASE_SECONDS": str(LEASE), "BELL_SECONDS": str(BELL), "MIN_FREE_MB": "0.001"}
FULL = "disk is full"
# Seconds until all is stored and made once there is room again.
HEALED = 60


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no rights to mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def without_room(disk: Path) -> Iterator[None]:
    """The last free byte of a disk is taken meanwhile."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    try:
        yield
    finally:
        ballast.unlink()


def answers(session, numbers) -> list[tuple[int, bool]]:
    """Status of each upload, and whether it says that the disk is full."""
    sent = [session.upload(picture(number)) for number in numbers]
    return [(answer.status_code, FULL in answer.text) for answer in sent]


def seconds_to_heal(stack, session, numbers) -> float:
    """How long until these uploads are taken and all is made."""
    started = time.monotonic()
    left = list(numbers)
    while left and time.monotonic() - started < HEALED:
        left = [n for n in left if session.upload(picture(n)).status_code != 200]
    assert not left
    assert stack.eventually(lambda: settled(stack) and renditions_are_made(stack), HEALED)
    return time.monotonic() - started


def renditions_are_made(stack) -> bool:
    return not stack.sql("SELECT 1 FROM search_rendition WHERE fulfilled IS NULL LIMIT 1")


def is_whole(stack) -> bool:
    return stack.manage("fsck", "--strict").returncode == 0


def test_a_full_disk_of_the_library_says_so_and_heals(tmp_path, figure):
    disk = tmp_path / "media"
    with small_disk(disk, 30), Stack(env=ENV | {"MEDIA_ROOT": str(disk)}) as stack:
        session, slowest = stack.session(), 0.0
        for number in range(0, 10 * ROUNDS, 10):
            before = stack.sql("SELECT count(*) FROM search_asset")
            with without_room(disk):
                sent = answers(session, range(number, number + 5))
                assert sent == [(507, True)] * 5
                assert stack.sql("SELECT count(*) FROM search_asset") == before
                assert session.get("/", {"q": "picture"}).status_code == 200
            slowest = max(slowest, seconds_to_heal(stack, session, range(number, number + 5)))
            assert is_whole(stack)
    figure("P15", f"Media full, {ROUNDS} of {ROUNDS}: 507 and a sentence; whole in {slowest:.0f} s")


def test_a_full_disk_of_postgresql_says_so_and_heals(figure):
    stack = Stack(env=ENV)
    with small_disk(stack.var / "postgres", 400) as disk, stack:
        session, slowest, statuses = stack.session(), 0.0, set()
        for number in range(0, 400 * ROUNDS, 400):
            with without_room(disk):
                # It writes into what it has until that is full too.
                sent = answers(session, range(number, number + 60))
                statuses |= {status for status, _ in sent}
                assert {status for status, is_full in sent if not is_full} <= {200, 503}
            revive(stack)
            slowest = max(slowest, seconds_to_heal(stack, session, range(number, number + 60)))
            assert is_whole(stack)
    figure("P15", f"PostgreSQL full, {ROUNDS} of {ROUNDS}: {statuses}; whole in {slowest:.0f} s")


def revive(stack) -> None:
    """As whoever runs it would: a server that found no room for its log has ended."""
    if not embedded.is_running(stack.var):
        embedded.pg_ctl(stack.var, "start", f"--log={embedded.postgres_log(stack.var)}")
    assert stack.eventually(lambda: embedded.answers(stack.var), 30)
