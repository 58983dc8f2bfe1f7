from urllib.parse import urlencode

import pytest
from django.urls import reverse
from kombu.exceptions import OperationalError as MessageNotSent

from search.models import Embedding, Label
from search.query import PAGE_SIZE
from tests.support.factories import make_asset, make_encoder, make_user

pytestmark = pytest.mark.django_db


def titles(response):
    return [hit.asset.title for hit in response.context["answer"].hits]


def text(response):
    return response.content.decode()


@pytest.fixture
def no_encoder_answers(monkeypatch):
    def refuse(*args, **kwargs):
        raise MessageNotSent

    monkeypatch.setattr("search.query.vectors.encode_text.apply_async", refuse)


# Who may search


def test_searching_needs_an_account(client):
    response = client.get("/", {"q": "red"})

    assert response.url == f"/sign-in/?{urlencode({'next': '/?q=red'}, safe='/')}"


def test_public_search_is_open_to_everyone(client, settings):
    settings.PUBLIC_SEARCH = True
    make_asset(title="barn")

    assert titles(client.get("/")) == ["barn"]


def test_public_search_opens_no_upload(client, settings):
    settings.PUBLIC_SEARCH = True

    assert client.get("/upload/").status_code == 302


# Hits


def test_without_a_query_the_newest_assets_come_first(reader_client):
    make_asset(title="older")
    make_asset(title="newer")

    assert titles(reader_client.get("/")) == ["newer", "older"]


def test_words_rank_the_nearest_asset_first(reader_client, fake_encoder):
    make_asset(title="sea", colour="blue", embedded=True)
    make_asset(title="barn", colour="red", embedded=True)

    response = reader_client.get("/", {"q": "red"})

    assert titles(response) == ["barn", "sea"]
    assert 'title="Score 1.000"' in text(response)


def test_assets_that_are_not_ranked_show_no_score(reader_client):
    make_asset(embedded=True)

    assert "Score" not in text(reader_client.get("/"))


def test_similar_leaves_the_asset_itself_out(reader_client):
    barn = make_asset(title="barn", colour="red", embedded=True)
    make_asset(title="sea", colour="blue", embedded=True)

    assert titles(reader_client.get("/", {"like": barn.pk})) == ["sea"]


def test_each_tile_leads_to_what_is_similar(reader_client):
    barn = make_asset()

    assert f'href="/?like={barn.pk}"' in text(reader_client.get("/"))


def test_words_and_a_picture_in_the_same_url_are_one_query(reader_client, fake_encoder):
    sea = make_asset(title="sea", colour="blue", embedded=True)
    make_asset(title="barn", colour="red", embedded=True)
    make_asset(title="lake", colour="blue", embedded=True)

    by_words = {"q": "red", "like": sea.pk, "balance": "0.9"}
    by_picture = by_words | {"balance": "0.1"}

    assert titles(reader_client.get("/", by_words)) == ["barn", "lake"]
    assert titles(reader_client.get("/", by_picture)) == ["lake", "barn"]


def test_more_leads_to_the_next_page_and_keeps_the_query(reader_client):
    for number in range(PAGE_SIZE + 1):
        make_asset(title=f"barn {number}", labels=("farm",))

    response = reader_client.get("/", {"label": "farm"})

    assert 'href="/?label=farm&amp;page=2" hx-get="/?label=farm&amp;page=2"' in text(response)
    assert titles(reader_client.get("/", {"label": "farm", "page": 2})) == ["barn 0"]


def test_htmx_gets_the_tiles_alone(reader_client):
    make_asset(title="barn")

    response = reader_client.get("/", headers={"HX-Request": "true"})

    assert text(response).strip().startswith('<li class="tile')
    assert "HX-Request" in response["Vary"]


def test_the_page_costs_a_fixed_number_of_queries(
    reader_client, fake_encoder, django_assert_max_num_queries
):
    for _ in range(10):
        make_asset(colour="red", embedded=True, thumbnail=True)

    with django_assert_max_num_queries(19):
        reader_client.get("/", {"q": "red"})


# Filters


