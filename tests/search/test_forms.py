"""What the form of a query reads beyond its canonical form."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict

from search.formats.region import Region
from search.forms import LONGEST, MOST_FILTERS, SearchForm, data_of
from search.models import Label
from search.query import Example, Query, Sort
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db

TOKEN = "0123456789abcdef" * 2


def form_of(**given) -> SearchForm:
    values = {name: [v] if isinstance(v, str) else v for name, v in given.items()}
    return SearchForm(data_of(values), make_user())


def query_of(**given) -> Query:
    form = form_of(**given)
    assert form.is_valid(), form.errors
    return form.query()


def sentences(**given) -> str:
    form = form_of(**given)
    assert not form.is_valid()
    return " ".join(form.sentences())


def test_nothing_asks_for_nothing():
    assert query_of() == Query()


def test_empty_parameters_are_as_good_as_none():
    names = ("q", "like", "unlike", "balance", "sort", "label", "page", "left", "region_of")
    assert query_of(**dict.fromkeys(names, "")) == Query()


def test_a_switch_of_zero_is_off():
    assert not query_of(diversity="0").diversity


def test_diversity_is_read_by_its_old_name_too():
    assert query_of(variety="1").parameters() == {"diversity": ["1"]}


def test_of_a_parameter_that_takes_one_value_the_last_counts():
    assert query_of(sort=["name", "oldest"]).sort == Sort.OLDEST


def test_the_same_example_twice_is_one():
    assert query_of(like=[TOKEN, TOKEN, TOKEN.upper()]).like == (Example(picture=TOKEN),)


def test_the_page_is_the_first_unless_it_says_otherwise():
    form = form_of(page="")
    form.is_valid()
    assert form.cleaned_data["page"] == 1


# A region in numbers -----------------------------------------------------------------------------


def region(left="10", top="20", width="30", height="40") -> dict[str, str]:
    return {"left": left, "top": top, "width": width, "height": height}


def test_a_region_may_be_given_in_percent():
    like = (Example(picture=TOKEN, region=Region(0.1, 0.2, 0.3, 0.4)),)
    assert query_of(region_of=TOKEN, **region()).like == like


def test_a_region_takes_the_place_of_the_example_that_it_is_of():
    pk = str(make_asset().pk)
    [example] = query_of(like=[pk], region_of=pk, **region()).like
    assert not example.is_whole


def test_a_region_leaves_other_examples_as_they_are():
    pk = str(make_asset().pk)
    assert len(query_of(like=[pk], region_of=TOKEN, **region()).like) == 2


def test_percentages_without_a_picture_are_passed_over():
    assert query_of(**region()) == Query()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"left": ""}, "four numbers"),
        ({"left": "ten"}, "four numbers"),
        ({"left": "nan"}, "four numbers"),
        ({"width": "inf"}, "four numbers"),
        ({"width": "0"}, "too small"),
        ({"left": "80"}, "outside"),
        ({"top": "-1"}, "outside"),
    ],
)
def test_what_is_no_region_gets_a_sentence_and_keeps_the_picture(wrong, sentence):
    form = form_of(region_of=TOKEN, **(region() | wrong))
    assert not form.is_valid()
    assert sentence in " ".join(form.sentences())
    assert form.query().like == (Example(picture=TOKEN),)


def test_a_region_of_an_asset_that_is_not_there_gets_a_sentence():
    unseen = "00000000-0000-4000-8000-000000000000"
    assert "not in the library" in sentences(region_of=unseen, **region())


# Who sees what -----------------------------------------------------------------------------------


def test_whoever_may_not_see_the_library_can_not_ask_by_its_assets():
    form = SearchForm(data_of({"like": [str(make_asset().pk)]}), AnonymousUser())
    assert not form.is_valid()
    assert form.query().like == ()


# Too much ----------------------------------------------------------------------------------------


def test_as_many_words_as_fit_are_read():
    assert query_of(q="a" * LONGEST).text == "a" * LONGEST
    assert "too long" in sentences(q="a" * (LONGEST + 1))


def test_typed_and_chosen_values_of_a_filter_count_together():
    Label.objects.bulk_create(Label(name=f"l{number}") for number in range(MOST_FILTERS + 1))
    chosen = [f"l{number}" for number in range(MOST_FILTERS)]
    assert len(query_of(label=chosen).filters) == MOST_FILTERS
    assert "At most" in sentences(label=chosen, q=f"label:l{MOST_FILTERS}")


@pytest.mark.parametrize("name", ["q", "label", "owner", "like", "balance", "sort"])
def test_half_a_character_as_a_command_line_may_hold_gets_a_sentence(name):
    assert sentences(**{name: "red \udcff"})


def test_a_sentence_is_said_once():
    form = form_of(like=["x", "x"], unlike="x")
    form.is_valid()
    assert len(form.sentences()) == 1


def test_an_address_with_thousands_of_values_is_read():
    form = SearchForm(QueryDict("&".join(["label=x"] * 900)), make_user())
    assert not form.is_valid()
