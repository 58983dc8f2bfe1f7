"""History: what is changed of rows that people decide on, written down by the database itself."""

from collections.abc import Mapping
from typing import Any

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

# What a change is about and found by: columns of Change, each with an index of its own.
THINGS = ("asset", "collection", "label", "person", "group")
OLD, NEW = "old_rows", "new_rows"
INSERT = """
INSERT INTO search_change (at, deed, kind, row, before, after, context_id{names})
SELECT now(), '{deed}', '{kind}', {row}::text, {before}, {after},
    nullif(current_setting('pghistory.context_id', true), '')::uuid{values}
FROM {source} {where};
IF FOUND THEN PERFORM _pgh_attach_context(); END IF;
RETURN NULL;
"""


class Change(models.Model):
    """A row that was inserted, updated or deleted: what of it, when and in which context.

    Nothing refers to anything by a foreign key: a change outlives all that it is about.
    """

    class Deed(models.TextChoices):
        INSERT = "insert"
        UPDATE = "update"
        DELETE = "delete"

    at = models.DateTimeField()
    deed = models.CharField(max_length=6, choices=Deed)
    kind = models.CharField(max_length=20)  # As in `history` below.
    row = models.TextField()  # Its primary key.
    # Values by field: of an update those that changed, else all.
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    asset = models.UUIDField(null=True)
    collection = models.BigIntegerField(null=True)
    label = models.BigIntegerField(null=True)
    person = models.BigIntegerField(null=True)
    group = models.BigIntegerField(null=True)
    # Who did it, by which request or command (search/history/context.py); none for SQL by hand.
    context = models.ForeignKey(
        "pghistory.Context",
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="changes",
    )

    class Meta:
        indexes = [
            *(
                models.Index(
                    fields=[name, "id"], condition=~Q(**{name: None}), name=f"change_by_{name}"
                )
                for name in THINGS
            ),
            models.Index(fields=["context"], condition=~Q(context=None), name="change_by_context"),
            BrinIndex(fields=["at"], name="change_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.deed} of {self.kind} {self.row}"


def history(kind: str, *fields: str, only: str = "", **things: str) -> list[pgtrigger.Trigger]:
    """The triggers that write down changes of these fields, for `triggers` in a model's Meta.

    `things` are columns of THINGS, each with the field that holds its id. `only` is a condition in
    SQL in which {row} stands for the row. Bulk updates and SQL by hand are seen as well.
    """
    operations = (pgtrigger.Insert, pgtrigger.Update, pgtrigger.Delete)
    return [Recorder(kind, fields, things, only, operation) for operation in operations]


class Recorder(pgtrigger.Trigger):
    """Writes the changes of a statement all at once."""

    level = pgtrigger.Statement
    when = pgtrigger.After

    def __init__(
        self,
        kind: str,
        fields: tuple[str, ...],
        things: Mapping[str, str],
        only: str,
        operation: pgtrigger.Operation,
    ) -> None:
        self.kind, self.fields, self.things, self.only = kind, fields, things, only
        self.deed = str(operation).lower()
        self.old = "" if self.deed == "insert" else OLD
        self.new = "" if self.deed == "delete" else NEW
        self.referencing = pgtrigger.Referencing(old=self.old, new=self.new)
        super().__init__(name=f"history_{self.deed}", operation=operation)

    def get_func(self, model: Any) -> str:
        fields, things = _columns(model, self.fields), _columns(model, self.things.values())
        row, pk = self.new or self.old, f'"{model._meta.pk.column}"'
        names = "".join(f', "{name}"' for name in self.things)
        values = "".join(f', {row}."{column}"' for column in things.values())
        return self.format_sql(
            INSERT.format(
                names=names,
                deed=self.deed,
                kind=self.kind,
                row=f"{row}.{pk}",
                before=self._values(fields, self.old),
                after=self._values(fields, self.new),
                values=values,
                source=f"{OLD} JOIN {NEW} USING ({pk})" if self.deed == "update" else row,
                where=self._where(fields),
            )
        )

    def _values(self, columns: Mapping[str, str], row: str) -> str:
        """Those of a row as jsonb: of an update those alone that are others now."""
        if not row:
            return "NULL"
        if self.deed == "update":
            return " || ".join(
                f"CASE WHEN {_differs(column)} THEN {_object({name: column}, row)} ELSE '{{}}' END"
                for name, column in columns.items()
            )
        return _object(columns, row)

    def _where(self, columns: Mapping[str, str]) -> str:
        conditions = []
        if self.only:
            rows = filter(None, (self.old, self.new))
            conditions.append(" OR ".join(self.only.format(row=row) for row in rows))
        if self.deed == "update":
            conditions.append(" OR ".join(map(_differs, columns.values())))
        return f"WHERE ({') AND ('.join(conditions)})" if conditions else ""


def _columns(model: Any, fields: Any) -> dict[str, str]:
    return {name: model._meta.get_field(name).column for name in fields}


def _differs(column: str) -> str:
    return f'{OLD}."{column}" IS DISTINCT FROM {NEW}."{column}"'


def _object(columns: Mapping[str, str], row: str) -> str:
    pairs = ", ".join(f"'{name}', {row}.\"{column}\"" for name, column in columns.items())
    return f"jsonb_build_object({pairs})"
