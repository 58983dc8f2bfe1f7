"""The facts of a picture."""

from datetime import UTC, datetime

import pytest
from PIL import ExifTags, Image, TiffImagePlugin

from search.formats import decode as decoding
from search.formats import facts
from search.formats.likeness import layout_of, perceptual_hash, same_layout
from tests.support import pictures
from tests.support.drawn import drawing
from tests.support.formats import decode, inspect

FORMATS = pytest.mark.parametrize("format", pictures.FORMATS)

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
    pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
]


# What is accepted


@FORMATS
def test_each_format_is_accepted_with_its_facts(format):
    facts = inspect(pictures.picture(format, (64, 48), "#204060"))

    assert (facts.format, facts.width, facts.height) == (format, 64, 48)
    assert pictures.close(bytes.fromhex(facts.colour[1:]), (0x20, 0x40, 0x60))


@FORMATS
@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1)])
def test_the_smallest_and_the_longest_pictures_are_accepted(format, size):
    if format == "WebP" and max(size) > 16_383:
        size = (min(size[0], 16_383), min(size[1], 16_383))

    assert decode(pictures.picture(format, size)).size == size


def test_a_line_of_20_000_pixels_passes_inspection():
    facts = inspect(pictures.png((1, 20_000)))

    assert (facts.width, facts.height) == (1, 20_000)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WebP", "AVIF", "TIFF"])
def test_of_an_animation_the_first_frame_is_the_picture(format):
    data = pictures.animation(format, 4)

    assert inspect(data).format == format
    assert pictures.close(pictures.centre(decode(data)), (255, 0, 0))


def test_a_camera_file_of_two_pictures_is_a_jpeg():
    other = Image.new("RGB", (96, 64), "black")
    data = pictures.saved(pictures.corners(), "MPO", save_all=True, append_images=[other])

    assert inspect(data).format == "JPEG"
    assert pictures.is_upright(decode(data))


def test_the_main_colour_is_seen_over_white():
    assert inspect(pictures.png(colour=(0, 0, 0, 0), mode="RGBA")).colour == "#ffffff"


def test_a_file_is_rewound_before_and_after():
    with pictures.upload(pictures.jpeg()) as file:
        file.seek(7)
        facts.inspect(file)
        after_inspect = file.tell()
        file.seek(7)
        decoding.shrink(file, 8)

        assert (after_inspect, file.tell()) == (0, 0)
        assert file.read() == pictures.jpeg()


@pytest.mark.parametrize(("at_least", "makes"), [(448, True), (1024, True), (1600, False)])
def test_facts_are_the_same_whatever_else_is_made_of_a_jpeg(at_least, makes):
    data = pictures.saved(drawing(2).resize((2400, 1800)), "JPEG", quality=92)
    with pictures.upload(data) as file:
        more, made = facts.inspect_and_derive(file, [1600, 640], at_least)

    assert (more, made is not None) == (inspect(data), makes)
    assert (more.width, more.height) == (2400, 1800)


# When it was taken


def taken(**times):
    return inspect(pictures.jpeg(exif=pictures.dated(**times))).taken


def test_the_date_taken_is_the_one_of_the_original():
    assert taken(original="2019:05:06 07:08:09", digitized="2020:01:02 03:04:05") == datetime(
        2019, 5, 6, 7, 8, 9, tzinfo=UTC
    )


def test_without_one_it_is_the_date_of_digitizing():
    time = taken(original="0000:00:00 00:00:00", digitized="2020:01:02 03:04:05\0")

    assert time == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "    :  :     :  :  ",
        "0000:00:00 00:00:00",
        "1970:01:01 00:00:00",
        "2019:02:30 10:00:00",
        "2019:05:06 25:00:00",
        "1066:10:14 09:00:00",
        "9999:12:31 23:59:59",
        "last summer",
        "٢٠١٩:٠٥:٠٦ ٠٧:٠٨:٠٩",
        "2019:05:06 07:08:09+99:99",
        7,
    ],
)
def test_a_date_that_is_none_is_ignored(text):
    assert taken(original=text) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2015:07:04 10:20:30", (4, 10, 20, 30)),
        ("2015-07-04 10:20:30", (4, 10, 20, 30)),
        ("2015/07/04 10:20:30", (4, 10, 20, 30)),
        ("2015:07:04T10:20:30", (4, 10, 20, 30)),
        (" 2015:07:04 10:20:30", (4, 10, 20, 30)),
        ("2015: 7: 4 10:20:30", (4, 10, 20, 30)),
        ("2015:07:04 10:20:30.25", (4, 10, 20, 30)),
        ("2015:07:04 10:20:30+02:00", (4, 10, 20, 30)),
        ("2015-07-04T10:20:30.5Z", (4, 10, 20, 30)),
        ("2015:07:04 10:20:30 PM", (4, 22, 20, 30)),
        ("2015:07:04 10:20", (4, 10, 20, 0)),
        ("2015:07:04", (4, 0, 0, 0)),
        ("2015:07:04 24:00:00", (5, 0, 0, 0)),
        ("2015:07:04 23:59:60", (5, 0, 0, 0)),
    ],
)
def test_a_date_is_read_as_software_writes_it(text, time):
    assert taken(original=text) == datetime(2015, 7, *time, tzinfo=UTC)


