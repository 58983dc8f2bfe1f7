from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models
from django.db.models import Model, Q, QuerySet, UniqueConstraint, Value

from search.models.names import Folded, called
from search.models.to_one import KINDS, ToOne

Row = TypeVar("Row", bound=Model)


class OldNameQuerySet(models.QuerySet["OldName"]):
    def lead(self, kind: str, names: Iterable[str], row: Model) -> None:
        """Have these names lead to this row, wherever they led to before."""
        for name in names:
            old: dict[str, Any] = {"name": Folded(Value(name)), f"{kind}__isnull": False}
            self.update_or_create(**old, defaults={kind: row})


class OldName(ToOne):
    """What a label, a collection or an account was called once: by it, bookmarks find it still.

    Triggers of the database write it (search/sql/old_names.sql). What is called so today comes
    before what was once, and of several that were, the last.
    """

    name = models.TextField()  # As names are compared (search/sql/folded_name.sql).

    objects = OldNameQuerySet.as_manager()

    class Meta(ToOne.Meta):
        default_related_name = "old_names"
        constraints = [
            *ToOne.Meta.constraints,
            *(
                UniqueConstraint(
                    fields=["name"],
                    condition=Q(**{f"{kind}__isnull": False}),
                    name=f"one_{kind}_per_old_name",
                )
                for kind in KINDS
            ),
        ]

    def __str__(self) -> str:
        return f"the old name “{self.name}”"


def named(rows: QuerySet[Row], name: str, *fields: str) -> Row | None:
    """The row that a name stands for: by the first of these fields, else by what it was called."""
    ways = [called(rows, name, field) for field in fields]
    ways.append(rows.filter(old_names__name=Folded(Value(name))))
    return next((row for way in ways if (row := way.first())), None)
