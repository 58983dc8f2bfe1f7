"""The command that fills a library with the sample catalogue, and goes on where it was cut off."""

from functools import cache

import pytest
from django.core.management import call_command

from search.management.commands import catalogue
from search.models import Asset, AssetLabel, Encoder
from tests.support.factories import make_asset, make_encoder, make_user

pytestmark = pytest.mark.django_db


# To draw a picture takes 0.12 s, and all of these tests begin with the same ones.
draw_once = cache(catalogue.draw)


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch):
    monkeypatch.setattr(catalogue, "draw", draw_once)


@pytest.fixture(autouse=True)
def owner():
    make_encoder()
    return make_user("curator")


def fill(pictures: int = 4, **options) -> None:
    call_command("catalogue", pictures=pictures, owner="curator", **options)


def filenames() -> set[str]:
    return set(Asset.objects.values_list("filename", flat=True))


def test_its_pictures_have_titles_and_labels():
    fill()
    assert Asset.objects.filter(title__contains=" ", asset_labels__isnull=False).distinct()
    assert not Asset.objects.filter(asset_labels=None).exists()
    assert Asset.objects.count() == 4


def test_their_facts_are_those_that_the_sandbox_finds(monkeypatch):
    fill(1)
    own = Asset.objects.values("width", "height", "format", "colour", "phash", "layout").get()
    Asset.objects.all().delete()
    monkeypatch.setattr(catalogue, "inspect_own", lambda file: None)
    fill(1)
    assert Asset.objects.values(*own).get() == own


def test_what_is_there_is_not_drawn_again(monkeypatch):
    fill()
    monkeypatch.setattr(catalogue, "draw", lambda *scene: pytest.fail("It is drawn again."))
    fill()
    assert Asset.objects.count() == 4


def test_what_is_missing_is_drawn():
    fill()
    before = filenames()
    Asset.objects.first().delete()
    fill()
    assert filenames() == before


def test_a_picture_whose_description_was_cut_off_is_described():
    fill()
    before = sorted(AssetLabel.objects.values_list("asset__filename", "label__name"))
    AssetLabel.objects.filter(asset=Asset.objects.first()).delete()
    fill()
    assert sorted(AssetLabel.objects.values_list("asset__filename", "label__name")) == before


def test_a_picture_of_ones_own_with_such_a_name_gets_none_of_its_labels(owner):
    fill(1)
    name = Asset.objects.get().filename
    Asset.objects.all().delete()
    AssetLabel.objects.all().delete()
    own = make_asset(owner=owner, filename=name)
    fill(1)
    assert Asset.objects.filter(filename=name).count() == 2
    assert not own.asset_labels.exists()


def test_two_processes_draw_what_one_does():
    fill(5)
    whole = filenames()
    Asset.objects.all().delete()
    fill(5, part=(0, 2))
    assert len(filenames()) == 3
    fill(5, part=(1, 2))
    assert filenames() == whole


def test_it_waits_for_the_workers_so_that_they_are_never_far_behind(monkeypatch):
    monkeypatch.setattr(catalogue, "MOST_AHEAD", 3)
    monkeypatch.setattr(catalogue, "PATIENCE_SECONDS", 0.2)
    rests = []
    monkeypatch.setattr(catalogue.time, "sleep", rests.append)
    fill(1)
    assert rests == []
    fill(4)
    assert rests != []


def test_where_no_workers_run_it_goes_on_without_them(monkeypatch):
    monkeypatch.setattr(catalogue, "MOST_AHEAD", 3)
    monkeypatch.setattr(catalogue, "PATIENCE_SECONDS", 0.2)
    fill(6)
    assert Asset.objects.count() == 6


def test_where_no_encoder_serves_one_is_let_serve_first(monkeypatch):
    Encoder.objects.all().delete()
    calls = []
    monkeypatch.setattr(
        "search.management.library.call_command",
        lambda *names, **options: calls.append((names, Asset.objects.count())),
    )
    fill(1)
    assert calls[0] == (("encoder", "serve"), 0)
