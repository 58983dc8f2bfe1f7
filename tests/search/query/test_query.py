"""The canonical form of a query: an address, a form, JSON and the options of the command."""

import json
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandParser
from django.http import QueryDict
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from search.forms import LONGEST, SearchForm, data_of
from search.management.commands.search import Command, parameters
from search.models import Asset, Collection, Label
from search.query import Example, Malformed, Query, Sort, Words
from search.query.filters import FILTERS
from search.query.query import MOST_EXAMPLES, MOST_WITHOUT, read_balance
from tests.support.factories import make_asset, make_user
from tests.support.regions import regions

pytestmark = pytest.mark.django_db

LABELS = ("house", "Houses", "old barn", "naïve", "a:b", "-minus", 'say "hi"', "100%", "+1")
COLLECTIONS = {"water": "Lake", "Zoo": "water", "a-b": "Ça & là", "動物": "動物園"}
OWNERS = ("owner", "Anna", "o+w@n.er")
PK = UUID(int=1)
ASSETS = [UUID(int=number) for number in range(1, 6)]


@pytest.fixture
def library(db):
    for pk in ASSETS:
        make_asset(pk=pk, title=str(pk))
    Label.objects.bulk_create(Label(name=name) for name in LABELS)
    Collection.objects.bulk_create(
        Collection(slug=slug, name=name) for slug, name in COLLECTIONS.items()
    )
    for name in OWNERS:  # Whose picture nobody sees is not known by name.
        make_asset(owner=make_user(name))


# What can be asked -------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
MARKS = st.sampled_from(["-", '"', ":", " ", "label:", "Before:", "red", "-snow", '"old barn"'])
BOXES = st.lists(TEXTS | MARKS, max_size=8).map(" ".join)
WEIGHTS = st.floats(0.1, 10).map(lambda weight: round(weight, 2))
IDS = st.sampled_from(ASSETS).map(lambda pk: {"asset": pk}) | st.uuids().map(
    lambda token: {"picture": token.hex}
)


@st.composite
def examples(draw) -> Example:
    region = draw(st.none() | regions())
    return Example(**draw(IDS), region=region, weight=draw(st.just(1) | WEIGHTS))


def several(part):
    return st.lists(part, max_size=4, unique=True).map(tuple)


DATES = st.dates().map(str)
VALUES = {
    "label": st.sampled_from(LABELS),
    "not_label": st.sampled_from(LABELS),
    "collection": st.sampled_from(sorted(COLLECTIONS)),
    "format": st.sampled_from(["JPEG", "PNG", "WebP"]),
    "colour": st.sampled_from(["red", "grey", "teal"]),
    "orientation": st.sampled_from(["landscape", "panorama"]),
    "size": st.sampled_from(["small", "large"]),
    "owner": st.sampled_from(OWNERS),
    "state": st.sampled_from(["searchable", "failed"]),
    "year": st.integers(1000, 9999).map(str),
    "new_since": st.datetimes().map(str) | st.datetimes(timezones=st.timezones()).map(str),
}
PAIRS = st.sampled_from(sorted(FILTERS)).flatmap(
    lambda name: VALUES.get(name, DATES).map(lambda value: (name, value))
)


@st.composite
def addresses(draw) -> dict[str, list[str]]:
    """What stands in an address that can be read."""
    given = {
        "q": [draw(BOXES)],
        "like": [str(one) for one in draw(several(examples()))],
        "unlike": [str(one) for one in draw(several(examples()))],
        "balance": [str(draw(st.floats(0, 1)))],
        "sort": [draw(st.sampled_from(list(Sort)))],
    }
    given |= {name: draw(st.sampled_from(["", "0", "1"])) for name in SWITCHES}
    for name, value in draw(st.lists(PAIRS, max_size=4)):
        given.setdefault(name, []).append(value)
    return given


SWITCHES = ("everything", "diversity", "duplicates")
each_with_the_same_library = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def query_of(given) -> Query:
    form = SearchForm(given, make_user())
    assert form.is_valid(), form.errors
    return form.query()


@pytest.fixture
def read(library):
    """The queries that forms make of what can be asked; others get a sentence."""

    def read(given) -> Query | None:
        form = SearchForm(data_of(given), make_user())
        if form.is_valid():
            return form.query()
        assert form.sentences()
        return None

    return read


# Round trips -------------------------------------------------------------------------------------


@given(given=addresses())
@example(given={"label": ["House"]})
@example(given={"collection": ["Zoo"]})
@example(given={"owner": ["Owner"]})
@each_with_the_same_library
def test_the_parameters_of_a_query_are_the_same_query(read, given):
    if query := read(given):
        again = query_of(data_of(query.parameters()))
        assert again == query
        assert again.parameters() == query.parameters()


@given(given=addresses())
@each_with_the_same_library
def test_the_address_of_a_query_is_the_same_query(read, given):
    if query := read(given):
        assert parse_qs(query.url()) == query.parameters()
        assert query_of(QueryDict(query.url())) == query


@given(given=addresses())
@each_with_the_same_library
def test_json_of_a_query_is_the_same_query(read, given):
    if query := read(given):
        assert query_of(data_of(json.loads(json.dumps(query.parameters())))) == query


@given(given=addresses())
@each_with_the_same_library
def test_the_options_of_the_command_are_the_same_query(read, given):
    if query := read(given):
        assert query_of(parameters(options(as_typed(query)))) == query


def as_typed(query: Query) -> list[str]:
    """What a person would write behind `manage.py search`."""
    given = query.parameters()
    # Behind a double dash: the words may begin with a dash themselves.
    words = ["--", *given.pop("q", [])]
    switches = [f"--{name}" for name in SWITCHES if given.pop(name, None)]
    others = [f"--{name}={value}" for name, values in given.items() for value in values]
    return [*switches, *others, *words]


