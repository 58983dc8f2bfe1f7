"""From what was asked to a page of hits."""

import numpy as np
import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from kombu.exceptions import OperationalError as MessageNotSent

from search.models import Asset, Embedding
from search.query import Example, NoVector, Query, answer, encode, remember_picture
from search.query import vectors as query_module
from tests.support.factories import make_asset, make_encoder, make_user
from tests.support.fake_encoder import COLOURS, direction

pytestmark = pytest.mark.django_db


def titles(result) -> list[str]:
    return [hit.asset.title for hit in result.hits]


@pytest.fixture
def library(fake_encoder):
    make_asset(title="sea", colour="blue", embedded=True, collection="water")
    make_asset(title="barn", colour="red", embedded=True, labels=("house",))
    make_asset(title="meadow", colour="green", embedded=True)


@pytest.fixture
def silent_encoder(monkeypatch, settings):
    settings.QUERY_TIMEOUT_SECONDS = 0.05
    monkeypatch.setattr(query_module.encode_text, "delay", lambda *args: None)


def test_words_rank_the_asset_they_describe_first(library):
    assert titles(answer(Query.of("red"), make_user()))[0] == "barn"


def test_a_score_is_one_minus_the_distance(library):
    hit = answer(Query.of("red"), make_user()).hits[0]
    assert hit.score == pytest.approx(1, abs=1e-3)
    assert hit.score == pytest.approx(1 - hit.distance)


def test_an_asset_ranks_its_like_and_leaves_itself_out(library):
    make_asset(title="rose", colour="red", embedded=True)
    barn = Asset.objects.get(title="barn")

    result = answer(Query(like=(Example(asset=barn.pk),)), make_user())

    assert titles(result)[0] == "rose"
    assert "barn" not in titles(result)


def test_an_asset_that_is_not_embedded_yet_says_so(library):
    waiting = make_asset(title="new")
    result = answer(Query(like=(Example(asset=waiting.pk),)), make_user())
    assert result.hits == ()
    assert "still being embedded" in result.sentence


def test_nothing_asked_shows_the_newest(library):
    result = answer(Query(), make_user())
    assert titles(result) == ["meadow", "barn", "sea"]
    assert not result.ranked


@pytest.mark.parametrize(
    ("narrowing", "expected"), [(("collection", "water"), ["sea"]), (("label", "house"), ["barn"])]
)
def test_filters_leave_only_what_passes(library, narrowing, expected):
    assert titles(answer(Query.of("green", filters=(narrowing,)), make_user())) == expected


def test_a_filtered_search_returns_as_many_hits_as_an_exhaustive_one(fake_encoder):
    for number in range(30):
        make_asset(title=f"{number}", colour="red", embedded=True)
    for number in range(10):
        make_asset(title=f"rare {number}", colour="blue", embedded=True, collection="rare")

    result = answer(Query.of("red", filters=(("collection", "rare"),)), make_user(), size=20)

    assert len(result.hits) == 10


def test_one_row_more_than_the_page_tells_whether_there_is_more(library):
    first = answer(Query.of("red"), make_user(), size=2)
    second = answer(Query.of("red"), make_user(), page=2, size=2)
    assert (len(first.hits), first.has_more) == (2, True)
    assert (len(second.hits), second.has_more) == (1, False)


def test_a_page_takes_a_bounded_number_of_queries(library, django_assert_max_num_queries):
    answer(Query.of("red"), make_user())
    with django_assert_max_num_queries(11):
        answer(Query.of("red"), make_user())


def test_a_page_does_not_fetch_the_vectors(library):
    with CaptureQueriesContext(connection) as made:
        answer(Query.of("red"), make_user())
    assert not any('"vector",' in query["sql"] for query in made.captured_queries)


def test_a_text_is_encoded_once(library, fake_encoder, monkeypatch):
    answer(Query.of("red"), make_user())
    monkeypatch.setattr(fake_encoder, "encode_texts", None)
    assert titles(answer(Query.of("  red "), make_user()))[0] == "barn"


def test_no_answer_in_time_gives_lexical_hits_and_a_sentence(library, silent_encoder):
    result = answer(Query.of("barn"), make_user())
    assert titles(result) == ["barn"]
    assert "encoder is not answering" in result.sentence
    assert not result.ranked


