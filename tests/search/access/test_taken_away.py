"""Access that is taken away while a search is under way: from then on there is no hit of it."""

from itertools import count

import pytest
from django.db import connection, connections

from search.models import Collection, Grant, Term
from search.query import Example, Query, answer
from tests.support.factories import make_asset, make_user
from tests.support.promises import FULL

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 1_000 if FULL else 60


@pytest.fixture
def granted(settings, fake_encoder):
    """The collection that "reader" sees by a grant, and the queries that find what is in it."""
    settings.LIBRARY_OPEN = False
    press = Collection.objects.create(name="press", slug="press", is_open=False)
    press.assets.add(make_asset(title="secret", embedded=True, thumbnail=True))
    like = make_asset(title="like it", owner=make_user("reader"), embedded=True)
    return press, [Query(), Query.of("secret"), Query(like=(Example(asset=like.pk),))]


def titles(query: Query, revoke_before: int, revoke: object) -> tuple[set[str], bool]:
    """What a search finds while access goes before one of its statements, and whether it went
    before the hits were read."""
    numbers, were_read = count(), [False]
    gone = []

    def clock(execute, sql, params, many, context):
        if next(numbers) == revoke_before:
            revoke()
            gone.append(not were_read[0])
        rows = execute(sql, params, many, context)
        were_read[0] |= sql.startswith("SELECT") and '"search_asset"."original"' in sql
        return rows

    with connection.execute_wrapper(clock):
        hits = answer(query, make_user("reader")).hits
    return {hit.asset.title for hit in hits}, bool(gone and gone[0])


DENY = """
INSERT INTO search_term (asset_id, kind, effect, scope, territory, ends_use, display, reason, link)
SELECT id, 'use', 'deny', 'everything', '', false, 'hidden', 'Embargo', ''
FROM search_asset WHERE title = 'secret'
"""


@pytest.mark.parametrize(
    ("statement", "times"), [("DELETE FROM search_grant", TIMES), (DENY, TIMES // 2)]
)
def test_a_hit_that_is_taken_away_before_the_hits_are_read_is_none(granted, statement, times):
    press, queries = granted
    grant = {"collection": press, "person": make_user("reader")}

    def revoke() -> None:
        other = connections.create_connection("default")
        with other.cursor() as cursor:
            cursor.execute(statement)
        other.close()

    seen, before = set(), 0
    for number in range(times):
        Grant.objects.get_or_create(**grant)
        Term.objects.all().delete()
        found, went_before = titles(queries[number % 3], number // 3 % 20, revoke)
        assert not (went_before and "secret" in found), number
        before, seen = before + went_before, seen | found
    assert before > times / 4
    assert "secret" in seen  # Control: where it is taken away later, or not at all, it is there.
