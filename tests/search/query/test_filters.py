"""What each filter leaves, typed in the box and as a parameter of the address."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from search.forms import SearchForm, data_of
from search.models import Asset, AssetLabel, Collection, Embedding, Label
from search.query import answer
from search.query.filters import FILTERS
from tests.support.factories import make_asset, make_encoder, make_user

pytestmark = pytest.mark.django_db


def left_by(**given) -> set[str]:
    """The titles that a page with these parameters shows."""
    values = {name: [v] if isinstance(v, str) else v for name, v in given.items()}
    form = SearchForm(data_of(values), make_user())
    assert form.is_valid(), form.errors
    return {hit.asset.title for hit in answer(form.query(), make_user()).hits}


def refused(**given) -> str:
    form = SearchForm(data_of({name: [value] for name, value in given.items()}), make_user())
    assert not form.is_valid()
    return " ".join(form.sentences())


def of_size(width: int, height: int, **fields) -> Asset:
    """An asset that says it is this large, called after it."""
    asset = make_asset(title=f"{width}x{height}", **fields)
    Asset.objects.filter(pk=asset.pk).update(width=width, height=height)
    return asset


def added(title: str, moment: datetime, **fields) -> Asset:
    asset = make_asset(title=title, **fields)
    Asset.objects.filter(pk=asset.pk).update(created=moment)
    return asset


# Labels and collections --------------------------------------------------------------------------


def test_a_label_leaves_the_assets_that_carry_it():
    make_asset(title="barn", labels=("house",))
    make_asset(title="sea")
    assert left_by(label="house") == left_by(q="label:house") == {"barn"}


def test_several_labels_leave_the_assets_that_carry_all():
    make_asset(title="barn", labels=("house", "old"))
    make_asset(title="villa", labels=("house",))
    assert left_by(label=["house", "old"]) == left_by(q="label:house label:old") == {"barn"}


def test_a_label_that_a_person_and_an_encoder_gave_is_one():
    barn = make_asset(title="barn", labels=("house",))
    label, source = Label.objects.get(), AssetLabel.Source.ENCODER
    AssetLabel.objects.create(asset=barn, label=label, source=source, score=0.9)
    form = SearchForm(data_of({"label": ["house"]}), make_user())
    form.is_valid()
    assert answer(form.query(), make_user()).count == 1


def test_a_label_that_is_left_out_leaves_the_others():
    make_asset(title="barn", labels=("house",))
    make_asset(title="sea")
    assert left_by(not_label="house") == left_by(q="-label:house") == {"sea"}


def test_several_labels_that_are_left_out_leave_what_carries_none():
    make_asset(title="barn", labels=("house",))
    make_asset(title="sea", labels=("water",))
    make_asset(title="sun")
    assert left_by(not_label=["house", "water"]) == {"sun"}


def test_a_plain_word_with_a_minus_leaves_out_who_carries_it_as_a_label(fake_encoder):
    make_asset(title="barn", labels=("House",), embedded=True)
    make_asset(title="sea", embedded=True)
    assert left_by(q="-house") == left_by(q="red -house") == {"sea"}


def test_a_collection_leaves_its_assets_by_its_slug_or_its_name():
    make_asset(title="sea", collection="water")
    make_asset(title="barn")
    Asset.objects.get(title="sea").collections.update(name="The Water")
    assert left_by(collection="water") == left_by(q='collection:"the water"') == {"sea"}


def test_several_collections_leave_what_is_in_all():
    sea = make_asset(title="sea", collection="water")
    barn = make_asset(title="barn", collection="farm")
    barn.collections.first().assets.add(sea)
    assert left_by(collection=["water", "farm"]) == {"sea"}


@pytest.mark.parametrize("name", ["label", "not_label", "collection", "owner"])
def test_what_is_not_there_is_named_in_a_sentence(name):
    assert "nosuch" in refused(**{name: "nosuch"})


def test_a_collection_in_another_script_has_a_slug_and_is_found():
    collection = Collection(name="写真", slug="写真")
    collection.full_clean()
    collection.save()
    collection.assets.add(make_asset(title="sea"))
    make_asset(title="barn")
    assert left_by(collection="写真") == left_by(q="collection:写真") == {"sea"}


# Other spellings, and several values -------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("format:jpg", ("format", "JPEG")),
        ("format:JPE", ("format", "JPEG")),
        ("format:tif", ("format", "TIFF")),
        ("color:red", ("colour", "red")),
        ("Color:gray", ("colour", "grey")),
        ("colour:Gray", ("colour", "grey")),
    ],
)
def test_other_spellings_are_the_same_filter(typed, canonical):
    name, _, value = typed.partition(":")
    for given in ({"q": [f"red {typed}"]}, {name.lower(): [value]}):
        form = SearchForm(data_of(given), make_user())
        assert form.is_valid(), form.errors
        assert form.query().filters == (canonical,)
        assert form.query().parameters().get(canonical[0]) == [canonical[1]]


def test_a_colour_that_there_is_not_is_refused_by_the_name_it_was_typed_with():
    assert "mauve" in refused(q="color:mauve")
    assert "mauve" in refused(color="mauve")


def test_control_a_format_that_there_is_not_is_refused():
    assert "is no format" in refused(format="jpq")


def test_both_spellings_at_once_leave_what_has_any_of_their_colours():
    for title, colour in (("rose", "red"), ("sea", "blue"), ("meadow", "green")):
        make_asset(title=title, colour=colour)
    assert left_by(color="red", colour="blue") == {"rose", "sea"}


@pytest.fixture
def three_years():
    for year in (2001, 2002, 2003):
        added(str(year), datetime(year, 6, 1, tzinfo=UTC), owner=make_user(f"user {year}"))


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("year", ["2001", "2003"], {"2001", "2003"}),
        ("owner", ["user 2001", "user 2002"], {"2001", "2002"}),
        ("after", ["2003", "2002"], {"2002", "2003"}),
        ("before", ["2002", "2003"], {"2001", "2002"}),
        ("added_after", ["2002", "2003"], {"2002", "2003"}),
    ],
)
def test_several_values_leave_what_has_any_of_them(three_years, name, values, expected):
    typed = " ".join(f'{name}:"{value}"' for value in values)
    assert left_by(**{name: values}) == left_by(q=typed) == expected


def test_several_shapes_and_sizes_leave_what_has_any_of_them():
    for size in ((100, 300), (300, 100), (100, 100), (2000, 2000), (4000, 4000)):
        of_size(*size)
    assert left_by(orientation=["portrait", "panorama"]) == {"100x300", "300x100"}
    assert left_by(size=["medium", "large"]) == {"2000x2000", "4000x4000"}


def test_several_states_leave_what_is_in_any_of_them(fake_encoder):
    make_asset(title="done", embedded=True)
    make_asset(title="waits")
    failed = make_asset(title="broken")
    Embedding.objects.filter(asset=failed).update(error="text", attempts=9)
    assert left_by(state=["searchable", "waiting"]) == {"done", "waits"}


def test_dates_contradict_only_where_no_day_is_left(three_years):
    assert left_by(after=["2003", "2001"], before=["2002"]) == {"2001"}
    assert refused(q="after:2003 after:2002 before:2001 before:2002")


# Facts of the picture ----------------------------------------------------------------------------


def test_several_formats_leave_what_has_one_of_them():
    for title, format in (("a", "PNG"), ("b", "JPEG"), ("c", "WebP")):
        Asset.objects.filter(pk=make_asset(title=title).pk).update(format=format)
    assert left_by(format=["png", "jpeg"]) == left_by(q="format:PNG format:jpeg") == {"a", "b"}


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        ("landscape", {"106x100", "200x100", "300x100"}),
        ("portrait", {"100x106", "100x300"}),
        ("square", {"100x100", "105x100", "100x105"}),
        ("panorama", {"200x100", "300x100"}),
    ],
)
def test_an_orientation_tells_landscape_from_square_and_portrait(orientation, expected):
    for size in ((100, 100), (105, 100), (100, 105), (106, 100), (100, 106)):
        of_size(*size)
    for size in ((200, 100), (300, 100), (100, 300)):
        of_size(*size)
    assert left_by(orientation=orientation) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [("small", {"999x1000"}), ("medium", {"1000x1000", "1999x4000"}), ("large", {"2000x4000"})],
)
def test_a_size_is_one_of_three_ranges_of_pixels(size, expected):
    for sides in ((999, 1000), (1000, 1000), (1999, 4000), (2000, 4000)):
        of_size(*sides)
    assert left_by(size=size) == left_by(q=f"size:{size}") == expected


def test_the_largest_pictures_that_can_be_kept_have_a_size():
    of_size(32_000, 32_000)
    assert left_by(size="large") == {"32000x32000"}


def test_several_colours_leave_what_has_one_of_them():
    for colour in ("red", "blue", "green"):
        make_asset(title=colour, colour=colour)
    assert left_by(colour=["red", "blue"]) == {"red", "blue"}


NAMED = {
    "#dc2828": "red", "#8b0000": "red", "#ff6347": "red", "#ff8c00": "orange", "#e67e22": "orange",
    "#8b4513": "brown", "#5c4033": "brown", "#a0826d": "brown", "#ffd700": "yellow",
    "#e6d228": "yellow", "#f5e960": "yellow", "#228b22": "green", "#556b2f": "green",
    "#98fb98": "green", "#808000": "green", "#008080": "teal", "#20b2aa": "teal",
    "#40e0d0": "teal", "#1e3cdc": "blue", "#87ceeb": "blue", "#000080": "blue",
    "#4682b4": "blue", "#6a0dad": "purple", "#9370db": "purple", "#6b5f40": "brown",
    "#ff69b4": "pink", "#ffc0cb": "pink", "#ff1493": "pink", "#0a0a0a": "black",
    "#1c1c1c": "black", "#808080": "grey", "#c0c0c0": "grey", "#606468": "grey",
    "#ffffff": "white", "#f5f5f5": "white", "#fffff0": "white",
}  # fmt: skip


@pytest.mark.parametrize("colour", NAMED)
def test_a_main_colour_is_called_as_a_person_would(colour):
    with connection.cursor() as cursor:
        cursor.execute("SELECT colour_name(%s)", [colour])
        assert cursor.fetchone() == (NAMED[colour],)


# People and states -------------------------------------------------------------------------------


def test_an_owner_leaves_what_they_uploaded():
    make_asset(title="hers", owner=make_user("Ada"))
    make_asset(title="his", owner=make_user("Bob"))
    assert left_by(owner="ada") == left_by(q="owner:Ada") == {"hers"}


@pytest.mark.parametrize(
    ("state", "expected"), [("searchable", "done"), ("waiting", "new"), ("failed", "broken")]
)
def test_a_state_is_that_of_the_serving_encoder(state, expected):
    make_encoder()
    make_encoder(slug="building", revision="2", state="building")
    make_asset(title="done", embedded=True)
    make_asset(title="new")
    failed = Embedding.objects.filter(asset=make_asset(title="broken"), encoder__slug="fake")
    failed.update(error="This is no picture.")
    assert left_by(state=state) == {expected}


# Days --------------------------------------------------------------------------------------------


@pytest.fixture
def days():
    """Assets that were added about the end of May 2024 and of 2023."""
    for moment in (
        "2023-12-31T23:59:59.999999", "2024-01-01T00:00:00", "2024-05-30T23:59:59",
        "2024-05-31T00:00:00", "2024-05-31T23:59:59", "2024-06-01T00:00:00",
    ):  # fmt: skip
        added(moment, datetime.fromisoformat(moment).replace(tzinfo=UTC))


@pytest.mark.parametrize("name", ["before", "added_before"])
@pytest.mark.parametrize(
    ("day", "latest"),
    [
        ("2024-05-31", "2024-05-30T23:59:59"),
        ("2024-06", "2024-05-31T23:59:59"),
        ("2024-6-1", "2024-05-31T23:59:59"),
        ("2024", "2023-12-31T23:59:59.999999"),
    ],
)
def test_before_a_day_ends_at_its_midnight(days, name, day, latest):
    assert max(left_by(**{name: day})) == max(left_by(q=f"{name}:{day}")) == latest


@pytest.mark.parametrize("name", ["after", "added_after"])
@pytest.mark.parametrize(
    ("day", "earliest"),
    [
        ("2024-05-31", "2024-05-31T00:00:00"),
        ("2024-06", "2024-06-01T00:00:00"),
        ("2024", "2024-01-01T00:00:00"),
    ],
)
def test_after_a_day_begins_at_its_midnight(days, name, day, earliest):
    assert min(left_by(**{name: day})) == earliest


def test_a_year_is_all_of_it_and_nothing_else(days):
    assert len(left_by(year="2024")) == 5
    assert left_by(year="2023") == {"2023-12-31T23:59:59.999999"}


def test_two_days_hold_what_lies_between(days):
    between = {"2024-05-31T00:00:00", "2024-05-31T23:59:59"}
    assert left_by(after="2024-05-31", before="2024-06-01") == between
    assert left_by(q="after:2024-05-31 before:2024-06-01") == between


def test_the_day_is_the_one_it_was_taken_where_that_is_known():
    taken = datetime(1999, 7, 1, tzinfo=UTC)
    added("old", datetime(2024, 1, 1, tzinfo=UTC), taken=taken)
    added("new", datetime(2024, 1, 1, tzinfo=UTC))
    assert left_by(year="1999") == left_by(before="2000") == {"old"}
    assert left_by(taken_before="2000") == {"old"}
    assert left_by(taken_after="1999-07-01") == {"old"}
    assert left_by(added_after="2000") == {"old", "new"}


@pytest.mark.parametrize("year", ["1000", "9999"])
def test_a_year_at_either_end_of_time_can_be_asked_for(year):
    added("then", datetime(int(year), 12, 31, 23, 59, tzinfo=UTC))
    assert left_by(year=year) == {"then"}


@pytest.mark.parametrize("day", ["0001", "9999-12-31"])
def test_a_day_at_either_end_of_time_can_be_asked_for(day):
    make_asset(title="now")
    assert left_by(after=day) | left_by(before=day) == {"now"}


@pytest.mark.parametrize(
    "day", ["2024-13", "2024-02-30", "24", "2024-1-1-1", "31.5.2024", "today", "2024-00", "0000"]
)
def test_what_is_no_day_gets_a_sentence(day):
    assert "is no date" in refused(before=day)


def test_new_since_a_moment_is_what_was_added_or_could_be_found_only_then(fake_encoder):
    added("before", datetime(2024, 1, 1, tzinfo=UTC), embedded=True)
    added("after", datetime(2024, 3, 1, tzinfo=UTC))
    Embedding.objects.filter(fulfilled__isnull=False).update(
        fulfilled=datetime(2024, 1, 2, tzinfo=UTC)
    )
    assert left_by(new_since="2024-02-01T00:00:00Z") == {"after"}


# Several -----------------------------------------------------------------------------------------


def test_of_a_filter_no_value_wins_over_another():
    for size in ((100, 300), (300, 100), (100, 100)):
        of_size(*size)
    assert left_by(orientation=["portrait", "landscape"]) == {"100x300", "300x100"}


def test_what_is_typed_counts_beside_what_was_chosen():
    for size in ((100, 300), (300, 100), (100, 100)):
        of_size(*size)
    both = left_by(orientation="portrait", q="orientation:landscape")
    assert both == {"100x300", "300x100"}


def test_every_filter_narrows_what_another_has_left():
    make_asset(title="barn", labels=("house",), colour="red")
    make_asset(title="pool", labels=("house",), colour="blue")
    make_asset(title="rose", colour="red")
    assert left_by(label="house", colour="red") == {"barn"}


def test_a_label_that_is_asked_for_and_left_out_gets_a_sentence():
    make_asset(labels=("house",))
    assert "both asked for and left out" in refused(q="label:house -label:House")


@pytest.mark.parametrize(
    ("after", "before"),
    [("after", "before"), ("taken_after", "taken_before"), ("added_after", "added_before")],
)
def test_days_that_contradict_each_other_get_a_sentence(after, before):
    assert "contradict" in refused(**{after: "2024-02", before: "2024-02-01"})


def test_what_was_typed_wrong_says_what_there_is():
    assert "choose landscape, portrait, square or panorama" in refused(orientation="round")
    assert "small, medium or large" in refused(q="size:huge")


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_can_be_given_with_spaces_around(name):
    make_asset(labels=("x",), collection="x")
    value = {"label": "x", "not_label": "x", "collection": "x", "format": "png", "colour": "red"}
    value |= {"any_label": "x", "any_collection": "x", "licence": "CC0-1.0"}
    value |= {"orientation": "square", "size": "small", "owner": "owner", "state": "waiting"}
    person = make_user("boss" if name == "as_of" else "owner", staff=name == "as_of")
    form = SearchForm(data_of({name: [f" {value.get(name, '2024')} "]}), person)
    assert form.is_valid() or name == "new_since", form.errors
