"""How long PostgreSQL works or waits for a process, by its role."""

import importlib

import pytest
from django.db import OperationalError, connection
from psycopg.errors import QueryCanceled

from config import timeouts
from config.timeouts import WEB, WORKER, Timeouts
from search.models.vector_index import unhurried
from workers import signals

pytestmark = pytest.mark.django_db


@pytest.fixture
def connected(monkeypatch):
    """Applies timeouts and connects anew."""

    def connect(role):
        timeouts.apply(role)
        made.append(connection.copy())
        return made[-1]

    made = []
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {**options()})
    yield connect
    for each in made:
        each.close()


def options():
    return connection.settings_dict["OPTIONS"]


def setting(other, name):
    with other.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("role", [WEB, WORKER])
def test_a_connection_has_the_timeouts_of_the_role(connected, role):
    other = connected(role)
    for name, seconds in (
        ("statement_timeout", role.statement),
        ("lock_timeout", role.lock),
        ("idle_in_transaction_session_timeout", role.idle),
    ):
        value = setting(other, name)
        unit = {"s": 1, "min": 60}[value.lstrip("0123456789")]
        assert int(value.rstrip("smin")) * unit == seconds


def test_a_statement_that_takes_longer_is_ended(connected):
    other = connected(Timeouts(statement=1, lock=1, idle=1))
    with other.cursor() as cursor:
        cursor.execute("SET statement_timeout = '20ms'")
        with pytest.raises(OperationalError) as ended:
            cursor.execute("SELECT pg_sleep(2)")
    assert isinstance(ended.value.__cause__, QueryCanceled)


@pytest.mark.django_db(transaction=True)
def test_an_index_is_built_without_a_limit_and_the_limit_is_back_afterwards(connected):
    timeouts.apply(WEB)
    connection.close()
    with unhurried():
        limits = {setting(connection, f"{name}_timeout") for name in ("statement", "lock")}
    assert limits == {"0"}
    assert setting(connection, "statement_timeout") == "15s"
    connection.close()


def test_the_site_and_the_workers_have_roles(monkeypatch):
    roles = []
    monkeypatch.setattr(timeouts, "apply", roles.append)
    importlib.reload(importlib.import_module("config.wsgi"))
    signals.limit_waiting()
    assert roles[-2:] == [WEB, WORKER]
