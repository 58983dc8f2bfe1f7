"""Terms of use: when they hide an asset, from whom, and that nothing escapes them."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from search.library.merging import merge_collections
from search.library.ownership import hand_over
from search.models import Asset, Collection, Grant, Term
from tests.support.factories import make_asset, make_user
from tests.support.terms import day, deny, set_clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def barn():
    return make_asset()


def viewer():
    return make_user("viewer")


def curator():
    person = make_user("curator")
    person.is_staff = True
    person.save()
    return person


def sees(person=None) -> bool:
    return Asset.objects.visible_to(person or viewer()).exists()


def is_cleared() -> bool:
    return Asset.objects.with_clearance().get().is_cleared


@pytest.mark.parametrize(
    ("moment", "there"),
    [
        ("2026-02-28T23:59:59", True),
        ("2026-03-01", False),
        ("2026-04-30", False),
        ("2026-05-01", True),
    ],
)
def test_a_denial_hides_it_from_its_first_moment_to_its_last(monkeypatch, barn, moment, there):
    deny(barn, since=day("2026-03-01"), until=day("2026-05-01"))
    set_clock(monkeypatch, moment)
    assert (sees(), is_cleared()) == (there, there)


def test_without_ends_it_always_does(barn):
    term = deny(barn)
    assert not sees()
    term.delete()
    assert sees()


def test_several_denials_hide_it_while_any_is_in_force(monkeypatch, barn):
    deny(barn, until=day("2026-02-01"))
    deny(barn, since=day("2026-03-01"), until=day("2026-04-01"))
    seen = []
    for moment in ("2026-01-01", "2026-02-15", "2026-03-15", "2026-04-15"):
        set_clock(monkeypatch, moment)
        seen.append(sees())
    assert seen == [False, True, False, True]


def test_what_is_allowed_lifts_no_denial(barn):
    deny(barn)
    Term.objects.create(asset=barn, effect="allow")
    assert not sees()


@pytest.mark.parametrize("scope", ["print", "social", "territory"])
def test_what_concerns_other_places_hides_nothing(barn, scope):
    deny(barn, scope=scope, territory="JP" if scope == "territory" else "")
    assert sees() and is_cleared()


def test_what_is_refused_is_seen_and_not_cleared(barn):
    deny(barn, display="refused", scope="web")
    assert sees() and not is_cleared()


def test_a_release_denies_after_its_end_if_it_is_marked(monkeypatch, barn):
    release = {"kind": "model", "effect": "allow", "until": day("2026-03-01"), "asset": barn}
    Term.objects.create(**release)
    marked = Term.objects.create(**release, ends_use=True)
    seen = []
    for moment in ("2026-02-01", "2026-03-01"):
        set_clock(monkeypatch, moment)
        seen.append(sees())
    marked.delete()
    assert [*seen, sees()] == [True, False, True]


def test_who_may_edit_it_sees_it_and_who_may_not_does_not(settings, barn):
    settings.LIBRARY_OPEN = False
    press = Collection.objects.create(name="press", slug="press", is_open=False)
    press.assets.add(barn)
    deny(barn)
    seen = [sees(make_user("boss", staff=True)), sees(curator())]
    for level in ("view", "contribute"):
        Grant.objects.update_or_create(
            collection=press, person=curator(), defaults={"level": level}
        )
        seen.append(sees(curator()))
    assert seen == [True, False, False, True]


# Of collections and uploaders --------------------------------------------------------------------


def test_a_collections_denial_holds_for_what_is_in_it_and_for_what_comes(barn):
    press = Collection.objects.create(name="press", slug="press")
    press.assets.add(barn)
    deny(press)
    seen = [sees()]
    press.assets.clear()
    seen.append(sees())
    press.assets.add(barn)
    assert [*seen, sees()] == [False, True, False]


def test_an_uploaders_denial_holds_for_what_they_uploaded_and_will(barn):
    term = deny(uploader=barn.owner)
    make_asset(title="next", owner=barn.owner), make_asset(title="other", owner=viewer())
    assert [a.title for a in Asset.objects.visible_to(viewer())] == ["other"]
    term.delete()
    assert Asset.objects.visible_to(viewer()).count() == 3


def test_what_is_handed_over_keeps_the_terms_of_its_uploader(barn):
    deny(uploader=barn.owner)
    owner = barn.owner
    hand_over(owner, curator())
    owner.delete()
    assert not sees() and Term.objects.get().asset == barn


def test_the_terms_of_collections_that_are_merged_go_to_the_one_that_stays(barn):
    stays, goes = (Collection.objects.create(name=n, slug=n) for n in "ab")
    goes.assets.add(barn)
    deny(goes)
    merge_collections(stays, [goes])
    assert not sees() and Term.objects.get().collection == stays


# Nothing escapes ---------------------------------------------------------------------------------


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_changes_in_bulk_and_by_sql_hold_at_once(barn):
    Term.objects.bulk_create([Term(asset=barn, reason="a"), Term(asset=barn, reason="b")])
    seen = [sees()]
    Term.objects.update(scope="print")
    seen.append(sees())
    run("UPDATE search_term SET scope = 'web' WHERE reason = 'b'")
    seen.append(sees())
    run("DELETE FROM search_term")
    assert [*seen, sees()] == [False, True, False, True]


def test_a_term_that_goes_to_another_asset_hides_that_one(barn):
    term, other = deny(barn), make_asset(title="other")
    Term.objects.filter(pk=term.pk).update(asset=other)
    assert [a.title for a in Asset.objects.visible_to(viewer())] == ["barn"]


def test_saving_an_asset_as_it_was_before_lifts_nothing(barn):
    deny(barn)
    barn.title = "shed"
    barn.save()
    run("UPDATE search_asset SET hidden = NULL, refused = NULL")
    assert not sees()
    Asset.objects.get().save()  # With its spans as they were read.
    assert not sees() and Asset.objects.get().title == "shed"


def test_the_condition_is_one_of_the_assets_row_and_joins_nothing(settings):
    settings.LIBRARY_OPEN = False
    plan = Asset.objects.visible_to(viewer()).explain()
    assert "hidden @> statement_timestamp()" in plan
    assert "search_term" not in plan and "SubPlan 2" not in plan


# Bad terms ---------------------------------------------------------------------------------------

BAD = {
    "This term ends before it begins.": {"since": day("2026-03-01"), "until": day("2026-03-01")},
    "“XX” is no country: write its two letters, as DE or JP.": {
        "scope": "territory",
        "territory": "XX",
    },
    "A country goes with “in a country”, and only with it.": {"territory": "JP"},
    "Say why it may not be used.": {"reason": ""},
    "“No use after its end” goes with what may be used until a day.": {"ends_use": True},
    "A release allows: what denies is a use.": {"kind": "model"},
}


@pytest.mark.parametrize("sentence", BAD)
def test_what_makes_no_sense_is_said_in_a_sentence(barn, sentence):
    with pytest.raises(ValidationError) as refusal:
        Term(**{"asset": barn, "reason": "Embargo"} | BAD[sentence]).full_clean()
    assert refusal.value.messages == [sentence]


def test_a_term_is_of_one_thing(barn):
    of_two = Term(asset=barn, uploader=viewer(), reason="Embargo")
    with pytest.raises(ValidationError, match="choose one of them"):
        of_two.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        of_two.save()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "May not be used."),
        (
            {"scope": "print", "until": day("2026-05-01")},
            "May not be used in print until 1 May 2026.",
        ),
        ({"effect": "allow"}, "May be used for everything."),
        ({"scope": "territory", "territory": "JP"}, "May not be used in Japan."),
        (
            {"kind": "model", "effect": "allow", "until": day("2027-01-01"), "ends_use": True},
            "Model release until 1 January 2027, and not after.",
        ),
        ({"since": day("2026-05-01T14:30")}, "May not be used from 1 May 2026, 14:30."),
    ],
)
def test_a_term_is_said_in_a_sentence(fields, sentence):
    assert Term(**fields).sentence == sentence
