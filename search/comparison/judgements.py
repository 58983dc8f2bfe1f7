"""What people say of an answer: stored for each query, changed and taken back."""

import hashlib
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.db.models import QuerySet

from search.models import Asset, Encoder, JudgedQuery, Judgement, Preference, User
from search.query import NoVector, Query, remembered_picture

SWAPPED = {
    Preference.Verdict.LEFT: Preference.Verdict.RIGHT,
    Preference.Verdict.TIE: Preference.Verdict.TIE,
    Preference.Verdict.RIGHT: Preference.Verdict.LEFT,
}


def judge(query: Query, asset: Asset, grade: int, person: User) -> int | None:
    """Say how well a hit fits; the same said again takes it back. Raises NoVector."""
    of: dict[str, Any] = {"query": _judged_query(query, person), "asset": asset, "person": person}
    if _take_back(Judgement.objects.filter(**of, grade=grade)):
        return None
    Judgement.objects.update_or_create(**of, defaults={"grade": grade})
    return grade


def prefer(query: Query, left: Encoder, right: Encoder, verdict: str, person: User) -> str:
    """Say which answer is better; the same said again takes it back. Raises NoVector."""
    first, second, stored = _in_order(left, right, verdict)
    judged = _judged_query(query, person)
    of: dict[str, Any] = {"query": judged, "left": first, "right": second, "person": person}
    if _take_back(Preference.objects.filter(**of, verdict=stored)):
        return ""
    Preference.objects.update_or_create(**of, defaults={"verdict": stored})
    return verdict


def grades(query: Query, person: User) -> dict[UUID, int]:
    """What this person has said of the hits of this query."""
    judgements = Judgement.objects.filter(query__key=_key(query, person), person=person)
    return dict(judgements.values_list("asset", "grade"))


def verdict(query: Query, left: Encoder, right: Encoder, person: User) -> str:
    """What this person has said of these two answers to this query, or nothing."""
    first, second, _ = _in_order(left, right, Preference.Verdict.TIE)
    of = {"query__key": _key(query, person), "left": first, "right": second, "person": person}
    stored = Preference.objects.filter(**of).values_list("verdict", flat=True).first()
    return _in_order(left, right, stored)[2] if stored else ""


def _take_back(rows: QuerySet) -> bool:
    return bool(rows.delete()[0])


def _in_order(left: Encoder, right: Encoder, verdict: str) -> tuple[Encoder, Encoder, str]:
    """The older encoder first, as it is stored: columns change places, and a verdict stays one."""
    if left.pk < right.pk:
        return left, right, verdict
    return right, left, SWAPPED[Preference.Verdict(verdict)]


def can_be_judged(query: Query) -> bool:
    """Whether people can say of its hits how they fit: a mixed query is asked once and no more."""
    return bool(query.only_words or query.only_example)


def _judged_query(query: Query, person: User) -> JudgedQuery:
    """The row of this query, made if it is the first time that somebody judges it."""
    if not can_be_judged(query):
        raise NoVector("can_not_be_judged")
    key, fields = _identify(query, person)
    if not key:
        raise NoVector("query_picture_gone")
    return JudgedQuery.objects.get_or_create(key=key, defaults=fields)[0]


def _key(query: Query, person: User) -> str:
    return _identify(query, person)[0] if can_be_judged(query) else ""


def _identify(query: Query, person: User) -> tuple[str, dict[str, Any]]:
    """The key of a query, and what its row holds; the key of a forgotten picture is empty."""
    example = query.only_example
    if example and example.asset:
        return f"asset:{example.asset}", {"asset_id": example.asset}
    if example:
        jpeg = remembered_picture(example.picture, person)
        key = f"picture:{hashlib.sha256(jpeg).hexdigest()}" if jpeg else ""
        return key, {"picture": ContentFile(jpeg or b"", "query.jpg")}
    words = " ".join(query.text.split())
    return f"words:{hashlib.sha256(words.casefold().encode()).hexdigest()}", {"words": words}