# In the order in which they are believed: each alone, then each beside those after it.
PLACES = {
    "original": {"original": "2011:01:01 10:00:00"},
    "digitized": {"digitized": "2012:01:01 10:00:00"},
    "changed": {"changed": "2013:01:01 10:00:00"},
    "xmp": {"xmp": 'exif:DateTimeOriginal="2014-01-01T10:00:00+02:00"'},
    "photoshop": {"xmp": "<photoshop:DateCreated>2015-01-01T10:00:00</photoshop:DateCreated>"},
    "created": {"xmp": "xmp:CreateDate='2016-01-01T10:00'"},
    "text": {"text": "2017:01:01 10:00:00"},
    "mail": {"text": "Mon, 1 Jan 2018 10:00:00 +0000"},
    "chunk": {"chunk": (2019, 1, 1, 10, 0, 0)},
    "satellite": {"satellite": ("2020:01:01", (10.0, 0.0, 0.0))},
}


@pytest.mark.parametrize("place", PLACES)
def test_the_best_place_that_has_a_date_is_believed(place):
    year = 2011 + list(PLACES).index(place)
    weaker = list(PLACES.values())[year - 2010 :]
    both = PLACES[place]
    for other in reversed(weaker):
        both = other | both

    assert inspect(pictures.dated_png(**PLACES[place])).taken == datetime(
        year, 1, 1, 10, tzinfo=UTC
    )
    assert inspect(pictures.dated_png(**both)).taken == datetime(year, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("place", PLACES)
def test_what_is_not_from_the_camera_is_marked_as_weaker(place):
    source = "camera" if place in ("original", "digitized") else "file"

    assert inspect(pictures.dated_png(**PLACES[place])).taken_source == source


def test_where_nobody_says_when_nobody_is_named():
    assert inspect(pictures.png()).taken_source == ""
    assert inspect(pictures.dated_png(original="last summer")).taken_source == ""


def test_a_date_in_the_future_gives_way_to_a_weaker_one():
    data = pictures.dated_png(original="2093:07:04 10:20:30", satellite=("2020:01:01", None))

    assert inspect(data).taken == datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WebP", "AVIF"])
def test_every_format_that_carries_exif_tells_its_date(format):
    exif = pictures.dated(original="2019:05:06 07:08:09").tobytes()
    data = pictures.saved(pictures.corners(), format, exif=exif)

    assert inspect(data).taken == datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC)


# With what it was taken


def exif_of(**tags):
    """EXIF with these tags, by their names."""
    exif = Image.Exif()
    for name, value in tags.items():
        own = name in ("Make", "Model")
        (exif if own else exif.get_ifd(ExifTags.IFD.Exif))[ExifTags.Base[name]] = value
    return exif


def camera(**tags):
    return inspect(pictures.jpeg(exif=exif_of(**tags))).camera


def test_camera_lens_and_exposure_are_read():
    assert camera(
        Make="NIKON CORPORATION",
        Model="NIKON D750",
        LensModel="AF-S 50mm f/1.8G\0",
        ExposureTime=0.004,
        FNumber=2.8,
        ISOSpeedRatings=400,
        FocalLength=50.0,
        BodySerialNumber="12345",
        CameraOwnerName="Ana",
    ) == {
        "model": "NIKON D750",
        "lens": "AF-S 50mm f/1.8G",
        "exposure": "1/250 s, f/2.8, ISO 400, 50 mm",
    }


@pytest.mark.parametrize(
    ("tags", "facts"),
    [
        ({}, {}),
        ({"Make": "SONY", "Model": "ILCE-7M3"}, {"model": "SONY ILCE-7M3"}),
        ({"Make": "Maker"}, {"model": "Maker"}),
        ({"Model": "a\x1b[31m\tb\n c" + "d" * 200}, {"model": "a [31m b c" + "d" * 70}),
        ({"ExposureTime": 2.5, "FNumber": 11.0}, {"exposure": "2.5 s, f/11"}),
        ({"ExposureTime": TiffImagePlugin.IFDRational(1, 0), "FNumber": 0.0}, {}),
        ({"ISOSpeedRatings": 0, "FocalLength": 0.0}, {}),
    ],
)
def test_what_is_missing_or_nonsense_is_left_out(tags, facts):
    assert camera(**tags) == facts


def test_the_hash_and_layout_are_of_the_upright_picture():
    drawn = drawing()
    turned = pictures.saved(pictures.turned(drawn, 6), "PNG", exif=pictures.orientation(6))

    seen = inspect(turned)

    assert seen.phash == perceptual_hash(decoding.fit(drawn, facts.COLOUR_SIDE))
    assert same_layout(seen.layout, layout_of(drawn))
