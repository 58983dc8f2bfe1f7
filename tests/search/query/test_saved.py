"""What is kept of a saved search, and what is new in it to whom."""

import io
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from search.library.storage import orphans
from search.matches import thresholds
from search.models import Asset, Embedding, SavedPicture, SavedSearch, Visit
from search.query import Example, Query, answer, remember_picture, remembered_picture, saved
from search.query.saved import NameTaken, NotSaved
from search.templatetags.moments import spoken
from tests.support import factories, pictures
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def calibrated(monkeypatch, fake_encoder):
    """Only what has about the colour that was asked for matches."""
    near = thresholds.Thresholds(strong=0.1, possible=0.3)
    monkeypatch.setattr(thresholds, "thresholds_of", lambda *args: near)


@pytest.fixture
def anna(db):
    return make_user("anna")


@pytest.fixture
def ben(db):
    return make_user("ben")


def save(query, owner, name="reds", shared=False, **options):
    return saved.save(query, name=name, shared=shared, owner=owner, **options)


def red_picture(owner):
    return remember_picture(pictures.upload(pictures.png()), owner)


def forget_pictures():
    from django.core.cache import cache

    cache.clear()


def long_ago(search, person, **since):
    Visit.objects.filter(search=search, person=person).update(
        visited=timezone.now() - timedelta(**since)
    )


# What is kept


def test_the_query_is_kept_in_its_canonical_form_and_no_hit_with_it(anna):
    make_asset(title="barn", labels=("farm",))

    search = save(Query.of("red -blue", filters=(("label", "farm"),)), anna)

    assert search.parameters == {"q": ["red -blue"], "label": ["farm"]}


def test_an_owner_has_one_search_of_a_name_and_others_may_have_it_too(anna, ben):
    save(Query.of("red"), anna)
    save(Query.of("red"), ben)

    with pytest.raises(NameTaken, match="You have a saved search “reds” already"):
        save(Query.of("blue"), anna)

    assert SavedSearch.objects.count() == 2


def test_the_owner_may_replace_one_of_the_same_name(anna, ben):
    theirs, old = save(Query.of("red"), ben), save(Query.of("red"), anna)

    save(Query.of("blue"), anna, replace=True)

    old.refresh_from_db()
    theirs.refresh_from_db()
    assert (old.parameters, theirs.parameters) == ({"q": ["blue"]}, {"q": ["red"]})


def test_nothing_asked_is_nothing_to_save(anna):
    with pytest.raises(NotSaved, match="nothing to save yet"):
        save(Query(), anna)


def test_a_name_can_not_be_changed_into_one_that_is_taken(anna):
    save(Query.of("red"), anna)
    blues = save(Query.of("blue"), anna, name="blues")

    with pytest.raises(NameTaken):
        saved.change(blues, name="reds", shared=True)

    blues.refresh_from_db()
    assert (blues.name, blues.shared) == ("blues", False)


# Its pictures


def test_the_pictures_of_a_query_outlive_the_week(anna, fake_encoder):
    make_asset(title="sea", colour="blue", embedded=True)
    make_asset(title="barn", colour="red", embedded=True)
    query = Query(like=(Example(picture=red_picture(anna)),))
    save(query, anna)

    forget_pictures()

    assert [hit.asset.title for hit in answer(query, anna).hits] == ["barn", "sea"]


def test_a_picture_is_shared_with_its_search_and_no_longer(anna, ben, fake_encoder):
    make_asset(title="barn", embedded=True)
    token = red_picture(anna)
    query = Query(like=(Example(picture=token),))
    search = save(query, anna)
    assert remembered_picture(token, ben) is None

    saved.change(search, name="reds", shared=True)
    assert answer(query, ben).hits and remembered_picture(token, ben)

    saved.change(search, name="reds", shared=False)
    assert remembered_picture(token, ben) is None
    assert "no longer kept" in answer(query, ben).sentence


def test_who_sees_a_shared_picture_may_keep_it_in_a_search_of_their_own(anna, ben):
    query = Query(like=(Example(picture=red_picture(anna)),))
    search = save(query, anna, shared=True)

    save(query, ben)
    search.delete()

    assert remembered_picture(query.like[0].picture, ben)


def test_a_picture_that_is_no_longer_kept_or_of_another_person_is_not_saved(anna, ben):
    query = Query(unlike=(Example(picture=red_picture(anna)),))

    with pytest.raises(NotSaved, match="please choose it again"):
        save(query, ben)

    assert not SavedSearch.objects.exists() and not SavedPicture.objects.exists()


