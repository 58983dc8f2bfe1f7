"""One vector of words, pictures and their parts, for and against."""

from typing import IO

import numpy as np
import pytest
from django.core.files.base import ContentFile
from PIL import Image

from search.formats.region import Region
from search.matches.thresholds import Background
from search.models import Asset, Label
from search.query import Example, NoVector, Query, answer, encode, remember_picture
from search.query.vectors import Encoding, Weighted, compose
from tests.support.factories import make_asset, make_assets, make_encoder, make_user
from tests.support.fake_encoder import COLOURS, direction
from tests.support.pictures import orientation, saved, turned, upload
from tests.support.placed import put, set_thresholds

pytestmark = pytest.mark.django_db

LEFT, RIGHT = Region(0, 0, 0.5, 1), Region(0.5, 0, 0.5, 1)


@pytest.fixture
def library(fake_encoder):
    """An asset of each colour, called after it."""
    make_assets([{"title": colour, "colour": colour} for colour in COLOURS], embedded=True)


def like(title: str, **parts) -> Example:
    return Example(asset=Asset.objects.get(title=title).pk, **parts)


def first(query: Query, number: int = 1) -> list[str]:
    return [hit.asset.title for hit in answer(query, make_user()).hits[:number]]


def order(query: Query) -> list[str]:
    return first(query, len(COLOURS) + 5)


