import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from search.models import Embedding, Encoder
from tests.factories import make_asset, make_encoder
from tests.fake_encoder import FakeEncoder
from workers.encoders.base import CheckpointError

pytestmark = pytest.mark.django_db


@pytest.fixture
def loads(monkeypatch):
    """Sets what the checkpoint of the settings loads as."""

    def set_to(checkpoint="google/siglip2-tiny", revision="1"):
        encoder = FakeEncoder()
        encoder.checkpoint, encoder.revision = checkpoint, revision
        monkeypatch.setattr(
            "search.management.commands.encoder.load_encoder", lambda *given: encoder
        )

    set_to()
    monkeypatch.setattr("search.management.commands.encoder.ring_bell", lambda: None)
    return set_to


def serve(capsys):
    call_command("encoder", "serve")
    return capsys.readouterr().out


def test_the_first_encoder_serves_with_its_index(loads, capsys):
    assert serve(capsys).startswith("siglip2-tiny serves")

    encoder = Encoder.objects.serving()
    assert (encoder.slug, encoder.dimensions) == ("siglip2-tiny", FakeEncoder.dimensions)
    assert encoder.has_index()


def test_every_asset_is_promised_a_vector(loads, capsys):
    asset = make_asset()

    assert "newly promised a vector: 1." in serve(capsys)
    assert [embedding.asset for embedding in Embedding.objects.waiting()] == [asset]


def test_a_checkpoint_that_has_been_moved_is_the_same_encoder(loads, capsys):
    loads("/old/place/studio")
    serve(capsys)
    loads("/new/place/studio")
    serve(capsys)
    assert [encoder.checkpoint for encoder in Encoder.objects.all()] == ["/new/place/studio"]


def test_serving_again_changes_nothing(loads, capsys):
    make_asset()
    serve(capsys)

    assert "newly promised a vector: 0." in serve(capsys)
    assert Encoder.objects.count() == Embedding.objects.count() == 1


def test_another_revision_takes_over_with_a_slug_of_its_own(loads, capsys):
    serve(capsys)
    loads(revision="2")
    serve(capsys)

    states = dict(Encoder.objects.values_list("slug", "state"))
    assert states == {"siglip2-tiny": "retired", "siglip2-tiny-2": "serving"}


def test_an_encoder_that_serves_again_is_promised_what_came_meanwhile(loads, capsys):
    serve(capsys)
    loads(revision="2")
    serve(capsys)
    make_asset()
    loads(revision="1")

    assert "newly promised a vector: 1." in serve(capsys)
    assert Encoder.objects.serving().revision == "1"


def test_a_new_encoder_is_live_before_it_serves(loads, capsys, monkeypatch):
    """An upload at that moment is promised its vector as well."""
    monkeypatch.setattr(Encoder, "build_index", lambda encoder: make_asset())
    serve(capsys)

    assert Embedding.objects.waiting().count() == 1


def test_a_checkpoint_that_cannot_be_loaded_is_one_sentence(monkeypatch):
    def refuse(*given):
        raise CheckpointError("This folder is no checkpoint.")

    monkeypatch.setattr("search.management.commands.encoder.load_encoder", refuse)

    with pytest.raises(CommandError, match="^This folder is no checkpoint.$"):
        call_command("encoder", "serve")
    assert not Encoder.objects.exists()


def test_the_list_says_how_far_each_encoder_is(capsys):
    make_encoder()
    make_asset()
    make_asset(embedded=True)

    call_command("encoder", "list")

    assert capsys.readouterr().out == (
        "fake: serving, 4 dimensions; 1 searchable, 1 waiting, 0 failed; fake @ 1\n"
    )


def test_the_list_as_json(capsys):
    make_encoder()

    call_command("encoder", "list", "--json")

    (row,) = json.loads(capsys.readouterr().out)
    assert (row["slug"], row["state"], row["searchable"]) == ("fake", "serving", 0)


@pytest.mark.django_db(transaction=True)
def test_an_upload_under_way_is_promised_the_new_encoder_too():
    """It read the live encoders before this one was there, and commits after it is."""
    stored, go_on = threading.Event(), threading.Event()

    def upload():
        with transaction.atomic():
            make_asset()
            stored.set()
            go_on.wait(10)
        connection.close()

    with ThreadPoolExecutor() as pool:
        uploading = pool.submit(upload)
        assert stored.wait(10)
        encoder = make_encoder(slug="new", state="building")
        promising = pool.submit(promise_library, encoder)
        with pytest.raises(TimeoutError):
            promising.result(0.3)
        go_on.set()
        uploading.result(10)
        assert promising.result(10) == 1


def promise_library(encoder):
    try:
        return Embedding.objects.promise_library(encoder)
    finally:
        connection.close()