def test_a_filter_in_force_is_a_chip_that_removes_it(reader_client):
    make_asset(title="barn", labels=("farm",), collection="market")

    page = text(reader_client.get("/", {"label": "farm", "collection": "market", "page": 1}))

    assert '<a class="chip" href="/?label=farm"' in page
    assert '<a class="chip" href="/?collection=market"' in page


def test_collections_and_labels_are_there_to_choose(reader_client, fake_encoder):
    make_asset(labels=("farm",), collection="market", embedded=True)
    make_asset(embedded=True)

    page = text(reader_client.get("/", {"q": "x"}))

    assert 'href="/?q=x&amp;collection=market"' in page
    assert 'href="/?q=x&amp;label=farm"' in page


def test_new_words_stay_within_the_filters(reader_client):
    make_asset(collection="market")

    page = text(reader_client.get("/", {"collection": "market"}))

    assert '<input type="hidden" name="collection" value="market">' in page


# States


def test_an_empty_library_invites_staff_to_upload(staff_client):
    assert "The library is empty: upload the first pictures" in text(staff_client.get("/"))


def test_an_empty_library_tells_readers_so(reader_client):
    page = text(reader_client.get("/"))

    assert "nobody has uploaded a picture yet" in page
    assert 'href="/upload/"' not in page


def test_nothing_matches(reader_client):
    make_asset()
    Label.objects.create(name="nowhere")

    assert "Nothing here matches." in text(reader_client.get("/", {"label": "nowhere"}))


def test_a_page_beyond_the_end_says_so(reader_client):
    make_asset()

    response = reader_client.get("/", {"page": 7})

    assert response.status_code == 200
    assert "There is no page 7" in text(response)


def test_where_no_encoder_answers_words_are_looked_up(reader_client, no_encoder_answers):
    make_asset(title="red barn", embedded=True)
    make_asset(title="sea", embedded=True)

    response = reader_client.get("/", {"q": "barn"})

    assert titles(response) == ["red barn"]
    assert "The encoder is not answering" in text(response)


def test_where_no_encoder_answers_and_nothing_mentions_the_words(reader_client, no_encoder_answers):
    make_asset(title="sea", embedded=True)

    page = text(reader_client.get("/", {"q": "barn"}))

    assert "please try again in a moment. Nothing mentions “<bdi>barn</bdi>”." in page


def test_who_has_had_too_many_vectors_is_told_so_where_nothing_mentions_the_words(
    reader_client, fake_encoder, monkeypatch
):
    monkeypatch.setattr("search.query.vectors.MOST_VECTORS", 0)
    make_asset(title="sea", embedded=True)

    page = text(reader_client.get("/", {"q": "barn"}))

    assert "You have searched for 0 different things within the hour" in page
    assert "Nothing mentions “<bdi>barn</bdi>”." in page


def test_assets_that_wait_are_counted(reader_client):
    make_encoder()
    make_asset()

    assert "1 asset is still being embedded" in text(reader_client.get("/"))
    assert "1 asset is still being embedded" in text(reader_client.get("/waiting/"))


def test_the_count_ends_in_words_of_its_own_size_so_that_no_picture_moves(reader_client):
    make_asset(embedded=True)

    assert "hx-get" not in (end := text(reader_client.get("/waiting/")))
    assert "Nothing waits to be embedded any more." in end
    assert "Nothing waits" not in text(reader_client.get("/"))


def test_a_failed_embedding_does_not_wait(reader_client):
    make_encoder()
    make_asset()
    Embedding.objects.update(error="This picture can't be decoded.")

    assert "still being embedded" not in text(reader_client.get("/"))


def test_the_encoder_is_nothing_that_readers_choose(reader_client):
    make_encoder(slug="studio", checkpoint="google/siglip2-base-patch16-224")

    assert "studio" not in text(reader_client.get("/"))


@pytest.mark.parametrize(
    ("filters", "name"),
    [
        ({"collection": "market"}, "The Market"),
        ({"label": "fruit"}, "fruit"),
        ({"collection": "market", "colour": "red", "not_label": "fruit"}, "The Market, red"),
    ],
)
def test_a_page_of_filters_alone_is_called_by_what_they_leave(reader_client, filters, name):
    make_asset(labels=("fruit",), collection="market").collections.update(name="The Market")
    make_asset(title="sea", collection="market")

    page = text(reader_client.get("/", filters))

    assert f"<title>{name} · Sightline</title>" in page
    assert f'<h1 class="aside">{name}</h1>' in page