def halves(left: str = "red", right: str = "blue", size: tuple[int, int] = (80, 40)) -> Image.Image:
    """A picture whose left half is of one colour and whose right half of another."""
    image = Image.new("RGB", size, COLOURS[left])
    image.paste(COLOURS[right], (size[0] // 2, 0, *size))
    return image


def jpeg(image: Image.Image, **options) -> IO[bytes]:
    return upload(saved(image, "JPEG", quality=95, **options))


def keep(image: Image.Image, **options) -> Asset:
    """An asset of this picture, embedded as if it were yellow."""
    asset = make_asset(title="composite", colour="yellow", embedded=True)
    asset.original.save("composite", ContentFile(jpeg(image, **options).read()))
    return asset


# Words and pictures ------------------------------------------------------------------------------


@pytest.mark.parametrize(("balance", "expected"), [(0, "blue"), (1, "red")])
def test_at_the_ends_of_the_balance_one_side_alone_decides(library, balance, expected):
    sea = make_asset(title="sea", colour="blue", embedded=True)
    query = Query.of("red", like=(Example(asset=sea.pk),), balance=balance)
    assert first(query) == [expected]


def test_where_pictures_alone_count_no_hit_is_there_for_its_words(library):
    query = Query.of("red", like=(like("blue"),), balance=0)
    assert all(hit.why == () for hit in answer(query, make_user()).hits)


def test_in_the_middle_of_the_balance_both_come_before_the_rest(library):
    sun = make_asset(title="sun", colour="yellow", embedded=True)
    query = Query.of("red", like=(Example(asset=sun.pk),), balance=0.5)
    mixed = direction(COLOURS["red"]) + direction(COLOURS["yellow"])
    vector = encode(query, make_encoder(), make_user()).vector
    assert vector == pytest.approx((mixed / np.linalg.norm(mixed)).tolist(), abs=0.01)
    assert set(first(query, 2)) == {"red", "yellow"}


def test_the_balance_moves_hits_step_by_step(library):
    sea = make_asset(title="sea", colour="blue", embedded=True)
    places = []
    for balance in (0, 0.25, 0.5, 0.75, 1):
        query = Query.of("red", like=(Example(asset=sea.pk),), balance=balance)
        places.append(order(query).index("red"))
    assert places == sorted(places, reverse=True)


def test_each_part_counts_in_units_of_its_own_deviation(monkeypatch, db):
    encoder = make_encoder()
    wide, narrow = np.array([1, 0, 0, 0.0]), np.array([0, 1, 0, 0.0])
    spread = {0: Background(0, 0.5), 1: Background(0, 0.1)}
    monkeypatch.setattr(
        "search.matches.thresholds.background", lambda v, e: spread[int(np.argmax(v))]
    )
    parts = [Weighted(1, Encoding(v.tolist())) for v in (wide, narrow)]
    assert compose(parts, encoder) == pytest.approx((np.array([2, 10, 0, 0]) / 104**0.5).tolist())


def test_of_several_pictures_the_heavier_counts_more(library):
    for heavy, light in (("red", "blue"), ("blue", "red")):
        query = Query(like=(like(heavy, weight=10), like(light, weight=0.1)))
        vector = encode(query, make_encoder(), make_user()).vector
        assert np.dot(vector, direction(COLOURS[heavy])) > 0.99


def test_the_vector_has_length_one(library):
    query = Query.of("red -green", like=(like("blue"),), unlike=(like("yellow"),))
    assert np.linalg.norm(encode(query, make_encoder(), make_user()).vector) == pytest.approx(1)


def test_what_is_wanted_and_not_wanted_at_once_gets_a_sentence(library):
    query = Query(like=(like("red", weight=1),), unlike=(like("red"), like("red", weight=2)))
    result = answer(query, make_user())
    assert result.hits or "are the same" in result.sentence


def test_a_sum_of_nothing_is_no_vector(db):
    red = Encoding(direction(COLOURS["red"]).tolist())
    with pytest.raises(NoVector, match="are the same"):
        compose([Weighted(1, red), Weighted(-1, red)], make_encoder())


# Without -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["red -blue", "-blue red", 'red -"blue sky"', "red --blue"])
def test_what_is_left_out_never_reaches_the_encoder_with_what_is_wanted(library, encoded, text):
    answer(Query.of(text), make_user())
    assert encoded
    assert not any("red" in words and "blue" in words for words in encoded)
    assert not any("-" in words for words in encoded)


def test_what_is_left_out_moves_away(library):
    # Red and blue are both in white; without blue, what is red comes nearer.
    make_asset(title="sea", colour="blue", embedded=True)
    with_all, without = order(Query.of("white")), order(Query.of("white -blue"))
    assert without.index("sea") >= with_all.index("sea") - 1  # The asset called "blue" is gone.
    vectors = [encode(Query.of(t), make_encoder(), make_user()) for t in ("white", "white -blue")]
    blue = direction(COLOURS["blue"])
    assert np.dot(vectors[1].vector, blue) < np.dot(vectors[0].vector, blue)


def test_a_strong_match_of_what_is_left_out_is_left_out(library, monkeypatch):
    set_thresholds(monkeypatch, 0.05, 2)
    make_asset(title="sea", colour="blue", embedded=True)
    assert "sea" in order(Query.of("red"))
    assert "sea" not in order(Query.of("red -blue"))


def test_without_alone_shows_all_but_that(library, monkeypatch):
    set_thresholds(monkeypatch, 0.05, 2)
    make_asset(title="sea", colour="blue", embedded=True)
    assert sorted(order(Query.of("-blue"))) == sorted(set(COLOURS) - {"blue"})


WHERE = ("title", "description", "filename", "label", "synonym", "collection")


def make_mentioning(words: str, where: str, title: str = "barn") -> str:
    """A red asset with these words there; its title."""
    fields = {where: words} if where in ("description", "filename", "collection") else {}
    title = words if where == "title" else title
    labels = {"label": (words,), "synonym": ("farm",)}.get(where, ())
    make_asset(title=title, colour="red", labels=labels, embedded=True, **fields)
    if where == "synonym":
        Label.objects.update(synonyms=[words])
    return title


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("left_out", ["draft", "DRAFT", "dráft"])
def test_what_asking_finds_leaving_out_leaves_out(library, where, left_out):
    title = make_mentioning("Zanzibar Draft", where)
    assert title in order(Query.of('"zanzibar draft"'))
    assert title not in order(Query.of(f"red -{left_out}"))
    assert title not in order(Query.of(f"-{left_out}"))


@pytest.mark.parametrize("where", WHERE)
def test_a_quoted_phrase_leaves_out_only_where_its_words_stand_side_by_side(library, where):
    together = make_mentioning("zanzibar draft", where, "together")
    assert together not in order(Query.of('red -"zanzibar draft"'))
    assert together in order(Query.of('red -"draft zanzibar"'))


def test_leaving_out_takes_whole_words_not_beginnings(library):
    make_asset(title="draughts", colour="red", embedded=True)
    assert "draughts" in order(Query.of("red -draught"))


@pytest.mark.parametrize("sign", ["...", "'", "\\", "🐶"])
def test_leaving_out_what_is_no_word_leaves_out_nothing(library, sign):
    assert set(order(Query.of(f'red -"{sign}"'))) == set(order(Query.of("red")))


def test_an_asset_is_left_out_by_its_id_as_it_is_found(library):
    pk = Asset.objects.get(title="red").pk
    assert "red" not in order(Query.of(f"red -{pk}"))


def test_where_no_encoder_answers_without_says_so(library, monkeypatch, settings):
    settings.QUERY_TIMEOUT_SECONDS = 0.05
    monkeypatch.setattr("search.query.vectors.encode_text.delay", lambda *args: None)
    assert "not answering" in answer(Query.of("-blue"), make_user()).sentence


# More and less like ------------------------------------------------------------------------------


def test_more_like_moves_its_like_up(library):
    make_asset(title="sea", colour="blue", embedded=True)
    before = order(Query.of("red"))
    after = order(Query.of("red").more_like(str(like("blue"))))
    assert after.index("sea") < before.index("sea")


def test_less_like_moves_its_like_down(library):
    make_asset(title="snow", colour="white", embedded=True)
    before = order(Query.of("yellow"))
    after = order(Query.of("yellow", unlike=(like("white"),)))
    assert after.index("snow") >= before.index("snow")
    assert "white" not in after


def test_less_like_alone_begins_far_away(library):
    make_asset(title="snow", colour="white", embedded=True)
    assert order(Query(unlike=(like("white"),)))[-1] == "snow"


def test_examples_are_no_answer_to_themselves(library):
    assert not {"red", "blue"} & set(order(Query(like=(like("red"),), unlike=(like("blue"),))))


def test_twenty_steps_and_all_of_them_taken_back_are_the_first_query(library):
    query = start = Query.of("red")
    steps = [str(like(colour)) for colour in COLOURS]
    for step in steps:
        query = query.more_like(step)
    assert order(query) == []
    for step in steps:
        query = query.no_longer(step)
    assert query == start


# Regions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("region", "expected"), [(LEFT, "red"), (RIGHT, "blue")])
def test_a_region_of_an_asset_finds_what_is_in_it(library, region, expected):
    composite = keep(halves())
    assert first(Query(like=(Example(asset=composite.pk, region=region),))) == [expected]


@pytest.mark.parametrize(("region", "expected"), [(LEFT, "red"), (RIGHT, "blue")])
def test_a_region_of_a_query_picture_finds_what_is_in_it(library, region, expected):
    token = remember_picture(jpeg(halves()), make_user())
    assert first(Query(like=(Example(picture=token, region=region),))) == [expected]


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize(("region", "expected"), [(LEFT, "red"), (RIGHT, "blue")])
def test_a_region_follows_the_upright_picture(library, value, region, expected):
    composite = keep(turned(halves(), value), exif=orientation(value))
    assert first(Query(like=(Example(asset=composite.pk, region=region),))) == [expected]


@pytest.mark.parametrize("value", [3, 6, 8])
def test_a_region_of_a_query_picture_follows_the_upright_picture(library, value):
    token = remember_picture(jpeg(turned(halves(), value), exif=orientation(value)), make_user())
    assert first(Query(like=(Example(picture=token, region=RIGHT),))) == ["blue"]


def test_the_smallest_region_is_searched_by(library):
    composite = keep(halves(size=(1000, 1000)))
    tiny = Region(0.9, 0.9, 0.02, 0.02)
    assert first(Query(like=(Example(asset=composite.pk, region=tiny),))) == ["blue"]


def test_a_region_of_a_picture_of_one_pixel_is_that_pixel(library):
    composite = keep(Image.new("RGB", (1, 1), COLOURS["green"]))
    tiny = Region(0.98, 0.98, 0.02, 0.02)
    assert first(Query(like=(Example(asset=composite.pk, region=tiny),))) == ["green"]


def test_the_whole_as_a_region_is_the_whole(library):
    token = remember_picture(jpeg(Image.new("RGB", (80, 40), COLOURS["blue"])), make_user())
    whole, region = Example(picture=token), Example(picture=token, region=Region(0, 0, 1, 1))
    assert order(Query(like=(whole,))) == order(Query(like=(region,)))


def test_an_asset_may_be_an_answer_to_a_part_of_itself(library):
    composite = keep(halves())
    result = order(Query(like=(Example(asset=composite.pk, region=LEFT),)))
    assert "composite" in result


def test_a_region_against_moves_what_is_in_it_away(library):
    composite = keep(halves("white", "black"))
    region = Example(asset=composite.pk, region=LEFT)
    assert order(Query.of("yellow", unlike=(region,)))[0] == "yellow"


def test_two_regions_of_one_picture_are_two_examples(library):
    composite = keep(halves("red", "yellow"))
    Asset.objects.filter(pk=composite.pk).update(title="itself")
    parts = tuple(Example(asset=composite.pk, region=region) for region in (LEFT, RIGHT))
    assert set(first(Query(like=parts), 3)) == {"red", "yellow", "itself"}


def test_a_region_is_encoded_once(library, fake_encoder, monkeypatch):
    query = Query(like=(Example(asset=keep(halves()).pk, region=LEFT),))
    before = order(query)
    monkeypatch.setattr(fake_encoder, "encode_images", None)
    assert order(query) == before


# Who may ask by what -----------------------------------------------------------------------------


def test_the_picture_of_another_person_is_no_example(library):
    token = remember_picture(jpeg(halves()), make_user("Ada"))
    with pytest.raises(NoVector, match="no longer kept"):
        encode(Query(like=(Example(picture=token),)), make_encoder(), make_user("Bob"))


def test_a_part_of_the_picture_of_another_person_is_no_example_even_once_encoded(library):
    token = remember_picture(jpeg(halves()), make_user("Ada"))
    part = Query(like=(Example(picture=token, region=LEFT),))
    encode(part, make_encoder(), make_user("Ada"))
    with pytest.raises(NoVector, match="no longer kept"):
        encode(part, make_encoder(), make_user("Bob"))


def test_a_picture_that_nobody_signed_in_keeps_is_no_one_elses(library):
    from django.contrib.auth.models import AnonymousUser

    token = remember_picture(jpeg(halves()), AnonymousUser())
    with pytest.raises(NoVector):
        encode(Query(like=(Example(picture=token),)), make_encoder(), make_user("Bob"))


def test_an_asset_that_is_not_there_gets_a_sentence(reader_client):
    response = reader_client.get("/", {"unlike": "00000000-0000-4000-8000-000000000000"})
    assert response.status_code == 400
    assert "not in the library" in response.content.decode()


def test_a_repeated_text_is_answered_without_the_encoder(library, fake_encoder, monkeypatch):
    before = order(Query.of("red -blue"))
    monkeypatch.setattr(fake_encoder, "encode_texts", None)
    assert order(Query.of("red -blue")) == before


def test_the_order_of_hits_at_one_distance_is_that_of_their_ids(fake_encoder):
    assets = [put(0.5, title=str(number)) for number in range(6)]
    expected = [asset.title for asset in sorted(assets, key=lambda asset: asset.pk)]
    assert order(Query.of("red")) == expected
