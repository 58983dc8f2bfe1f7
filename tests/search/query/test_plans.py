"""How PostgreSQL answers each combination of filter and sort: by an index, or by comparing all."""

from contextlib import contextmanager, suppress

import pytest
from django.db import connection, transaction
from django.utils import timezone

from search.forms import SearchForm, data_of
from search.models import Asset, Group, Licence, Rights, User
from search.query import Query, Sort, answer, fusion, nearest
from search.query.answer import ORDERS
from search.query.filters import FILTERS
from tests.support.factories import make_asset, make_encoder, make_user
from tests.support.placed import set_thresholds

pytestmark = pytest.mark.django_db

YEAR = str(timezone.now().year)
# Each leaves every asset of the library.
VALUES = {
    "label": "house",
    "any_label": "house",
    "not_label": "other",
    "collection": "water",
    "any_collection": "water",
    "format": "PNG",
    "colour": "red",
    "orientation": "landscape",
    "size": "small",
    "owner": "owner",
    "state": "searchable",
    "licence": "cc0-1.0",
    "year": "2020",
    "after": "2020",
    "before": "2021",
    "taken_after": "2020",
    "taken_before": "2021",
    "added_after": YEAR,
    "added_before": "9000",
    "as_of": "2020",
    "new_since": "1990-01-01T00:00:00+00:00",
}
KINDS = ["words", "asset", "words and asset", "region", "without"]


@pytest.fixture
def library(fake_encoder, monkeypatch):
    """A dozen assets that pass all filters; which match, the query's thresholds say."""
    set_thresholds(monkeypatch, 0.1, 0.5)
    taken = timezone.datetime(2020, 5, 1, tzinfo=timezone.get_default_timezone())
    for number in range(12):
        make_asset(
            title=f"red {number}", embedded=True, labels=("house",), collection="water", taken=taken
        )
    licence = Licence.objects.get(code="cc0-1.0")
    Rights.objects.bulk_create(Rights(asset=a, licence=licence) for a in Asset.objects.all())
    make_asset(title="else", labels=("other",), colour="blue")
    return make_encoder()


@pytest.fixture
def never_few(monkeypatch):
    monkeypatch.setattr(nearest, "EXACT_BELOW", 0)


RESTRICTED = """
INSERT INTO search_collection_assets (collection_id, asset_id)
SELECT c.id, a.id FROM search_collection c, search_asset a
WHERE c.slug = 'water' AND a.title = 'else';
UPDATE search_collection SET is_open = false;
INSERT INTO search_collection (name, slug, is_open)
SELECT 'closed ' || n, 'closed-' || n, false FROM generate_series(1, 2000) n;
INSERT INTO auth_group (name) SELECT 'group ' || n FROM generate_series(1, 200) n;
INSERT INTO search_grant (collection_id, group_id, level)
SELECT c.id, g.id, 'view' FROM search_collection c, auth_group g WHERE (c.id + g.id) % 50 = 0;
INSERT INTO search_grant (collection_id, group_id, level)
SELECT c.id, g.id, 'view' FROM search_collection c, auth_group g
WHERE c.slug = 'water' AND g.name = 'group 7' ON CONFLICT DO NOTHING;
ANALYZE
"""


@pytest.fixture
def member(library, settings):
    """A person in ten of 200 groups that have grants to 2,000 collections, one of these all that
    is in the library."""
    settings.LIBRARY_OPEN = False
    with connection.cursor() as cursor:
        cursor.execute(RESTRICTED)
    person = make_user("member")
    person.groups.set(Group.objects.filter(name__in=[f"group {n}" for n in range(1, 11)]))
    return person


class Explained(Exception):
    """The one statement that mattered has been explained."""


@contextmanager
def explained(part: str, *, ends: bool = False):
    """The plans of the statements with this part that are executed meanwhile, settings and all; or
    of the first, which ends what is being done."""
    plans: list[str] = []

    def explain(execute, sql, params, many, context):
        if part in sql:
            execute(f"EXPLAIN {sql}", params, many, context)
            plans.append("\n".join(row[0] for row in context["cursor"].fetchall()))
            if ends:
                raise Explained
        return execute(sql, params, many, context)

    with suppress(Explained), connection.execute_wrapper(explain):
        yield plans


def curator() -> User:
    person = make_user("curator")
    person.is_staff = True
    return person


