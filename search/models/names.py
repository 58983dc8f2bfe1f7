"""Names that people give: unique and found however they are capitalised and encoded."""

import unicodedata
from typing import Any, TypeVar

from django.db import models
from django.db.models import CharField, Func, QuerySet, UniqueConstraint, Value

Row = TypeVar("Row", bound=models.Model)


class Folded(Func):
    """A name as it is compared: in small letters, normalised, trimmed (search/sql)."""

    function = "folded_name"
    output_field = CharField()


class NameField(models.CharField):
    """A name in composed characters (NFC), with single spaces and none around it."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text if text is None else " ".join(unicodedata.normalize("NFC", text).split())


def called(rows: QuerySet[Row], name: str, field: str = "name") -> QuerySet[Row]:
    """Those of the rows that are called so; `field` is one of which each name is unique."""
    named = rows.alias(folded=Folded(field)).filter(folded=Folded(Value(name)))
    return named  # type: ignore[return-value]


def one_of_a_name(field: str, name: str, sentence: str) -> UniqueConstraint:
    """No two rows of the same name but for capitals, Unicode form and spaces."""
    return UniqueConstraint(Folded(field), name=name, violation_error_message=sentence)
