import hashlib
import json
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from search.models import Asset, Embedding, Encoder, Rendition
from tests.support.factories import make_asset, make_encoder, make_user
from workers.tasks import renditions

pytestmark = pytest.mark.django_db


@pytest.fixture
def asset():
    """A whole library: one asset, with all that belongs to it."""
    make_encoder()
    made = make_asset(embedded=True, thumbnail=True)
    with made.original.open() as original:
        sha256 = hashlib.sha256(original.read()).hexdigest()
    Asset.objects.update(sha256=sha256)
    Embedding.objects.update(sha256=sha256)
    return made


def fsck(capsys, *options):
    """The breaches that fsck finds."""
    with suppress(CommandError):
        call_command("fsck", "--json", *options)
    return json.loads(capsys.readouterr().out)


def only(breaches):
    (breach,) = breaches
    return breach


def test_a_whole_library_has_no_breach(asset, capsys):
    call_command("fsck", "--strict")

    assert capsys.readouterr().out == "The library is whole.\n"


def test_a_breach_is_named_and_fails(asset, capsys):
    Rendition.objects.filter(spec="preview").delete()

    with pytest.raises(CommandError, match=r"Breaches found: 1\."):
        call_command("fsck")

    assert f'Asset {asset.pk} "barn" has no promise of a preview.' in capsys.readouterr().out


def test_it_finds_a_missing_original(asset, capsys):
    default_storage.delete(asset.original.name)

    assert "is missing" in only(fsck(capsys))


def test_it_finds_an_original_that_has_changed(asset, capsys):
    with default_storage.open(asset.original.name, "ab") as original:
        original.write(b"!")

    assert "has changed" in only(fsck(capsys))


def test_it_finds_a_missing_rendition(asset, capsys):
    default_storage.delete(asset.rendition("thumbnail").file.name)

    assert "The thumbnail of Asset" in only(fsck(capsys))


def test_a_young_file_without_a_row_is_a_breach_to_strict_alone(asset, capsys):
    default_storage.save("originals/aa/stray", ContentFile(b"stray"))

    assert fsck(capsys) == []
    assert "originals/aa/stray belongs to no asset" in only(fsck(capsys, "--strict"))


def test_it_finds_a_missing_promise(asset, capsys):
    Embedding.objects.all().delete()

    assert "has no promise of fake" in only(fsck(capsys))


def test_it_finds_an_embedding_of_other_bytes(asset, capsys):
    Embedding.objects.update(sha256="0" * 64)

    assert "made from other bytes" in only(fsck(capsys))


@pytest.mark.parametrize("vector", [[1, 0, 0], [0.5, 0, 0, 0], [0, 0, 0, 0]])
def test_it_finds_a_wrong_vector(asset, capsys, vector):
    drop_index(make_encoder())  # It would refuse a vector of another length.
    Embedding.objects.update(vector=vector)

    assert any("has a vector of fake with" in breach for breach in fsck(capsys))


def test_it_finds_that_no_encoder_serves(asset, capsys):
    Encoder.objects.update(state="retired")

    assert only(fsck(capsys)) == "No encoder serves."


def test_it_finds_a_missing_index(asset, capsys):
    drop_index(make_encoder())

    assert "The HNSW index of fake" in only(fsck(capsys))


def test_it_finds_that_a_ready_encoder_has_no_index(asset, capsys):
    drop_index(make_encoder(slug="other", revision="2", state="ready"))

    assert any("The HNSW index of other" in breach for breach in fsck(capsys))


def test_what_is_not_promised_yet_is_a_breach_to_strict_alone(asset, capsys):
    make_encoder(slug="new", revision="2", state="building", promised=None)

    assert fsck(capsys) == []
    assert "has no promise of new" in only(fsck(capsys, "--strict"))


def test_a_claim_past_its_lease_is_a_breach_to_strict_at_once(asset, capsys):
    lapse(minutes=1)

    assert fsck(capsys) == []
    assert "The claim on barn by fake ran out" in only(fsck(capsys, "--strict"))


def test_a_claim_that_nobody_takes_up_is_a_breach(asset, capsys):
    lapse(minutes=90)

    assert "The claim on barn by fake ran out" in only(fsck(capsys))


def test_an_asset_deleted_meanwhile_is_no_breach(asset, capsys, monkeypatch):
    monkeypatch.setattr(
        "search.library.fsck._sha256", lambda name: Asset.objects.all().delete() and ""
    )

    assert fsck(capsys) == []


def drop_index(encoder):
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {encoder.index_name}")


