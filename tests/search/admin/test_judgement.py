"""What people have said, as curators look at it."""

import pytest
from django.urls import reverse

from search.comparison import judgements
from search.models import JudgedQuery, Judgement, Preference
from search.query import Query
from tests.support.factories import make_asset, make_user
from tests.support.query_pictures import picture_query
from tests.support.side_by_side import make_encoders

pytestmark = pytest.mark.django_db
JUDGEMENTS = reverse("admin:search_judgement_changelist")
PREFERENCES = reverse("admin:search_preference_changelist")


def text(response):
    return response.content.decode()


def test_judgements_show_query_asset_verdict_and_person(curator_client):
    judgements.judge(Query.of("red house"), make_asset(title="barn"), 0, make_user("mo"))

    page = text(curator_client.get(JUDGEMENTS))

    assert all(words in page for words in ("red house", "barn", "does not fit", "mo"))


def test_the_picture_of_a_judged_query_is_shown(curator_client):
    judgements.judge(picture_query(), make_asset(), 1, make_user())
    picture = reverse("judged_picture", args=[JudgedQuery.objects.get().pk])

    assert picture in text(curator_client.get(JUDGEMENTS))
    response = curator_client.get(picture)
    assert b"".join(response.streaming_content)[:2] == b"\xff\xd8"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_judged_query_without_a_picture_has_none(curator_client, reader_client):
    judgements.judge(Query.of("red"), make_asset(), 1, make_user())
    picture = reverse("judged_picture", args=[JudgedQuery.objects.get().pk])

    assert curator_client.get(picture).status_code == 404
    assert reader_client.get(picture).status_code == 403


def test_wins_are_counted_for_each_pair_of_encoders(curator_client):
    one, two, three = make_encoders("fake", "second", "third")
    for number, verdict in enumerate(["left", "left", "tie", "right"]):
        judgements.prefer(Query.of(f"{number}"), one, two, verdict, make_user())
    judgements.prefer(Query.of("red"), two, three, "right", make_user())

    page = curator_client.get(PREFERENCES)

    assert page.context["wins"]["rows"] == [
        ["fake", 2, 1, 1, "second"],
        ["second", 0, 0, 1, "third"],
    ]
    assert "was better" in text(page).lower()


def test_without_preferences_there_is_no_table(curator_client):
    assert "was better" not in text(curator_client.get(PREFERENCES)).lower()


def test_curators_take_out_what_was_a_mistake(curator_client):
    left, right = make_encoders("fake", "second")
    judgements.judge(Query.of("red"), make_asset(), 1, make_user())
    judgements.prefer(Query.of("red"), left, right, "tie", make_user())

    for model, page in ((Judgement, JUDGEMENTS), (Preference, PREFERENCES)):
        chosen = {"_selected_action": [model.objects.get().pk]}
        curator_client.post(page, chosen | {"action": "delete_selected", "post": "yes"})
        assert not model.objects.exists()


def test_nothing_is_said_or_changed_here(curator_client):
    judgements.judge(Query.of("red"), make_asset(), 1, make_user())
    change = reverse("admin:search_judgement_change", args=[Judgement.objects.get().pk])

    assert curator_client.get(reverse("admin:search_judgement_add")).status_code == 403
    assert curator_client.post(change, {"grade": 0}).status_code == 403


def test_the_number_of_queries_does_not_grow(curator_client, django_assert_max_num_queries):
    for number in range(20):
        judgements.judge(Query.of(f"{number}"), make_asset(title=f"{number}"), 1, make_user())

    with django_assert_max_num_queries(16):
        curator_client.get(JUDGEMENTS)