def test_the_buttons_of_the_header_have_words(staff_client):
    header = text(staff_client.get("/")).split("<header")[1].split("</header>")[0]

    for words in ("Upload", "Theme", "Account"):
        assert f"<span>{words}</span>" in header


def test_the_page_names_the_encoder_that_answers(staff_client):
    make_encoder(slug="studio", checkpoint="google/siglip2-base-patch16-224")

    assert "google/siglip2-base-patch16-224" in text(staff_client.get("/"))


@pytest.mark.parametrize("name", ["studio-siglip2", "studio-siglip", "studio-clip"])
def test_a_bundled_encoder_says_what_it_knows_and_how_to_switch(staff_client, settings, name):
    make_encoder(checkpoint=str(settings.BUNDLED_CHECKPOINTS / name))

    page = text(staff_client.get("/"))

    assert "of the kind that the sample catalogue has" in page
    assert "ENCODER_CHECKPOINT" in page


# Bad input: a sentence, and never a 500


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"q": "a" * 10_000}, "This is too long: 1,000 characters are enough."),
        ({"q": "red\0barn"}, "a character that no text has (NUL)"),
        ({"q": "red", "page": "0"}, "Pages are counted from 1."),
        ({"page": "-1"}, "Pages are counted from 1."),
        ({"page": "two"}, "The page must be a number."),
        ({"page": "9" * 40}, "There is no page as far as that."),
        ({"like": "barn"}, "This is neither an asset nor a query picture."),
        ({"like": "../../etc/passwd"}, "This is neither an asset nor a query picture."),
        ({"collection": "a b"}, "There is no collection “a b”."),
        ({"collection": "a" * 101}, "There is no collection “aaa"),
        ({"label": "a" * 101}, "There is no label “aaa"),
        ({"label": "farm\0"}, "a character that no text has (NUL)"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(reader_client, parameters, sentence):
    response = reader_client.get("/", parameters)

    assert response.status_code == 400
    assert sentence in text(response)


@pytest.mark.parametrize(
    "words", ["", "a", "a" * 1000, "🐟" * 1000, "שלום עולם", "\u202eabc", "'; DROP TABLE", "%_\\"]
)
def test_any_other_text_is_a_query(reader_client, fake_encoder, words):
    make_asset(embedded=True)

    assert titles(reader_client.get("/", {"q": words})) == ["barn"]


@pytest.mark.parametrize("words", ["one_%", "<script>", "שלום", "ONE"])
def test_any_other_text_can_be_looked_up(reader_client, no_encoder_answers, words):
    make_asset(title=f"one {words}", embedded=True)

    assert len(titles(reader_client.get("/", {"q": words}))) == 1


def test_words_are_shown_as_text(reader_client, no_encoder_answers):
    page = text(reader_client.get("/", {"q": "<script>alert(1)</script>"}))

    assert "<script>alert" not in page


def test_an_unknown_asset_is_named_and_the_rest_of_the_query_stays(reader_client):
    unknown = make_user().pk

    parameters = {"q": "red", "like": f"00000000-0000-4000-8000-{unknown:012}"}
    response = reader_client.get("/", parameters)

    assert response.status_code == 400
    assert "This asset is not in the library." in text(response)
    assert 'name="q" value="red"' in text(response)
    assert 'href="/?q=red">Search without it' in text(response)


def test_a_search_is_never_posted(reader_client):
    assert reader_client.post(reverse("search")).status_code == 405


# What was asked lately


def test_words_that_found_something_are_suggested_again(reader_client, fake_encoder):
    make_asset(embedded=True)

    reader_client.get("/", {"q": "red barn"})

    assert "red barn" in text(reader_client.get("/completions/", {"q": "red b"}))


def test_a_typed_filter_that_is_none_leaves_the_words_to_search_by(reader_client):
    page = text(reader_client.get("/", {"q": "red label:nothing"}))

    assert "There is no label “nothing”." in page
    assert 'href="/?q=red">Search without it' in page
