"""How far a command is: a bar on a terminal, lines elsewhere."""

import re

import pytest

from workers import progress
from workers.progress import Bar


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(progress, "LINE_SECONDS", 0)


def test_in_a_log_it_goes_on_in_lines(at_once, capsys):
    list(Bar(range(1200), "Reading", unit="file", miniters=400, mininterval=0))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 2
    assert all(re.fullmatch(r"Reading: [\d,]+ of 1,200, \d\d:\d\d", line) for line in lines)


def test_what_takes_but_a_moment_says_nothing_in_a_log(capsys):
    list(Bar(range(1200), "Reading"))
    assert capsys.readouterr().err == ""


def test_on_a_terminal_it_is_a_bar(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    list(Bar(range(12), "Reading"))
    assert "12/12 [" in capsys.readouterr().err


def test_what_is_quiet_says_nothing(at_once, capsys):
    list(Bar(range(12), "Reading", disable=True))
    assert capsys.readouterr().err == ""
