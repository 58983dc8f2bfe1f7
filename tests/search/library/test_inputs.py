"""Inputs: kept until all encoders have their vector, and never needed."""

import io
from contextlib import suppress

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from PIL import Image

from search.disk import DiskFull, DurableStorage
from search.formats.decode import pixels_of
from search.library import inputs
from search.library.fsck import files_without_row
from search.library.ingest import ingest
from search.library.originals import derived_from
from search.library.storage import remove_orphans, stored_files
from search.models import Asset, Encoder, Rendition
from search.models.embedding import EmbeddingQuerySet
from tests.support.factories import file_of, make_asset, make_encoder, make_user
from workers.look_around import look_around
from workers.tasks import embeddings, renditions

pytestmark = pytest.mark.django_db


@pytest.fixture
def asset(fake_encoder):
    """One that waits for its vector, by an encoder of which is known what it takes."""
    make_encoder(resolution=fake_encoder.resolution)
    return make_asset(size=(600, 400))


def input_files():
    return list(stored_files(inputs.FOLDER))


def decodings(monkeypatch):
    """The originals that are decoded from now on."""
    names, read = [], embeddings.originals.picture_of
    monkeypatch.setattr(
        embeddings.originals,
        "picture_of",
        lambda asset, **options: names.append(asset.pk) or read(asset, **options),
    )
    return names


def test_it_comes_with_the_renditions_and_goes_with_the_last_vector(asset, monkeypatch):
    originals = decodings(monkeypatch)

    renditions.do()
    assert input_files() == [inputs.name_of(asset.pk)]
    embeddings.do()

    assert input_files() == []
    assert asset.embeddings.get().state == "done"
    assert originals == []


def test_it_stays_while_another_encoder_waits(asset):
    make_encoder(slug="other", state=Encoder.State.BUILDING, revision="2")
    asset.embeddings.create(encoder=Encoder.objects.get(slug="other"), sha256=asset.sha256)
    renditions.do()

    embeddings.do()
    assert input_files() == [inputs.name_of(asset.pk)]
    embeddings.do()

    assert input_files() == []


def test_it_is_as_large_as_the_largest_encoder_takes(asset):
    make_encoder(slug="large", state=Encoder.State.BUILDING, revision="2", resolution=90)

    renditions.do()

    picture = inputs.picture_of(asset, at_least=180)
    assert picture.size == (300, 200)


def test_none_is_made_where_no_vector_is_owed(asset):
    asset.embeddings.update(error="file_is_damaged")
    renditions.do()
    assert input_files() == []


def keep(asset, size):
    """Store an input that is blue."""
    inputs.keep(asset, pixels_of(Image.new("RGB", size, "blue")))


def damage(asset):
    with default_storage.open(inputs.name_of(asset.pk), "r+b") as file:
        file.seek(200)
        file.write(b"other")


def cut(asset):
    name = inputs.name_of(asset.pk)
    with default_storage.open(name) as file:
        data = file.read()
    default_storage.delete(name)
    default_storage.save(name, io.BytesIO(data[:-9]))


def lose(asset):
    default_storage.delete(inputs.name_of(asset.pk))


def outdate(asset):
    keep(asset, (300, 200))
    type(asset).objects.update(sha256="0" * 64)
    asset.embeddings.update(sha256="0" * 64)


def shrink(asset):
    keep(asset, (30, 20))


@pytest.mark.parametrize("harm", [damage, cut, lose, outdate, shrink])
def test_one_that_is_of_no_use_is_made_again_from_the_original(asset, monkeypatch, harm):
    renditions.do()
    harm(asset)
    originals = decodings(monkeypatch)

    embeddings.do()

    assert originals == [asset.pk]
    vector = asset.embeddings.get().vector
    assert vector[0] > vector[2]  # It is red, as the original is.


def test_control_a_whole_one_is_used(asset):
    renditions.do()
    keep(asset, (300, 200))

    embeddings.do()

    vector = asset.embeddings.get().vector
    assert vector[0] < vector[2]


