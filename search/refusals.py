"""Refusals: a code, its parameters, and the one sentence that a person reads.

A leaf without Django, which encoders and training use as well. Rows and children's answers carry
code and parameters; the sentence is made here, where it is shown, so that it can be said in another
language later.
"""

from collections.abc import Mapping
from typing import Any, Self

SENTENCES = {
    "text": "{text}",  # Of rows and programs from before there were codes.
    # Formats ---------------------------------------------------------------------------------
    # Library ---------------------------------------------------------------------------------
    # Query -----------------------------------------------------------------------------------
    # Matches and comparison ------------------------------------------------------------------
    # Evaluation ------------------------------------------------------------------------------
    # Encoders --------------------------------------------------------------------------------
    # Training --------------------------------------------------------------------------------
    # Work: promises, requests and runs -------------------------------------------------------
}


class Refusal(Exception):
    """What can't be done, and why: one kind is one subclass, caught by who can mend it.

    `parameters` are values of JSON: they cross over to rows and from children.
    """

    def __init__(self, code: str, **parameters: Any) -> None:
        super().__init__(code, parameters)
        self.code, self.parameters = code, parameters

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The refusal that `as_json()` wrote."""
        return cls(row["code"], **row["parameters"])

    def as_json(self) -> dict[str, Any]:
        """Code and parameters, as a child process or a row carries them."""
        return {"code": self.code, "parameters": self.parameters}

    def __reduce__(self) -> Any:
        # Across the processes of a pool: by default the parameters would come back as a second
        # positional argument.
        return type(self).of, (self.as_json(),)

    def __str__(self) -> str:
        return sentence(self.code, self.parameters)


def sentence(code: str, parameters: Mapping[str, Any]) -> str:
    """What a person reads; nothing for no code. An unknown code is shown as it is: a newer worker
    may have written it.
    """
    return SENTENCES.get(code, code).format_map(parameters) if code else ""
