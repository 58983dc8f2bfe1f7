"""Terms of use, and a clock for them that a test sets."""

from datetime import UTC, datetime

from django.db.models import DateTimeField, Value

from search.models import Term, moments


def deny(thing: object = None, **fields) -> Term:
    """A denial of an asset, or of what its fields name; hidden unless they say else."""
    target = {} if thing is None else {type(thing)._meta.model_name: thing}
    return Term.objects.create(**{"reason": "Embargo"} | target | fields)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def set_clock(monkeypatch, text: str) -> None:
    """It is this moment for terms of use."""
    now = Value(day(text), output_field=DateTimeField())
    monkeypatch.setattr(moments, "now", lambda: now)
