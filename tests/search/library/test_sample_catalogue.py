"""How far the sample catalogue is, as a file says and the search page shows."""

import pytest

from search.library import sample_catalogue
from search.library.sample_catalogue import Progress
from tests.support.factories import make_asset, make_encoder

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


def text(response) -> str:
    return " ".join(response.content.decode().split())


def test_as_a_rule_none_is_being_filled():
    assert sample_catalogue.progress() is None
    assert not sample_catalogue.is_filling()


def test_the_pictures_that_are_in_the_library_count():
    make_asset(embedded=True)
    make_asset()
    sample_catalogue.begin(10)
    assert sample_catalogue.progress() == Progress(2, 10)


def test_pictures_that_people_upload_meanwhile_do_not_make_it_more_than_whole():
    make_asset(embedded=True)
    make_asset(embedded=True)
    sample_catalogue.begin(1)
    assert sample_catalogue.progress() == Progress(1, 1)


def test_it_ends_and_may_end_twice():
    sample_catalogue.begin(10)
    sample_catalogue.end()
    sample_catalogue.end()
    assert sample_catalogue.progress() is None


def test_the_page_says_how_far_it_is_in_one_line(reader_client):
    make_encoder()
    make_asset(embedded=True)
    make_asset()
    sample_catalogue.begin(1200)
    for path in ("/", "/waiting/"):
        page = text(reader_client.get(path))
        assert "2 of 1,200 pictures of the sample catalogue are in." in page
        assert '<progress value="2" max="1200"' in page
        assert "still being embedded" not in page


def test_the_line_asks_again_until_it_is_complete(reader_client):
    sample_catalogue.begin(10)
    assert 'hx-get="/waiting/"' in text(reader_client.get("/waiting/"))
    sample_catalogue.end()
    assert "Nothing waits" in text(reader_client.get("/waiting/"))
    assert "hx-get" not in text(reader_client.get("/waiting/"))
    assert "sample catalogue" not in text(reader_client.get("/"))