def test_where_there_is_no_room_for_an_input_all_else_is_made(asset, monkeypatch):
    save = DurableStorage._save

    def full(self, name, content):
        if name.startswith(inputs.FOLDER):
            raise DiskFull("disk_full")
        return save(self, name, content)

    monkeypatch.setattr(DurableStorage, "_save", full)
    look_around()

    assert Rendition.objects.done().count() == 2
    assert asset.embeddings.get().state == "done"


def test_no_more_are_made_where_as_many_lie_there_as_may(asset, monkeypatch):
    monkeypatch.setattr(inputs, "MOST", 1)
    keep(make_asset(title="other"), (30, 20))

    renditions.do()

    assert inputs.name_of(asset.pk) not in input_files()
    assert asset.renditions.done().count() == 2


def test_it_is_no_orphan_while_it_is_needed_and_one_afterwards(asset, monkeypatch):
    monkeypatch.setattr("search.library.storage.is_young", lambda name: False)
    renditions.do()
    assert (list(files_without_row(strict=True)), remove_orphans()) == ([], 0)

    asset.embeddings.update(error="file_is_damaged")
    assert asset.renditions.done().count() == 2

    assert len(list(files_without_row(strict=True))) == 1
    assert (remove_orphans(), input_files()) == (1, [])


def test_it_goes_with_its_asset(asset, django_capture_on_commit_callbacks):
    renditions.do()
    with django_capture_on_commit_callbacks(execute=True):
        asset.delete()
    assert input_files() == []


def test_an_encoder_that_was_not_yet_measured_is_when_it_is_loaded(fake_encoder):
    encoder = make_encoder()
    make_asset()

    look_around()

    encoder.refresh_from_db()
    assert encoder.resolution == fake_encoder.resolution
    assert Rendition.objects.done().count() == 2


# What is made as a file is examined


def sent(format, colour="red"):
    """An upload of a picture, as it is examined in the sandbox."""
    file = SimpleUploadedFile("picture", file_of(format, colour, (600, 400)))
    return ingest(file, owner=make_user())[0]


FORMATS = ["JPEG", "PNG", "WebP", "GIF", "TIFF", "BMP", "AVIF"]


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_decoded_at_the_door_is_not_decoded_again(fake_encoder, monkeypatch, format):
    make_encoder(resolution=fake_encoder.resolution)
    asset = sent(format)
    assert {r.state for r in asset.renditions.all()} == {"done"}
    monkeypatch.setattr("search.library.originals.open_original", None)

    embeddings.do()

    assert asset.embeddings.get().state == "done"
    assert input_files() == []


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_what_comes_of_it_is_what_comes_of_the_original(fake_encoder, format):
    make_encoder(resolution=fake_encoder.resolution)
    asset = sent(format)

    renditions = {r.side: r.file.read() for r in asset.renditions.all()}
    made = derived_from(asset, [1600, 640], 2 * fake_encoder.resolution)

    assert (renditions, bytes(inputs.read(asset))) == made


@pytest.mark.parametrize(("format", "limit"), [("JPEG", "MOST_OF_JPEG"), ("PNG", "MOST_PIXELS")])
def test_of_a_very_large_picture_the_rest_is_left_to_workers(monkeypatch, format, limit):
    make_encoder(resolution=30)
    monkeypatch.setattr("search.formats.facts." + limit, 100)
    monkeypatch.setattr("search.formats.decode.sandbox.run", lambda work, *rest: work(*rest))

    asset = sent(format)

    assert {r.state for r in asset.renditions.all()} == {"waiting"}
    assert input_files() == []


def test_where_no_vector_is_owed_there_is_no_input():
    asset = sent("PNG")
    assert {r.state for r in asset.renditions.all()} == {"done"}
    assert input_files() == []


def test_an_upload_that_is_not_stored_leaves_none(monkeypatch):
    def fail(self, asset):
        raise IntegrityError

    make_encoder(resolution=30)
    asset = sent("PNG")
    monkeypatch.setattr(EmbeddingQuerySet, "promise", fail)
    with suppress(Asset.DoesNotExist):
        sent("PNG", "blue")

    assert input_files() == [inputs.name_of(asset.pk)]
    assert len(list(stored_files("renditions"))) == 2
