"""Invitations: made by administrators, mailed or handed over, and accepted once."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from search.access import invitations
from search.models import Invitation, User
from search.models.user import flags
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db
ADD = reverse("admin:search_invitation_add")
LIST = reverse("admin:search_invitation_changelist")
CHOICE = {"username": "ann", "password1": "correct horse", "password2": "correct horse"}


@pytest.fixture
def boss(client) -> Client:
    client.force_login(make_user("boss", role="administrator"))
    return client


@pytest.fixture
def stranger() -> Client:
    return Client()


def invite(boss: Client, people: str, role: str = "contributor", **fields) -> str:
    """The page that answers."""
    return boss.post(ADD, {"people": people, "role": role} | fields).content.decode()


def links(text: str) -> list[str]:
    return re.findall(r"http://testserver(/invitation/\S+?/)(?=[<\s])", text)


def link_of(boss: Client, people: str = "Ann", **fields) -> str:
    return links(invite(boss, people, **fields))[0]


# Inviting ------------------------------------------------------------------------------------


def test_an_address_gets_a_mail_with_a_link_that_is_stored_nowhere(boss):
    page = invite(boss, "Ann Smith <ann@example.org>")
    (message,) = mail.outbox
    assert message.to == ["ann@example.org"]
    assert links(message.body) == links(page)
    token = links(page)[0].split("/")[2]
    assert len(token) == 43
    assert token not in str(Invitation.objects.values().get())


def test_a_name_alone_gets_a_link_to_hand_over(boss):
    assert len(links(invite(boss, "Ann"))) == 1
    assert mail.outbox == []


def test_a_pasted_list_invites_each_with_role_and_groups(boss):
    press = Group.objects.create(name="Press")
    invite(
        boss,
        "a@x.org, Bo <b@x.org>\nCarl;d@x.org\nDoe, Eve <e@x.org>",
        role="curator",
        groups=[press.pk],
    )
    assert {str(i) for i in Invitation.objects.all()} == {
        "a@x.org",
        "Bo <b@x.org>",
        "Carl",
        "d@x.org",
        "Doe, Eve <e@x.org>",
    }
    assert all(i.role == "curator" and i.groups.get() == press for i in Invitation.objects.all())


def test_each_bad_line_gets_a_sentence_and_nobody_is_invited(boss):
    make_user("ann")
    User.objects.create(username="bob", email="Bob@x.org")
    invite(boss, "eve@x.org")
    mail.outbox.clear()
    page = invite(
        boss, "good@x.org\nfoo@\nANN\nbob@X.org\nEve@x.org\nGood@x.org\na\x07b\n" + "x" * 151
    )
    for sentence in (
        "“foo@” is no address",
        "ANN has an account already: ann.",
        "bob@X.org has an account already: bob.",
        "Eve@x.org is invited already",
        "Good@x.org is listed twice.",
        "characters that no name or address has",
        "is too long",
        "Nobody has been invited yet.",
    ):
        assert sentence in page, sentence
    assert Invitation.objects.count() == 1
    assert mail.outbox == []


def test_more_than_a_request_can_mail_are_refused(boss):
    page = invite(boss, "\n".join(f"{n}@x.org" for n in range(invitations.MOST_AT_ONCE + 1)))
    assert "at most 50 people at once" in page
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("fields", [{"role": "king"}, {"groups": [999]}, {"people": " "}])
def test_what_no_form_sends_is_refused_in_words(boss, fields):
    answer = boss.post(ADD, {"people": "ann@x.org", "role": "viewer"} | fields)
    assert 'role="alert"' in answer.content.decode()
    assert not Invitation.objects.exists()


def test_where_no_mail_can_be_sent_the_page_says_so_and_shows_the_link(boss, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    page = invite(boss, "ann@x.org\nbob@x.org")
    assert page.count(invitations.NOT_MAILED) == 2
    assert len(links(page)) == 2


def test_only_administrators_invite(curator_client):
    assert curator_client.post(ADD, {"people": "ann@x.org", "role": "viewer"}).status_code == 403
    assert curator_client.get(LIST).status_code == 403
    assert not Invitation.objects.exists()


def test_a_name_cannot_add_lines_to_the_mail(boss):
    invite(boss, '"Ann\\nBcc: eve@x.org" <ann@x.org>')
    assert all(message.to == ["ann@x.org"] and not message.bcc for message in mail.outbox)


# Accepting -----------------------------------------------------------------------------------


def test_whoever_is_invited_chooses_name_and_password_and_is_signed_in(boss, stranger):
    press = Group.objects.create(name="Press")
    link = link_of(boss, "Ann B. Smith <ann@x.org>", groups=[press.pk])
    assert "Ann B. Smith" in stranger.get(link).content.decode()
    assert stranger.post(link, CHOICE).url == "/"
    assert stranger.get("/").status_code == 200
    ann = User.objects.get(username="ann")
    assert (ann.role, ann.email, ann.groups.get()) == ("contributor", "ann@x.org", press)
    assert (ann.first_name, ann.last_name) == ("Ann B.", "Smith")
    assert ann.check_password("correct horse")
    assert Invitation.objects.get().account == ann


@pytest.mark.parametrize("deed", [{"is_active": False}, flags("curator")])
def test_the_invitations_of_somebody_who_is_administrator_no_more_are_void(boss, stranger, deed):
    link = link_of(boss)
    make_user("other", role="administrator")
    User.objects.filter(username="boss").update(**deed)
    assert stranger.post(link, CHOICE).status_code == 404
    assert str(Invitation.objects.get().state) == "revoked"
    assert Invitation.objects.in_state("revoked").exists()


def test_a_link_makes_one_account(boss, stranger):
    link = link_of(boss)
    stranger.post(link, CHOICE)
    again = Client().post(link, CHOICE | {"username": "eve"})
    assert again.status_code == 404
    assert not User.objects.filter(username="eve").exists()


def test_a_link_that_leads_nowhere_tells_no_reason(boss, stranger):
    used, revoked, expired, renewed = (link_of(boss, name) for name in "abcd")
    stranger.post(used, CHOICE)
    each = {i.name: i for i in Invitation.objects.all()}
    boss.post(LIST, {"action": "revoke", "_selected_action": [each["b"].pk]})
    Invitation.objects.filter(name="c").update(expires=timezone.now() - timedelta(seconds=1))
    each["d"].renew(User.objects.get(username="boss"))
    never = "/invitation/" + "x" * 43 + "/"
    for method in ("get", "post"):
        answers = [
            getattr(Client(), method)(p, CHOICE) for p in (used, revoked, expired, renewed, never)
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert (
            len({re.sub(r'value=".*?"|Token": ".*?"', "", a.content.decode()) for a in answers})
            == 1
        )
    assert [str(each[name].state) for name in "b"] == ["open"]  # As it was read before.
    states = dict(Invitation.objects.values_list("name", "pk"))
    assert {n: str(Invitation.objects.get(pk=pk).state) for n, pk in states.items()} == {
        "a": "accepted",
        "b": "revoked",
        "c": "expired",
        "d": "open",
    }


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"username": "Boss"}, "This name is not available"),
        ({"username": "a b"}, "Enter a valid username"),
        ({"username": ""}, "This field is required"),
        ({"password2": "other horse"}, "didn’t match"),
        ({"password1": "1234", "password2": "1234"}, "too short"),
        ({"username": "a\0b"}, "Null characters"),
    ],
)
def test_a_bad_choice_gets_a_sentence_and_may_be_made_again(boss, stranger, choice, sentence):
    link = link_of(boss)
    answer = stranger.post(link, CHOICE | choice)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert str(Invitation.objects.get().state) == "open"
    assert stranger.post(link, CHOICE).status_code == 302


def test_a_form_gives_nobody_another_role(boss, stranger):
    extra = {"role": "administrator", "is_superuser": "on", "is_staff": "on"}
    stranger.post(link_of(boss, role="viewer"), CHOICE | extra)
    assert User.objects.get(username="ann").role == "viewer"


def test_whoever_is_signed_in_makes_no_second_account(boss):
    link = link_of(boss)
    assert "You have an account" in boss.post(link, CHOICE).content.decode()
    assert str(Invitation.objects.get().state) == "open"


def test_the_page_of_a_link_is_kept_by_nobody(boss, stranger):
    assert "no-store" in stranger.get(link_of(boss))["Cache-Control"]


def test_a_group_that_is_gone_by_then_is_left_out(boss, stranger):
    press = Group.objects.create(name="Press")
    link = link_of(boss, groups=[press.pk])
    press.delete()
    assert stranger.post(link, CHOICE).status_code == 302


# The list ------------------------------------------------------------------------------------


def test_the_list_says_of_each_what_became_of_it(boss, stranger):
    stranger.post(link_of(boss, "Ann"), CHOICE)
    invite(boss, "Bob")
    page = boss.get(LIST).content.decode()
    assert "Accepted" in page and "Open" in page
    shown = boss.get(LIST, {"state": "open"}).context["cl"].result_list
    assert [invitation.name for invitation in shown] == ["Bob"]


def test_sent_again_it_has_another_link_and_a_new_end(boss, stranger):
    first = link_of(boss, "ann@x.org")
    Invitation.objects.update(expires=timezone.now() - timedelta(days=3))
    action = {"action": "send_again", "_selected_action": [Invitation.objects.get().pk]}
    second = links(boss.post(LIST, action).content.decode())[0]
    assert len(mail.outbox) == 2
    assert stranger.get(first).status_code == 404
    assert stranger.get(second).status_code == 200


def test_one_that_was_accepted_is_neither_sent_again_nor_revoked(boss, stranger):
    stranger.post(link_of(boss), CHOICE)
    for name in ("send_again", "revoke"):
        boss.post(LIST, {"action": name, "_selected_action": [Invitation.objects.get().pk]})
    assert str(Invitation.objects.get().state) == "accepted"
