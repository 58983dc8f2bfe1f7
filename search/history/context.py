"""Who does it: what the triggers of history write beside a change.

A request, a command and a task are a context each, and all that one changes is one bulk action. It
goes to the database as pghistory has it, by two settings in front of each statement that writes.
Not by its own wrapper: that puts them before statements that only read as well, 9 microseconds
each, and fails at a % in a statement without parameters, as migrations have them.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from django.db import connection
from django.db.backends.signals import connection_created
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from psycopg.sql import Literal

WRITES = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|MERGE|DO|WITH\b.*?\b(INSERT INTO|UPDATE|DELETE FROM))\b",
    re.IGNORECASE | re.DOTALL,
)
SETTINGS = (
    "SELECT set_config('pghistory.context_id', {}, true),"
    " set_config('pghistory.context_metadata', {}, true); "
)


class HistoryMiddleware:
    """What is changed in a request was changed by whom it is from."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with acting(lambda: {"person": _person(request), "page": _page(request)}):
            return self.get_response(request)


@contextmanager
def acting(who: Callable[[], dict[str, Any]]) -> Iterator[None]:
    """What is written within has this context; within another one it has that."""
    context = Context(who)
    with connection.execute_wrapper(context):
        yield
    if context.has_written and connection.in_atomic_block and not connection.needs_rollback:
        # The settings last as long as the transaction.
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pghistory.context_id', '', true)")


def acting_for_good(who: dict[str, Any]) -> None:
    """What this process writes has this context, by all connections of all its threads."""
    context = Context(lambda: who)

    def attach(connection: Any, **kwargs: Any) -> None:
        if context not in connection.execute_wrappers:
            connection.execute_wrappers.append(context)

    connection_created.connect(attach, weak=False)


def _person(request: HttpRequest) -> dict[str, Any] | None:
    """By id, and by name as it is today: the account may be deleted tomorrow."""
    user = request.user
    return {"id": user.pk, "name": user.get_username()} if user.is_authenticated else None


def _page(request: HttpRequest) -> str:
    """The name of its view: the address may hold a secret, as that of an invitation does."""
    return request.resolver_match.view_name if request.resolver_match else ""


class Context:
    """Asks who it is as something is written: most requests only read, and need no account."""

    def __init__(self, who: Callable[[], dict[str, Any]]) -> None:
        self.id, self.who, self.has_written = str(uuid4()), who, False

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        if many or not isinstance(sql, str) or not WRITES.match(sql):
            return execute(sql, params, many, context)
        self.has_written = True
        settings = self._settings(context["connection"].connection)
        if params is not None:
            settings = settings.replace("%", "%%")
        cursor = execute(settings + sql, params, many, context)
        cursor.nextset()  # From what the settings answer to what the statement does.
        return cursor

    def _settings(self, connection: Any) -> str:
        values = (self.id, json.dumps(self.who()))
        return SETTINGS.format(*(Literal(value).as_string(connection) for value in values))
