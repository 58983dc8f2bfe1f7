"""Versions with known faults are refused at the start."""

import pytest

from search import checks


def test_what_is_installed_is_recent_enough():
    assert checks.versions_are_recent_enough() == []


def test_an_old_version_is_named(monkeypatch):
    monkeypatch.setattr(checks, "version", lambda name: "1.0.1")
    messages = [error.msg for error in checks.versions_are_recent_enough()]
    assert "pillow 1.0.1 is too old: install 12.3 or newer." in messages


@pytest.mark.django_db
def test_the_servers_pgvector_is_recent_enough():
    assert checks.pgvector_keeps_its_indexes(["default"]) == []


@pytest.mark.django_db
def test_an_old_pgvector_is_named(monkeypatch):
    monkeypatch.setattr(checks, "LEAST_PGVECTOR", (9, 0))
    (error,) = checks.pgvector_keeps_its_indexes(["default"])
    assert "install pgvector 9.0 or newer there." in error.msg