def test_files_go_with_the_search(anna, django_capture_on_commit_callbacks):
    search = save(Query(like=(Example(picture=red_picture(anna)),)), anna)
    name = search.pictures.get().picture.name
    assert default_storage.exists(name) and list(orphans()) == []

    with django_capture_on_commit_callbacks(execute=True):
        search.delete()

    assert not default_storage.exists(name)


def test_files_of_the_replaced_query_go(anna, django_capture_on_commit_callbacks):
    search = save(Query(like=(Example(picture=red_picture(anna)),)), anna)
    name = search.pictures.get().picture.name

    with django_capture_on_commit_callbacks(execute=True):
        save(Query.of("red"), anna, replace=True)

    assert not default_storage.exists(name) and not SavedPicture.objects.exists()


def test_files_without_a_row_are_found(anna):
    default_storage.save("saved/left.jpg", io.BytesIO(b"left"))

    assert list(orphans()) == ["saved/left.jpg"]


def test_a_picture_whose_file_is_lost_is_no_longer_kept(anna):
    token = red_picture(anna)
    search = save(Query(like=(Example(picture=token),)), anna)
    default_storage.delete(search.pictures.get().picture.name)
    forget_pictures()

    assert remembered_picture(token, anna) is None


# Visits


def test_the_first_look_makes_nothing_new(anna, ben):
    search = save(Query.of("red"), anna, shared=True)

    assert saved.look(search, ben) is None


def test_the_next_look_says_since_when(anna):
    search = save(Query.of("red"), anna)
    long_ago(search, anna, days=2)
    before = Visit.objects.get().visited

    assert saved.look(search, anna) == before


def test_within_a_sitting_the_same_stays_new(anna):
    search = save(Query.of("red"), anna)
    long_ago(search, anna, days=2)

    first, second = (saved.look(search, anna) for _ in range(2))

    assert first == second is not None


def test_everyone_has_visits_of_their_own(anna, ben):
    search = save(Query.of("red"), anna, shared=True)
    saved.look(search, ben)
    came = Visit.objects.get(person=ben).visited
    long_ago(search, anna, days=2)

    saved.look(search, anna)

    assert saved.look(search, ben) == came


def test_what_comes_within_the_first_sitting_is_new(anna, calibrated):
    search = save(Query.of("red"), anna)
    make_asset(title="rose", embedded=True)

    since = saved.look(search, anna)

    assert saved.count_new(Query.of("red"), anna, since) == 1


# What is new


def test_only_what_matches_and_came_later_is_new(anna, calibrated):
    make_asset(title="barn", embedded=True)
    since = timezone.now()
    make_asset(title="rose", embedded=True)
    make_asset(title="sea", colour="blue", embedded=True)

    assert saved.count_new(Query.of("red"), anna, since) == 1
    assert answer(Query.of("red"), anna).count == 2


def test_without_new_assets_nothing_is_asked(anna, encoded):
    make_asset(embedded=True)

    assert saved.count_new(Query.of("red"), anna, timezone.now()) == 0
    assert encoded == []


def test_what_was_still_being_embedded_is_new_once_it_is_found(anna, calibrated):
    rose = make_asset(title="picture")
    factories.make_encoder()
    since = timezone.now()
    assert saved.count_new(Query.of("red"), anna, since) == 0

    factories.embed(rose, "red")
    Embedding.objects.update(fulfilled=timezone.now())  # The clock of a test's transaction stands.

    assert saved.count_new(Query.of("red"), anna, since) == 1


def test_what_a_new_encoder_embeds_again_is_not_new(anna, calibrated):
    make_asset(embedded=True)
    Asset.objects.update(created=timezone.now() - timedelta(days=3))
    since = timezone.now()
    Embedding.objects.update(fulfilled=since + timedelta(seconds=1))

    assert saved.count_new(Query.of("red"), anna, since) == 0


def test_a_query_of_filters_alone_has_news_too(anna):
    since = timezone.now()
    make_asset(labels=("farm",))
    make_asset()

    assert saved.count_new(Query(filters=(("label", "farm"),)), anna, since) == 1


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        ({"seconds": 1}, ":"),
        ({"days": 1}, "yesterday"),
        ({"days": 3}, "day"),
        ({"days": 800}, "20"),
    ],
)
def test_moments_are_said_as_people_say_them(ago, words):
    assert words in spoken(timezone.now() - timedelta(**ago))
