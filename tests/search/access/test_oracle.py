"""Who sees what, on every path, against forty lines that say so in plain Python."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import transaction
from django.db.models import Value
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from search.models import Asset, Collection, Grant, Group, Term, User, moments
from search.query import Query, answer
from search.query.completion import completions
from tests.support.factories import make_user
from tests.support.placed import place
from tests.support.promises import FULL

PEOPLE, GROUPS = ("ann", "bob", "eve", "boss"), ("press", "editors")
COLLECTIONS, TITLES = ("alpha", "beta", "gamma"), tuple(f"shot {letter}" for letter in "abcdef")
GRANTEES = (*PEOPLE, *GROUPS)
LEVELS = Grant.Level.values
CONTRIBUTOR, CURATOR = "bob", "eve"
DAYS, FOREVER = 6, 1e9

people, collections = st.sampled_from(PEOPLE), st.sampled_from(COLLECTIONS)
assets, grantees = st.sampled_from(TITLES), st.sampled_from(GRANTEES)
denied, days = st.sampled_from((*TITLES, *COLLECTIONS, *PEOPLE[:3])), st.integers(0, DAYS)


scopes = st.sampled_from(("everything", "web", "print"))


def day(number: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(number)


class Oracle:
    """What a person sees, by the words of docs/architecture.md."""

    def __init__(self) -> None:
        self.owner: dict[str, str] = {}
        self.inside: set[tuple[str, str]] = set()  # Asset and collection.
        self.open = set(COLLECTIONS)
        self.grants: dict[tuple[str, str], str] = {}  # Level by collection and who.
        self.joined: set[tuple[str, str]] = set()  # Person and group.
        self.denials: list[tuple[str, float, float]] = []  # Of what, from which day until which.
        self.today = 0

    def whom(self, person: str) -> set[str]:
        return {person, *(group for joined, group in self.joined if joined == person)}

    def sees_collection(self, person: str, name: str) -> bool:
        granted = any((name, who) in self.grants for who in self.whom(person))
        return person == "boss" or name in self.open or granted

    def sees(self, person: str, title: str) -> bool:
        through = (name for asset, name in self.inside if asset == title)
        own = person == "boss" or self.owner[title] == person
        given = own or any(self.sees_collection(person, name) for name in through)
        return given and (self.edits(person, title) or not self.is_denied(title))

    def edits(self, person: str, title: str) -> bool:
        own = person in (CONTRIBUTOR, CURATOR) and self.owner[title] == person
        through = {name for asset, name in self.inside if asset == title}
        levels = {self.grants.get((name, who)) for name in through for who in self.whom(person)}
        given = bool(through & self.open or levels - {None, "view"})
        return person == "boss" or own or (person == CURATOR and given)

    def is_denied(self, title: str) -> bool:
        concerned = {title, self.owner[title], *(c for a, c in self.inside if a == title)}
        return any(of in concerned and a <= self.today < b for of, a, b in self.denials)

    def counts(self, person: str) -> dict[str, int]:
        """Of each collection that a person sees, how many assets that they see are in it."""
        seen = [(a, c) for a, c in self.inside if self.sees(person, a)]
        names = {c for _, c in seen if self.sees_collection(person, c)}
        return {name: sum(c == name for _, c in seen) for name in names}


class Library(RuleBasedStateMachine):
    """The same changes made to the library and to the oracle."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.oracle = Oracle()
        self.terms: list[Term] = []
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(moments, "now", lambda: Value(day(self.oracle.today)))
        for name in PEOPLE:
            User.objects.filter(pk=make_user(name).pk).update(
                is_superuser=name == "boss",
                is_staff=name in ("boss", CURATOR),
                is_contributor=name == CONTRIBUTOR,
            )
        for name in GROUPS:
            Group.objects.create(name=name)
        for name in COLLECTIONS:
            Collection.objects.create(name=name, slug=name)
        owners = [make_user(name) for name in PEOPLE[:3]]
        each = [{"title": t, "owner": owners[n % 3]} for n, t in enumerate(TITLES)]
        place({title: (n + 1) / 10 for n, title in enumerate(TITLES)}, each)
        self.oracle.owner = {title: PEOPLE[n % 3] for n, title in enumerate(TITLES)}

    def teardown(self) -> None:
        self.patch.undo()
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @rule(title=assets, name=collections)
    def put(self, title: str, name: str) -> None:
        Collection.objects.get(name=name).assets.add(Asset.objects.get(title=title))
        self.oracle.inside.add((title, name))

    @rule(title=assets, name=collections)
    def take(self, title: str, name: str) -> None:
        Collection.objects.get(name=name).assets.remove(Asset.objects.get(title=title))
        self.oracle.inside.discard((title, name))

    @rule(name=collections, is_open=st.booleans())
    def open_or_close(self, name: str, is_open: bool) -> None:
        Collection.objects.filter(name=name).update(is_open=is_open)
        (self.oracle.open.add if is_open else self.oracle.open.discard)(name)

    @rule(name=collections, who=grantees, level=st.sampled_from(LEVELS))
    def grant(self, name: str, who: str, level: str) -> None:
        Grant.objects.update_or_create(**self._of(name, who), defaults={"level": level})
        self.oracle.grants[name, who] = level

    @rule(name=collections, who=grantees)
    def revoke(self, name: str, who: str) -> None:
        Grant.objects.filter(**self._of(name, who)).delete()
        self.oracle.grants.pop((name, who), None)

    @rule(name=people, group=st.sampled_from(GROUPS), joins=st.booleans())
    def join_or_leave(self, name: str, group: str, joins: bool) -> None:
        groups = User.objects.get(username=name).groups
        (groups.add if joins else groups.remove)(Group.objects.get(name=group))
        (self.oracle.joined.add if joins else self.oracle.joined.discard)((name, group))

    @rule(today=days)
    def wait(self, today: int) -> None:
        self.oracle.today = today

    @rule(of=denied, since=days, lasts=st.sampled_from((None, 1, 3)), scope=scopes)
    def deny(self, of: str, since: int, lasts: int | None, scope: str) -> None:
        until = since + lasts if lasts else None
        fields = {"since": day(since), "until": until and day(until), "scope": scope}
        self._add(of, (since, until or FOREVER), reason="Embargo", **fields)

    @rule(of=denied, until=days, scope=scopes)
    def let_expire(self, of: str, until: int, scope: str) -> None:
        fields = {"effect": "allow", "ends_use": True, "scope": scope, "until": day(until)}
        self._add(of, (until, FOREVER), **fields)

    @rule(nth=st.integers(0, 3))
    def lift(self, nth: int) -> None:
        if nth < len(self.terms):
            self.terms.pop(nth).delete()
            self.oracle.denials.pop(nth)

    def _add(self, of: str, span: tuple[float, float], **fields: object) -> None:
        of_what = {
            "asset": Asset.objects.filter(title=of).first(),
            "collection": Collection.objects.filter(name=of).first(),
            "uploader": User.objects.filter(username=of).first(),
        }
        self.terms.append(Term.objects.create(**of_what, **fields))
        acts = fields["scope"] in ("everything", "web")
        self.oracle.denials.append((of if acts else "", *span))

    def _of(self, name: str, who: str) -> dict[str, object]:
        collection = Collection.objects.get(name=name)
        if who in GROUPS:
            return {"collection": collection, "group": Group.objects.get(name=who)}
        return {"collection": collection, "person": User.objects.get(username=who)}

    @invariant()
    def agrees(self) -> None:
        for person in Random(len(self.oracle.inside)).sample(PEOPLE, 2):
            self._agrees_for(person)

    def _agrees_for(self, name: str) -> None:
        person = User.objects.get(username=name)
        seen = {title for title in TITLES if self.oracle.sees(name, title)}
        for query in (Query(), Query.of("red", everything=True), Query.of("shot")):
            result = answer(query, person, with_facets=True)
            assert {hit.asset.title for hit in result.hits} == seen, (name, query)
            assert result.count == len(seen)
            shown = {c.value: c.assets for c in result.facets.get("collection", ())}
            counts = self.oracle.counts(name).items()
            assert shown == {c: n for c, n in counts if n < len(seen)}
        offered = {c.text for c in completions("shot", person) if c.kind == "title"}
        assert offered == seen
        named = {c.text for c in completions("collection:", person)}
        assert named == {c for c in COLLECTIONS if self.oracle.sees_collection(name, c)}


@pytest.mark.django_db
def test_people_see_what_the_oracle_says_whatever_has_changed(fake_encoder, settings):
    settings.LIBRARY_OPEN = False
    run_state_machine_as_test(Library, settings=STEPS)


STEPS = settings(
    max_examples=100 if FULL else 2,
    stateful_step_count=50 if FULL else 20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