def query_by(kind: str, person: User | None = None, **parts) -> Query:
    example = str(Asset.objects.filter(title="red 0").get().pk)
    given = {
        "words": {"q": ["red"]},
        "asset": {"like": [example]},
        "words and asset": {"q": ["red"], "like": [example]},
        "region": {"like": [f"{example}@0,0,0.5,0.5"]},
        "without": {"q": ["red -blue"]},
    }
    return query_of(given[kind] | parts, person)


def query_of(given: dict[str, list[str]], person: User | None = None) -> Query:
    form = SearchForm(data_of(given), curator() if "as_of" in given else person or make_user())
    assert form.is_valid(), form.errors
    return form.query()


def plan_of(query: Query, person: User | None = None) -> str:
    with explained("WITH near AS MATERIALIZED", ends=True) as plans:
        answer(query, person or make_user())
    return plans[0]


def test_every_filter_has_a_value_here():
    assert set(VALUES) == set(FILTERS)


def filtered_and_sorted(person: User | None = None) -> dict[tuple[str, Sort], str]:
    """The plan of each filter, and of none, with each sort."""
    some = {name: {name: [VALUES[name]]} for name in FILTERS} | {"": {}}
    return {
        (name, sort): plan_of(query_by("words", person, sort=[sort], **parts), person)
        for name, parts in some.items()
        for sort in Sort
    }


def test_above_the_limit_the_index_is_used_whatever_the_filter_and_the_sort(library, never_few):
    plans = filtered_and_sorted()
    assert {key: plan for key, plan in plans.items() if library.index_name not in plan} == {}


def test_below_the_limit_all_are_compared_whatever_the_filter_and_the_sort(library):
    assert {key: plan for key, plan in filtered_and_sorted().items() if "hnsw_" in plan} == {}


def test_the_same_of_what_one_of_200_groups_sees_of_2000_collections(member, never_few):
    plans = filtered_and_sorted(member)
    assert {key: plan for key, plan in plans.items() if "hnsw_" not in plan} == {}
    assert all("get_bit(" in plan for plan in plans.values())


@pytest.mark.only_in_full
def test_what_one_of_200_groups_sees_of_2000_collections_is_compared_below(member):
    plans = filtered_and_sorted(member)
    assert {key: plan for key, plan in plans.items() if "hnsw_" in plan} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_above_the_limit_the_index_is_used_whatever_is_asked_by(library, never_few, kind):
    for switch in ("everything", "diversity", "duplicates"):
        assert library.index_name in plan_of(query_by(kind, **{switch: ["1"]})), switch


@pytest.mark.parametrize("kind", KINDS)
def test_all_filters_at_once_leave_the_index_in_use(library, never_few, kind):
    parts = {name: [value] for name, value in VALUES.items()}
    assert library.index_name in plan_of(query_by(kind, **parts))


@pytest.mark.parametrize("is_open", [True, False])
def test_terms_of_use_leave_the_index_in_use(library, never_few, settings, is_open):
    settings.LIBRARY_OPEN = is_open
    for person in (make_user(), curator()):
        plan = plan_of(query_by("words"), person)
        assert library.index_name in plan and "hidden @> statement_timestamp()" in plan
        assert "search_term" not in plan


@pytest.mark.parametrize("parts", [{"not_label": ["other"]}, {"q": ["red -house"]}])
def test_what_is_left_out_is_no_list_that_a_walk_makes_anew(library, never_few, parts):
    assert "hashed SubPlan" not in plan_of(query_by("words", **parts))


def test_a_page_far_behind_compares_all(library, never_few, monkeypatch):
    monkeypatch.setattr(nearest, "WIDEST", 5)
    monkeypatch.setattr(fusion, "POOL", 6)
    assert "hnsw_" not in plan_of(query_by("words"))


# Browsing, for which no vector is needed ---------------------------------------------------------

INDEXED = {
    Sort.RELEVANCE: "search_asset_created",
    Sort.NEWEST: "search_asset_created",
    Sort.OLDEST: "search_asset_created",
}


@pytest.mark.parametrize("sort", INDEXED)
def test_the_newest_and_the_oldest_are_read_from_an_index(library, sort):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        page = Asset.objects.visible_to(make_user()).order_by(*ORDERS[sort])[:49]
        assert INDEXED[sort] in page.explain()


def test_a_filter_without_a_query_never_reads_a_vector(library):
    for name in FILTERS:
        with explained("search_asset") as plans:
            for sort in Sort:
                query = query_of({name: [VALUES[name]], "sort": [sort]})
                answer(query, make_user(), with_facets=True)
        assert plans, name
        assert not any("hnsw_" in plan or "<=>" in plan for plan in plans), name
