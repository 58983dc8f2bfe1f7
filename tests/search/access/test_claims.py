"""What the claims of a sign-in give and take: groups and roles, by the rules of the admin."""

import pytest

from search.access.claims import apply_claims
from search.models import ClaimedGroup, ClaimRule, Group, User
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db
VIEWER, CONTRIBUTOR, CURATOR, ADMINISTRATOR = User.Role


@pytest.fixture
def anna():
    return make_user("anna")


def rule(value="press", *, claim="groups", group="Press", role=""):
    to = Group.objects.get_or_create(name=group)[0] if group else None
    return ClaimRule.objects.create(claim=claim, value=value, group=to, role=role)


def groups(user):
    return set(user.groups.values_list("name", flat=True))


def role(user):
    return User.objects.get(pk=user.pk).role


# Groups


def test_a_claim_gives_its_group_and_without_it_the_group_is_taken(anna):
    rule(), rule("web", group="Web")

    apply_claims(anna, {"groups": ["press", "web", "nothing of ours"]})
    assert groups(anna) == {"Press", "Web"}
    apply_claims(anna, {"groups": ["web"]})
    assert groups(anna) == {"Web"}
    apply_claims(anna, {"groups": []})
    assert groups(anna) == set()


def test_a_group_that_was_given_by_hand_stays(anna):
    rule(), anna.groups.add(Group.objects.get(name="Press"), Group.objects.create(name="Board"))

    apply_claims(anna, {"groups": ["press"]})
    apply_claims(anna, {"groups": []})

    assert groups(anna) == {"Press", "Board"}


def test_what_was_taken_and_given_again_by_hand_is_by_hand(anna):
    rule()
    apply_claims(anna, {"groups": ["press"]})
    press = Group.objects.get()
    anna.groups.remove(press)
    assert not ClaimedGroup.objects.exists()
    anna.groups.add(press)

    apply_claims(anna, {"groups": []})

    assert groups(anna) == {"Press"}


def test_a_rule_that_is_gone_gives_nothing_any_more(anna):
    rule()
    apply_claims(anna, {"groups": ["press"]})
    ClaimRule.objects.all().delete()
    apply_claims(anna, {"groups": ["press"]})

    assert groups(anna) == set()


def test_a_group_that_is_deleted_takes_its_rules_along(anna):
    rule()
    apply_claims(anna, {"groups": ["press"]})
    Group.objects.all().delete()

    apply_claims(anna, {"groups": ["press"]})
    assert not (ClaimRule.objects.exists() or groups(anna))


def test_two_rules_may_give_the_same_group(anna):
    rule("press"), rule("editors")
    apply_claims(anna, {"groups": ["press", "editors"]})
    apply_claims(anna, {"groups": ["editors"]})

    assert groups(anna) == {"Press"}


# Claims that are not what they should be


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({}, "sent no claim 'groups'"),
        ({"groups": None}, "sent no claim 'groups'"),
        ({"groups": 5}, "neither a text nor a list"),
        ({"groups": True}, "neither a text nor a list"),
        ({"groups": {"press": ["press"]}}, "neither a text nor a list"),
        ({"groups": [["press"], {"press": 1}, 5, None]}, "holds what is no text"),
        ({"groups": "press,web"}, "one text, where others have a list"),
        ({"groups": "PRESS"}, "one text, where others have a list"),
    ],
    ids=str,
)
def test_they_give_nothing_and_the_log_says_so(anna, claims, sentence, caplog):
    rule(), rule("web", group="Web"), rule("True"), rule("5", group="Web")

    with caplog.at_level("INFO"):
        apply_claims(anna, claims)

    assert groups(anna) == set()
    assert sentence in caplog.text
    assert "anna" in caplog.text


def test_what_can_be_read_of_a_list_counts(anna):
    rule()
    apply_claims(anna, {"groups": [5, "press", ["x"]]})

    assert groups(anna) == {"Press"}


def test_one_text_counts_as_a_list_of_it(anna):
    rule("Press", claim="department")
    apply_claims(anna, {"department": "Press"})

    assert groups(anna) == {"Press"}


@pytest.mark.parametrize(
    "claims",
    [
        {"realm_access": {"roles": ["press"]}},
        {"realm_access.roles": ["press"]},
    ],
)
def test_a_claim_may_lie_within_another_or_have_a_dot_in_its_name(anna, claims):
    rule(claim="realm_access.roles")
    apply_claims(anna, claims)

    assert groups(anna) == {"Press"}


# Roles


def give(value, name):
    rule(value, group="", role=name)


def test_a_claim_gives_a_role_and_without_it_the_one_before_comes_back(anna):
    give("editors", CURATOR)

    apply_claims(anna, {"groups": ["editors"]})
    assert role(anna) == CURATOR
    apply_claims(anna, {"groups": []})
    assert role(anna) == VIEWER


def test_of_several_roles_it_is_the_one_that_may_most(anna):
    give("authors", CONTRIBUTOR), give("editors", CURATOR)
    apply_claims(anna, {"groups": ["editors", "authors"]})

    assert role(anna) == CURATOR


def test_no_claim_takes_a_role_that_was_given_by_hand(anna):
    give("authors", CONTRIBUTOR)
    anna.role = CURATOR
    anna.save()
    apply_claims(anna, {"groups": ["authors"]})
    apply_claims(anna, {"groups": []})

    assert role(anna) == CURATOR


def test_a_role_that_is_changed_by_hand_meanwhile_is_by_hand(anna):
    give("editors", CURATOR)
    apply_claims(anna, {"groups": ["editors"]})
    anna.role = CONTRIBUTOR
    anna.save()

    apply_claims(anna, {"groups": []})
    assert role(anna) == CONTRIBUTOR


def test_the_last_administrator_stays_one(anna, caplog):
    give("admins", ADMINISTRATOR)
    apply_claims(anna, {"groups": ["admins"]})
    apply_claims(anna, {"groups": []})

    assert role(anna) == anna.role == ADMINISTRATOR
    assert "stays an administrator, being the last" in caplog.text

    make_user("root", staff=True)
    apply_claims(anna, {"groups": []})
    assert role(anna) == VIEWER


def test_a_rule_gives_a_group_a_role_or_both():
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError, match="Choose a group, a role or both"):
        ClaimRule(claim="groups", value="press").full_clean()
    rule(role=CURATOR)
    with pytest.raises(ValidationError, match="There is such a rule already"):
        ClaimRule(
            claim="groups", value="press", role=CURATOR, group=Group.objects.get()
        ).full_clean()
