"""Libraries whose pictures were read by rules that have changed since: they heal by themselves."""

import json
from importlib import import_module
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from PIL import Image

from search import checks
from search.formats.likeness import PLAIN
from search.formats.rules import RULES
from search.library import upgrade
from search.models import Asset, Embedding, Rendition
from tests.support import pictures
from tests.support.factories import make_asset, make_encoder
from workers.look_around import look_around
from workers.tasks import upgrades
from workers.tasks.cleaning import clean_up

pytestmark = pytest.mark.django_db

WHITE = b"\xff" * 192


def discs():
    """A PNG with a palette and transparency, of which older rules made a white picture."""
    image = Image.new("P", (60, 40), 1)
    image.putpalette([0, 255, 0, 255, 0, 0])
    image.paste(0, (0, 0, 60, 4))
    return pictures.saved(image, "PNG", transparency=0)


def make_old(**fields):
    """An asset as older rules left it, with its renditions and vector."""
    old = {"rules": 1, "phash": PLAIN, "layout": WHITE, "embedded": True, "thumbnail": True}
    asset = make_asset(**old | fields)
    asset.original.storage.delete(asset.original.name)
    asset.original.storage.save(asset.original.name, ContentFile(discs()))
    Asset.objects.filter(pk=asset.pk).update(colour="#ffffff", cluster=asset.pk)
    return asset


def run(*options):
    out = StringIO()
    call_command("upgrade-library", *options, stdout=out)
    return out.getvalue().strip()


def thumbnail(asset):
    return pictures.centre(Image.open(asset.renditions.get(spec="thumbnail").file))


def test_a_healed_asset_is_as_if_ingested_now(fake_encoder):
    make_encoder()
    old = make_old(colour="blue")
    fresh = make_asset(title="fresh", colour="red", embedded=True)
    assert not pictures.close(thumbnail(old), (255, 0, 0))

    run()
    look_around()

    healed = Asset.objects.get(pk=old.pk)
    assert (healed.rules, healed.cluster) == (RULES, healed.pk)
    assert pictures.close(bytes.fromhex(healed.colour[1:]), (255, 25, 25))
    assert healed.layout != WHITE
    assert pictures.close(thumbnail(healed), (255, 0, 0))
    ours, reference = (Embedding.objects.get(asset=a).vector for a in (healed, fresh))
    assert sum(a * b for a, b in zip(ours, reference, strict=True)) > 0.98


def test_until_somebody_asks_nothing_is_read_anew(fake_encoder):
    make_encoder()
    old = make_old()

    look_around()

    assert Asset.objects.get(pk=old.pk).colour == "#ffffff"


def test_what_looks_as_it_did_keeps_its_vector_and_renditions(fake_encoder):
    make_encoder()
    asset = make_old()
    run(), look_around()
    names = set(Rendition.objects.values_list("file", flat=True))
    fulfilled = Embedding.objects.get().fulfilled
    Asset.objects.update(rules=1)

    run(), look_around()

    assert Asset.objects.get(pk=asset.pk).rules == RULES
    assert set(Rendition.objects.values_list("file", flat=True)) == names
    assert Embedding.objects.get().fulfilled == fulfilled


def test_the_command_says_how_many_are_left(fake_encoder, monkeypatch):
    command = import_module("search.management.commands.upgrade-library")
    monkeypatch.setattr(command, "ring", lambda: None)  # The workers hear it later.
    make_encoder()
    make_old(title="one"), make_old(title="two"), make_asset(title="of today", embedded=True)

    assert json.loads(run("--json")) == {"begun": 2, "left": 2}
    assert upgrade.read_next()
    assert run() == "Left to be read anew: 1."
    look_around()
    assert run() == "All pictures were read by today's rules."


def test_fresh_uploads_come_first(fake_encoder):
    make_encoder()
    make_old()
    upgrade.begin()
    fresh = make_asset(title="fresh")
    assert not upgrades.waits()

    fresh.renditions.all().delete(), fresh.embeddings.all().delete()
    assert upgrades.waits()
    upgrades.do()

    assert Embedding.objects.get().backfill


@pytest.mark.parametrize("damage", ["undecodable", "missing"])
def test_an_original_that_is_refused_today_stays_as_it_is(fake_encoder, damage):
    make_encoder()
    old = make_old()
    old.original.storage.delete(old.original.name)
    if damage == "undecodable":
        old.original.storage.save(old.original.name, ContentFile(b"no picture"))

    run(), look_around()

    healed = Asset.objects.get()
    assert (healed.rules, healed.colour) == (RULES, "#ffffff")
    assert Embedding.objects.get().fulfilled


def test_what_a_person_says_of_the_date_stays(fake_encoder):
    make_encoder()
    make_old(taken="1999-01-01T00:00Z")

    run(), look_around()

    assert Asset.objects.get().taken.year == 1999


def dated(**fields):
    """An asset as older rules left it, whose file says that it was taken in 2011."""
    asset = make_old(**fields)
    asset.original.storage.delete(asset.original.name)
    data = pictures.dated_png(changed="2011:01:01 10:00:00")
    asset.original.storage.save(asset.original.name, ContentFile(data))


@pytest.mark.parametrize(
    ("fields", "year", "source"),
    [
        ({}, 2011, "file"),
        ({"taken": "2011-01-01T10:00Z"}, 2011, "file"),
        ({"taken": "1999-01-01T00:00Z", "taken_source": "camera"}, 2011, "file"),
        ({"taken": "1999-01-01T00:00Z", "taken_source": "person"}, 1999, "person"),
        ({"taken": None, "taken_source": "person"}, None, "person"),
        # Read before anybody noted who says so: it may be a person.
        ({"taken": "1999-01-01T00:00Z"}, 1999, ""),
    ],
)
def test_who_says_the_date_is_found_out_unless_it_is_a_person(fake_encoder, fields, year, source):
    make_encoder()
    dated(**fields)

    run(), look_around()

    healed = Asset.objects.get()
    assert (healed.taken and healed.taken.year, healed.taken_source) == (year, source)
    assert healed.camera == {"model": "Maker"}


def test_one_that_ended_its_worker_is_read_again_after_the_cleaning(fake_encoder, monkeypatch):
    make_encoder()
    make_old()
    upgrade.begin()
    with monkeypatch.context() as patched:
        patched.setattr(upgrade, "read_anew", lambda asset: None)
        upgrades.do()
    assert not upgrades.waits()

    clean_up()

    assert upgrades.waits()


def test_the_system_check_asks_for_the_command():
    make_asset()
    assert checks.pictures_are_read_by_todays_rules(["default"]) == []
    make_old(title="old", embedded=False)

    (warning,) = checks.pictures_are_read_by_todays_rules(["default"])

    assert "manage.py upgrade-library" in warning.msg
    upgrade.begin()
    assert checks.pictures_are_read_by_todays_rules(["default"]) == []
