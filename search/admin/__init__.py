"""The curators' pages: one module per noun, registered on a site of our own."""

from search.admin import (
    asset,
    claim_rule,
    collection,
    encoder,
    evaluation,
    group,
    invitation,
    judgement,
    label,
    licence,
    promise,
    suggestion,
    term,
    training,
    trash,
    user,
)
from search.admin.site import site

__all__ = [
    "asset",
    "claim_rule",
    "collection",
    "encoder",
    "evaluation",
    "group",
    "invitation",
    "judgement",
    "label",
    "licence",
    "promise",
    "site",
    "suggestion",
    "term",
    "training",
    "trash",
    "user",
]
