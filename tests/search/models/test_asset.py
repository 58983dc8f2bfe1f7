"""Hits: their order, their filters, and the index that finds them."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from search.models import Asset, Label
from search.query import lexical
from tests.support.factories import make_asset, make_encoder, make_user
from tests.support.fake_encoder import COLOURS, direction

pytestmark = pytest.mark.django_db
RED = direction(COLOURS["red"])


@pytest.fixture
def dozen():
    for number, colour in enumerate(["red", "green", "blue"] * 4):
        make_asset(title=f"{colour} {number}", colour=colour, embedded=True)


@pytest.fixture
def sorting_off():
    """A dozen rows are sorted faster than any index finds them; the test is about the spelling."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")


def test_the_nearest_come_first(dozen):
    hits = Asset.objects.nearest(RED, make_encoder())[:5]

    assert [hit.title.split()[0] for hit in hits][:4] == ["red"] * 4
    assert [hit.distance for hit in hits] == sorted(hit.distance for hit in hits)


def test_an_asset_that_waits_is_no_hit(dozen):
    make_asset(title="waiting")
    titles = [hit.title for hit in Asset.objects.nearest(RED, make_encoder())[:50]]
    assert len(titles) == 12
    assert "waiting" not in titles


def test_nearest_uses_the_index(dozen, sorting_off):
    assert "hnsw_encoder_" in Asset.objects.nearest(RED, make_encoder())[:5].explain()


def test_a_filter_and_an_offset_keep_the_index(dozen, sorting_off):
    Label.objects.create(name="none")
    hits = Asset.objects.visible_to(make_user()).labelled("none").nearest(RED, make_encoder())
    assert "hnsw_encoder_" in hits[48:97].explain()


def test_a_label_and_a_collection_are_looked_up_before_their_assets(dozen):
    make_asset(labels=("house",), collection="water")
    assets = Asset.objects.labelled("house").in_collection("water")
    assert not {'"search_label"', '"search_collection"'} & set(str(assets.query).split())
    assert assets.count() == 1


def test_what_has_no_row_of_this_name_is_nothing(dozen):
    assert not Asset.objects.labelled("nothing").exists()
    assert not Asset.objects.in_collection("nothing").exists()


def test_exactly_nearest_does_not_use_the_index(dozen, sorting_off):
    plan = Asset.objects.exactly_nearest(RED, make_encoder())[:5].explain()
    assert "hnsw_encoder_" not in plan


def test_both_ways_give_the_same_assets(dozen):
    by_index = Asset.objects.nearest(RED, make_encoder())[:12]
    exactly = Asset.objects.exactly_nearest(RED, make_encoder())[:12]
    assert {hit.pk for hit in by_index} == {hit.pk for hit in exactly}


def test_a_stranger_sees_nothing_unless_search_is_public(dozen, settings):
    assert not Asset.objects.visible_to(AnonymousUser()).exists()
    settings.PUBLIC_SEARCH = True
    assert Asset.objects.visible_to(AnonymousUser()).count() == 12


@pytest.mark.parametrize("words", ["Red barn", "barn red", "IMG_4711", "wooden", "ladder"])
def test_mentioning_looks_everywhere_and_wants_every_word(words):
    make_asset(
        title="Red barn", filename="IMG_4711.png", description="A wooden one.", labels=("ladder",)
    )
    make_asset(title="Blue sea")
    hits = lexical.containing(Asset.objects.all(), words.split(), [])
    assert [asset.title for asset in hits] == ["Red barn"]


def test_mentioning_wants_every_word():
    make_asset(title="Red barn")
    assert not lexical.containing(Asset.objects.all(), ["red", "sea"], []).exists()


def test_deleting_an_asset_removes_its_files(django_capture_on_commit_callbacks):
    asset = make_asset(thumbnail=True)
    files = [asset.original, *(rendition.file for rendition in asset.renditions.all())]
    assert all(file.storage.exists(file.name) for file in files)

    with django_capture_on_commit_callbacks(execute=True):
        asset.delete()

    assert not any(file.storage.exists(file.name) for file in files)