def options(typed: list[str]) -> dict:
    parser = CommandParser()
    Command().add_arguments(parser)
    return vars(parser.parse_args(typed))


@pytest.mark.parametrize("name", LABELS)
def test_a_label_is_found_by_its_name_just_as_it_is_written(library, name):
    assert query_of(data_of({"label": [name]})).filters == (("label", name),)


@pytest.mark.parametrize("slug", COLLECTIONS)
def test_a_collection_is_found_by_its_slug_whatever_others_are_called(library, slug):
    assert query_of(data_of({"collection": [slug]})).filters == (("collection", slug),)


@pytest.mark.parametrize("name", OWNERS)
def test_an_owner_is_found_by_the_name_just_as_it_is_written(library, name):
    assert query_of(data_of({"owner": [name]})).filters == (("owner", name),)


def test_the_same_filters_in_another_order_are_the_same_query(library):
    one = query_of(data_of({"label": ["house", "old barn"], "format": ["PNG"]}))
    other = query_of(data_of({"format": ["png"], "label": ["old barn", "House", "House"]}))
    assert one == other


def test_what_is_typed_as_a_filter_is_the_filter(library):
    typed = query_of(data_of({"q": ['red label:"old barn" -label:naïve collection:water']}))
    given = {"label": ["old barn"], "not_label": ["naïve"], "collection": ["water"]}
    assert typed == query_of(data_of({"q": ["red"], **given}))


def test_what_is_as_usual_is_left_out():
    assert Query.of("red").parameters() == {"q": ["red"]}
    assert Query().url() == ""


@pytest.mark.parametrize("given", [{"q": ["red"], "nosuch": ["1"], "sort[]": ["x"], "page": ["3"]}])
def test_unknown_parameters_are_passed_over(given, library):
    assert query_of(data_of(given)) == Query.of("red")


def test_the_longest_box_that_can_be_read_can_be_read_again(library):
    form = SearchForm(data_of({"q": ['a"b"' * (LONGEST // 4)]}), make_user())
    assert not form.is_valid() or query_of(data_of(form.query().parameters())) == form.query()


def test_page_command_and_saved_search_give_one_order(fake_encoder, reader_client, capsys):
    from django.core.management import call_command

    for title, colour in (("sea", "blue"), ("barn", "red"), ("snow", "white"), ("sun", "yellow")):
        make_asset(title=title, colour=colour, embedded=True)
    sea = Asset.objects.get(title="sea")
    query = query_of(data_of({"q": ["red -white"], "like": [str(sea.pk)], "balance": ["0.7"]}))

    page = reader_client.get(f"/?{query.url()}").context["answer"].hits
    stored = data_of(json.loads(json.dumps(query.parameters())))
    saved = reader_client.get("/", stored).context["answer"].hits
    call_command("search", "red -white", "--like", str(sea.pk), "--balance", "0.7", "--json")
    printed = json.loads(capsys.readouterr().out)

    assert [hit.asset.title for hit in page] == [hit.asset.title for hit in saved]
    assert [hit.asset.title for hit in page] == [hit["title"] for hit in printed["hits"]]
    assert printed["query"] == query.parameters()


# Examples ----------------------------------------------------------------------------------------


@given(examples())
def test_an_example_that_is_written_is_read_the_same(example):
    assert Example.parse(str(example)) == example


def test_an_example_is_read_in_capitals_and_with_spaces_around():
    assert Example.parse(f" {str(ASSETS[0]).upper()} ") == Example(asset=ASSETS[0])


@pytest.mark.parametrize(
    "text",
    [
        "", "barn", "@", "*", "-", "0" * 31, "0" * 33, "z" * 32, f"{PK}@", f"{PK}@@",
        f"{PK}@1,2", f"{PK}@0,0,1,1@", f"{PK}*", f"{PK}*nan", f"{PK}*inf",
        f"{PK}*-1", f"{PK}*0", f"{PK}*11", f"{PK}*1*1", f"{PK}*0x1",
        f"{PK}@nan,0,1,1*1", "-" * 1000, f"{{{PK}}}", "١" * 32,
    ],
)  # fmt: skip
def test_what_is_no_example_gets_a_sentence(text):
    with pytest.raises(Malformed, match=r"\.$"):
        Example.parse(text)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "-0.1", "1.1", "", "half", "1e400", "١x"])
def test_what_is_no_balance_gets_a_sentence(text):
    with pytest.raises(Malformed, match="0 to 1"):
        read_balance(text)


# Steps from one query to the next ----------------------------------------------------------------


def test_more_like_one_that_was_against_turns_it_around():
    pk = str(uuid4())
    query = Query(unlike=(Example.parse(pk),)).more_like(pk)
    assert (query.like, query.unlike) == ((Example.parse(pk),), ())


def test_a_filter_that_is_added_and_taken_away_leaves_the_query_as_it_was():
    query = Query.of("red", filters=(("label", "house"),))
    assert query.plus("format", "PNG").minus("format", "PNG") == query


def test_an_example_that_is_added_and_taken_away_leaves_the_query_as_it_was():
    query, pk = Query.of("red"), str(uuid4())
    assert query.more_like(pk).no_longer(pk) == query


def test_a_query_asks_unless_it_shows_the_whole_library():
    assert not Query(sort=Sort.NAME).asks
    assert Query.of("-red").asks


def test_as_much_as_may_be_asked_can_be_asked_again(library):
    tokens = [uuid4().hex for _ in range(MOST_EXAMPLES)]
    words = " ".join(f"-w{number}" for number in range(MOST_WITHOUT))
    query = query_of(data_of({"q": [words], "like": tokens}))
    assert query_of(data_of(query.parameters())) == query
    assert query.words == Words.parse(words)
