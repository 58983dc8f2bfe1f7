"""Spans of time that the database keeps, and the one clock that they are compared with."""

from typing import Any

from django.db import models
from django.db.models import Lookup
from django.db.models.expressions import Combinable
from django.db.models.functions import Now


def now() -> Combinable:
    """The moment by which terms of use are judged: of the statement, by the database's clock.

    Nothing else asks what time it is there, and tests set it here.
    """
    return Now()


class Spans(models.Field):
    """Any number of spans of time, as PostgreSQL's multirange; null where there is none."""

    def db_type(self, connection: Any) -> str:
        return "tstzmultirange"


@Spans.register_lookup
class Cover(Lookup):
    """Whether one of the spans holds a moment."""

    lookup_name = "cover"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        spans, of_spans = self.process_lhs(compiler, connection)
        moment, of_moment = self.process_rhs(compiler, connection)
        return f"{spans} @> {moment}", [*of_spans, *of_moment]