def lapse(*, minutes):
    Embedding.objects.reset()
    Embedding.objects.claim_fresh(1)
    Embedding.objects.update(leased_until=timezone.now() - timedelta(minutes=minutes))


# How it is mended


def mend(capsys, *options):
    """What `fsck --mend` says of each breach, and whether nothing is left."""
    try:
        call_command("fsck", "--mend", "--json", *options)
        is_whole = True
    except CommandError:
        is_whole = False
    return json.loads(capsys.readouterr().out), is_whole


@pytest.fixture(autouse=True)
def unheard(monkeypatch):
    """Nobody takes up at once what is promised."""
    monkeypatch.setattr("search.management.commands.fsck.ring", lambda: None)


def lose(name):
    default_storage.delete(name)


def damage(name):
    with open(default_storage.path(name), "r+b") as file:
        file.seek(200)
        file.write(bytes(50))


def cut(name):
    with open(default_storage.path(name), "r+b") as file:
        file.truncate(100)


@pytest.mark.promise("P15")
@pytest.mark.parametrize("spoil", [lose, damage, cut])
@pytest.mark.parametrize("with_sum", [True, False])
def test_a_lost_or_damaged_rendition_is_made_anew(asset, capsys, spoil, with_sum):
    name = asset.rendition("thumbnail").file.name
    if not with_sum:  # As of before there were any.
        Rendition.objects.update(sha256="")
        spoil = cut if spoil is damage else spoil
    spoil(name)

    sentences, is_whole = mend(capsys)

    assert "The thumbnail of Asset" in only(sentences) and "It is promised anew." in only(sentences)
    assert is_whole
    while renditions.do():
        pass
    assert fsck(capsys) == []
    assert Rendition.objects.done().count() == 2


@pytest.mark.promise("P15")
def test_control_a_rendition_that_is_whole_is_left_alone(asset, capsys):
    before = list(Rendition.objects.values_list("file", "sha256"))

    assert mend(capsys) == ([], True)
    assert list(Rendition.objects.values_list("file", "sha256")) == before


@pytest.mark.promise("P15")
@pytest.mark.parametrize("spoil", [lose, damage])
def test_a_lost_or_altered_original_is_named(asset, capsys, spoil):
    spoil(asset.original.name)

    sentences, is_whole = mend(capsys)

    assert str(asset.pk) in only(sentences) and only(sentences).endswith(("missing.", "changed."))
    assert not is_whole


@pytest.mark.promise("P15")
@pytest.mark.parametrize("spoil", [lose, damage])
def test_an_original_that_another_owner_has_too_is_put_back(asset, capsys, spoil):
    asset.refresh_from_db()
    make_asset(owner=make_user("other"), sha256=asset.sha256, embedded=True, thumbnail=True)
    spoil(asset.original.name)

    sentences, is_whole = mend(capsys)

    assert only(sentences).endswith("put back from another owner's asset of the same bytes.")
    assert is_whole and fsck(capsys) == []


def test_what_was_not_promised_is_promised(asset, capsys):
    Embedding.objects.all().delete()
    Rendition.objects.filter(spec="preview").delete()

    sentences, is_whole = mend(capsys)

    assert len(sentences) == 2 and is_whole
    assert fsck(capsys) == []
    assert Embedding.objects.waiting().count() == Rendition.objects.waiting().count() == 1


@pytest.mark.parametrize("fields", [{"vector": [0.5, 0, 0, 0]}, {"sha256": "0" * 64}])
def test_a_wrong_embedding_is_promised_anew(asset, capsys, fields):
    Embedding.objects.update(**fields)

    assert mend(capsys)[1]
    assert fsck(capsys) == []
    assert Embedding.objects.get().sha256 == asset.sha256 or Embedding.objects.waiting().exists()


def test_a_missing_index_is_built(asset, capsys):
    drop_index(make_encoder())

    assert mend(capsys)[1]
    assert fsck(capsys) == []


def test_a_file_without_a_row_is_removed_once_it_is_old(asset, capsys, monkeypatch):
    default_storage.save("originals/aa/stray", ContentFile(b"stray"))
    assert not mend(capsys, "--strict")[1]

    monkeypatch.setattr("search.library.storage.YOUNG", timedelta())

    assert mend(capsys)[1]
    assert not default_storage.exists("originals/aa/stray")


def test_what_no_command_can_mend_is_left_and_fails(asset, capsys):
    Encoder.objects.update(state="retired")

    assert mend(capsys) == (["No encoder serves."], False)
