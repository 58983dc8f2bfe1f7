"""Deletion: what goes with it, in pictures and sentences; or why it can't be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.utils import model_ngettext
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

# Maximum of rows that are shown each by itself; of the others their number is said.
MOST_ROWS = 24
# Maximum of rows deleted at once: a form may have 1,000 fields (DATA_UPLOAD_MAX_NUMBER_FIELDS),
# and each row is one.
MOST_AT_ONCE = 900

Rows = QuerySet[Any] | Sequence[Any]


@dataclass(frozen=True)
class Deletion:
    """What a person is about to delete."""

    names: str
    lines: list[tuple[SafeString | str, str]]  # The picture of a row, if it has one, and its name.
    others: int
    consequence: str
    # "Delete", and what follows the names: " for good".
    verb: str
    end: str
    finality: str


class CarefulDeletion:
    """Says in a few lines what a deletion means, where Django lists each row that hangs from it."""

    opts: Any
    deletion_verb, deletion_end = "Delete", ""
    delete_confirmation_template = "admin/search/delete.html"
    delete_selected_confirmation_template = "admin/search/delete.html"

    def get_deleted_objects(
        self, objs: Rows, request: HttpRequest
    ) -> tuple[list[Deletion], dict[str, int], set[str], list[SafeString | str]]:
        """What the template shows; what hangs from the rows needs no right of its own."""
        count = objs.count() if isinstance(objs, QuerySet) else len(objs)
        names = f"{count:,} {model_ngettext(self.opts, count)}"
        lines = [(self.depict(row), str(row)) for row in objs[:MOST_ROWS]]
        words = self.deletion_verb, self.deletion_end, self.finality()
        deletion = Deletion(names, lines, count - len(lines), self.consequence(objs), *words)
        return [deletion], {names: count}, set(), self.objections(objs, count)

    def objections(self, rows: Rows, count: int) -> list[SafeString | str]:
        """Why these can't be deleted, and what to do first."""
        if count > MOST_AT_ONCE:
            return [
                f"These are {count:,}, and at most {MOST_AT_ONCE} can be deleted at once: narrow"
                " the list by its filters first."
            ]
        return []

    def depict(self, row: Any) -> SafeString | str:
        """A picture of this row."""
        return ""

    def finality(self) -> str:
        """Whether there is a way back."""
        return "Deletion is final."

    def consequence(self, rows: Rows) -> str:
        """What else goes with these rows, and what stays."""
        return ""


def count_of(number: int, noun: str, plural: str = "") -> str:
    """A number and its noun: "1 asset", "1,240 assets"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
