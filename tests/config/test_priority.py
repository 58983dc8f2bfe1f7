"""Who stands back, does so among all the processes of the machine."""

import subprocess
import sys
from pathlib import Path

import pytest

AUTOGROUP = Path("/proc/self/autogroup")
LOWER = "from config import priority; priority.lower(10)"
SHOW = "import os, pathlib; print(os.nice(0), pathlib.Path('/proc/self/autogroup').read_text())"


def nice_of(program: str, **options) -> list[int]:
    """Of a process that runs it, and of its session among the others."""
    command = [sys.executable, "-c", f"{program}; {SHOW}"]
    words = subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout
    return [int(words.split()[0]), int(words.split()[-1])]


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="a kernel that knows no sessions' priorities")
def test_whoever_leads_a_session_lowers_itself_and_its_session():
    before, after = (nice_of(program, start_new_session=True) for program in ("pass", LOWER))
    assert [new - old for old, new in zip(before, after, strict=True)] == [10, 10]


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="a kernel that knows no sessions' priorities")
def test_whoever_shares_a_session_leaves_it_as_it_is():
    before, after = (nice_of(program) for program in ("pass", LOWER))
    assert [new - old for old, new in zip(before, after, strict=True)] == [10, 0]
