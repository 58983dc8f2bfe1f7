"""What stands in the box, read and written again."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search.query import Words

FILTERS = frozenset({"label", "not_label", "before"})
# What texts with a meaning are made of, besides all the rest that people paste.
MARKS = st.sampled_from(["-", "--", '"', ":", " ", "label:", "before:", "nosuch:", "red", "16:9"])
BOXES = st.lists(MARKS | st.text(max_size=8)).map("".join)


def read(text: str) -> Words:
    return Words.parse(text, FILTERS)


@given(BOXES)
@example('--"a')
@example('"label:red')
@example("--label:red")
@example('a"b"c')
def test_a_box_that_is_written_again_is_read_the_same(text):
    words = read(text)
    assert read(str(words)) == words


@given(BOXES)
def test_what_is_left_out_and_what_is_typed_as_a_filter_never_reaches_the_encoder(text):
    words = read(text)
    wanted = [part.value for part in words.parts if not (part.minus or part.name)]
    assert words.wanted == " ".join(wanted)


@given(BOXES)
def test_no_plain_word_begins_with_a_minus_or_holds_a_quotation_mark(text):
    assert not any(word.startswith("-") or '"' in word for word in read(text).plain)


def test_plain_words_and_phrases_are_told_apart():
    words = read('red "old barn" snow')
    assert (words.plain, words.phrases) == (["red", "snow"], ["old barn"])


def test_the_encoder_reads_phrases_where_they_stand():
    assert read('red "old barn" snow').wanted == "red old barn snow"


def test_a_minus_leaves_a_word_or_a_phrase_out():
    words = read('barn -snow -"old roof"')
    assert (words.wanted, words.without) == ("barn", ["snow", "old roof"])


def test_a_minus_within_a_word_is_part_of_it():
    assert read("t-shirt").plain == ["t-shirt"]


@pytest.mark.parametrize("text", ["-", "--", '"', '""', '-""', "", " \t\n", '- "" -'])
def test_lone_marks_mean_nothing(text):
    assert read(text).parts == ()


def test_a_typed_filter_is_a_name_and_a_value():
    [part] = read('label:"old barn"').typed
    assert (part.name, part.value, part.minus) == ("label", "old barn", False)


def test_a_typed_filter_can_be_left_out():
    [part] = read("-label:barn").typed
    assert (part.name, part.minus) == ("label", True)


def test_a_name_may_begin_with_a_capital_as_phones_write_it():
    [part] = read("Label:barn").typed
    assert part.name == "label"


def test_a_word_with_a_colon_is_a_word():
    assert read("16:9 Alien: nosuch:thing").plain == ["16:9", "Alien:", "nosuch:thing"]


def test_a_phrase_with_a_colon_is_a_phrase():
    assert read('"label:barn"').phrases == ["label:barn"]


def test_a_quotation_mark_that_is_not_closed_is_left_away():
    assert read('"red barn').plain == ["red", "barn"]


def test_inches_and_feet_are_words():
    assert read("5'10 barn").plain == ["5'10", "barn"]


def test_spaces_of_every_kind_part_words():
    assert read("red\u00a0barn\u2003snow\nsun").plain == ["red", "barn", "snow", "sun"]


def test_without_typed_filters_the_rest_stays_as_it_is():
    words = read('red label:barn -"a b" "c d"').untyped
    assert str(words) == 'red -"a b" "c d"'