def test_a_message_that_can_not_be_sent_gives_lexical_hits(library, monkeypatch):
    def unsent(*args, **kwargs):
        raise MessageNotSent("Redis is away")

    monkeypatch.setattr(query_module.encode_text, "delay", unsent)
    assert titles(answer(Query.of("sea"), make_user())) == ["sea"]


def test_similar_needs_no_encoder_to_answer(library, silent_encoder):
    barn = Asset.objects.get(title="barn")
    assert answer(Query(like=(Example(asset=barn.pk),)), make_user()).ranked


def test_without_any_encoder_words_still_find_titles(db):
    make_asset(title="barn")
    result = answer(Query.of("barn"), make_user())
    assert titles(result) == ["barn"]
    assert "No encoder serves yet" in result.sentence


def test_a_forgotten_query_picture_says_so(library):
    with pytest.raises(NoVector, match="no longer kept"):
        encode(Query(like=(Example(picture="0" * 32),)), make_encoder(), make_user())


def test_a_query_picture_is_kept_and_finds_its_like(library, tmp_path):
    from tests.support.factories import picture

    picture("blue").save(tmp_path / "query.png")
    with (tmp_path / "query.png").open("rb") as file:
        token = remember_picture(file, make_user())

    result = answer(Query(like=(Example(picture=token),)), make_user())

    assert titles(result)[0] == "sea"
    encoded = encode(Query(like=(Example(picture=token),)), make_encoder(), make_user())
    assert encoded.vector == pytest.approx(direction(COLOURS["blue"]).tolist(), abs=0.03)


# Words that are cut off --------------------------------------------------------------------------


def test_words_that_are_cut_off_say_so_together_with_the_hits(library, fake_encoder):
    fake_encoder.text_length = 3

    result = answer(Query.of("red barn in the snow"), make_user())

    assert result.sentence == "Only the first 3 tokens of your words were used."
    assert titles(result)[0] == "barn"


def test_words_that_fit_say_nothing(library):
    assert answer(Query.of("red barn"), make_user()).sentence == ""


def test_where_nothing_is_found_it_does_not_matter_that_words_were_cut_off(library, fake_encoder):
    fake_encoder.text_length = 3
    assert (
        answer(Query.of("red barn in the snow", filters=(("label", "none"),)), make_user()).sentence
        == ""
    )


def test_from_the_cache_the_same_is_said(library, fake_encoder):
    fake_encoder.text_length = 3
    first = answer(Query.of("red barn in the snow"), make_user())
    assert answer(Query.of("red barn in the snow"), make_user()).sentence == first.sentence


# An encoder that goes while somebody searches ----------------------------------------------------


@pytest.fixture
def switched_meanwhile(library, monkeypatch):
    """The encoder is replaced and taken away while it is being asked."""
    old = make_encoder()
    new = make_encoder(slug="new", revision="2", state="ready")
    for embedding in Embedding.objects.filter(encoder=old):
        Embedding.objects.create(
            asset=embedding.asset, encoder=new, vector=embedding.vector, fulfilled=Now()
        )
    encode = query_module.encode_text.delay

    def switch(encoder_id, *given):
        if encoder_id == old.pk:
            new.promote()
            old.delete()
        encode(encoder_id, *given)

    monkeypatch.setattr(query_module.encode_text, "delay", switch)
    return new


def test_a_search_by_an_encoder_that_has_gone_is_answered_by_the_next(switched_meanwhile, settings):
    settings.QUERY_TIMEOUT_SECONDS = 0.05

    result = answer(Query.of("red"), make_user())

    assert titles(result)[0] == "barn"
    assert (result.encoder, result.ranked, result.sentence) == (switched_meanwhile, True, "")


def test_the_encode_one_encoder_is_never_used_by_another(library, fake_encoder):
    user, new = make_user(), make_encoder(slug="new", revision="2", state="ready")
    first = encode(Query.of("red"), make_encoder(), make_user())
    fake_encoder.encode_texts = lambda texts: np.array([[0, 0, 0, 1]], np.float32)
    new.promote()

    assert encode(Query.of("red"), new, user) != first
    assert answer(Query.of("red"), user).encoder == new
