import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from search.management.commands import encoder as command
from search.models import Embedding, Encoder
from search.models.encoder import WrongState
from tests.support.factories import make_asset, make_encoder
from tests.support.fake_encoder import FakeEncoder
from workers.encoders.checkpoint import find
from workers.encoders.protocol import CheckpointError

pytestmark = pytest.mark.django_db


@pytest.fixture
def loads(monkeypatch):
    """Sets what any checkpoint loads as."""

    def set_to(checkpoint="google/siglip2-tiny", revision="1"):
        encoder = FakeEncoder()
        encoder.checkpoint, encoder.revision = checkpoint, revision
        for module in (
            "search.management.commands.encoder",
            "workers.add_encoder",
            "workers.encoder_cache",
        ):
            monkeypatch.setattr(f"{module}.load_encoder", lambda *given, **options: encoder)
        return encoder

    set_to()
    return set_to


def refuse(*given, **options):
    raise CheckpointError("text", text="This folder is no checkpoint.")


def run(capsys, *arguments):
    call_command("encoder", *arguments)
    return capsys.readouterr().out


def states() -> dict[str, str]:
    return dict(Encoder.objects.values_list("slug", "state"))


# serve -------------------------------------------------------------------------------------------


def test_the_first_encoder_serves_with_its_index(loads, capsys):
    assert run(capsys, "serve") == "siglip2-tiny serves.\n"

    encoder = Encoder.objects.serving()
    assert (encoder.slug, encoder.dimensions) == ("siglip2-tiny", FakeEncoder.dimensions)
    assert encoder.has_index()


def test_what_the_first_encoder_is_gets_kept(loads, capsys):
    run(capsys, "serve")

    encoder = Encoder.objects.get()
    assert encoder.manifest == FakeEncoder.manifest
    assert len(encoder.probes["texts"][0]) == FakeEncoder.dimensions


def test_every_asset_is_embedded(loads, capsys):
    asset = make_asset()

    run(capsys, "serve")

    assert [embedding.asset for embedding in Embedding.objects.done()] == [asset]


def test_a_checkpoint_that_has_been_moved_is_the_same_encoder(loads, capsys):
    loads("/old/place/studio")
    run(capsys, "serve")
    loads("/new/place/studio")
    run(capsys, "serve")
    assert [encoder.checkpoint for encoder in Encoder.objects.all()] == ["/new/place/studio"]


def test_serving_again_changes_nothing(loads, capsys):
    make_asset()
    run(capsys, "serve")

    assert run(capsys, "serve") == "siglip2-tiny serves.\n"
    assert Encoder.objects.count() == Embedding.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_another_checkpoint_takes_over_only_once_it_is_ready(loads, capsys, monkeypatch):
    run(capsys, "serve")
    make_asset(embedded=False)
    loads(revision="2")
    with monkeypatch.context() as idle:
        idle.setattr(command, "advance_without_workers", lambda: None)
        assert "built beside siglip2-tiny" in run(capsys, "serve")
        assert states() == {"siglip2-tiny": "serving", "siglip2-tiny-2": "building"}

    command.advance_without_workers()

    assert states() == {"siglip2-tiny": "ready", "siglip2-tiny-2": "serving"}


def test_what_a_curator_has_promoted_stays_at_the_next_start(loads, capsys):
    make_encoder(slug="chosen", revision="0")
    make_encoder(slug="named", revision="1", state="ready")

    assert run(capsys, "serve") == "chosen serves; named is ready, as it was left.\n"
    assert states() == {"chosen": "serving", "named": "ready"}


def test_a_checkpoint_that_cannot_be_loaded_is_one_sentence(monkeypatch):
    monkeypatch.setattr(command, "load_encoder", refuse)

    with pytest.raises(CommandError, match="^This folder is no checkpoint.$"):
        call_command("encoder", "serve")
    assert not Encoder.objects.exists()


def test_the_files_that_serve_are_not_loaded_again(monkeypatch, settings, capsys):
    files = find(settings.ENCODER_CHECKPOINT, "")
    make_encoder(checkpoint=files.name, revision=files.revision, probes={"texts": [[1]]})
    monkeypatch.setattr(command, "load_encoder", refuse)

    call_command("encoder", "serve")

    assert capsys.readouterr().out == "fake serves.\n"


def test_a_checkpoint_that_is_passed_over_need_not_load_for_the_site_to_start(
    monkeypatch, settings, capsys
):
    make_encoder()
    make_encoder(slug="named", revision="0", checkpoint=settings.ENCODER_CHECKPOINT, state="ready")
    monkeypatch.setattr(command, "load_encoder", refuse)

    call_command("encoder", "serve")

    answer = capsys.readouterr().err
    assert answer == "This folder is no checkpoint. fake goes on serving.\n"


def test_an_unknown_checkpoint_that_cannot_be_loaded_is_refused_also_beside_another(monkeypatch):
    make_encoder()
    monkeypatch.setattr(command, "load_encoder", refuse)

    with pytest.raises(CommandError, match="^This folder is no checkpoint.$"):
        call_command("encoder", "serve")


def test_the_serving_checkpoint_that_can_no_longer_be_loaded_is_refused(monkeypatch, settings):
    make_encoder(checkpoint=settings.ENCODER_CHECKPOINT)
    monkeypatch.setattr(command, "load_encoder", refuse)

    with pytest.raises(CommandError, match="^This folder is no checkpoint.$"):
        call_command("encoder", "serve")


# add ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_encoder_is_added_beside_the_one_that_serves(loads, capsys):
    make_encoder(revision="0")
    asset = make_asset(embedded=True)

    out = run(capsys, "add", "google/siglip2-tiny", "--slug", "second")

    assert out.startswith("second is added")
    assert states() == {"fake": "serving", "second": "ready"}
    assert asset.embeddings.done().count() == 2


PROOF = {"recall": 0.912, "before": 0.914, "kind": "words", "same": 0.98, "moved": 0.02}


def test_8_bits_are_another_encoder_with_its_proof(loads, capsys, monkeypatch):
    make_encoder()
    loads().precision = "int8"
    monkeypatch.setattr(command, "prove", lambda loaded: PROOF)

    run(capsys, "add", "google/siglip2-tiny", "--precision", "int8")

    row = Encoder.objects.get(precision="int8")
    assert (row.slug, row.proof, row.revision) == ("siglip2-tiny-int8", PROOF, "1")
    figures = "8 bits: recall@10 0.912, in single precision 0.914 (by words)"
    assert figures in run(capsys, "list")


def test_8_bits_that_lose_too_much_are_refused(loads, monkeypatch):
    def lose(loaded):
        raise WrongState("int8_loses", checkpoint=loaded.checkpoint, **PROOF)

    make_encoder()
    loads().precision = "int8"
    monkeypatch.setattr(command, "prove", lose)

    with pytest.raises(CommandError, match="loses too much in 8 bits here"):
        call_command("encoder", "add", "google/siglip2-tiny", precision="int8")
    assert Encoder.objects.count() == 1


def test_adding_says_its_state_as_json(loads, capsys):
    answer = json.loads(run(capsys, "add", "google/siglip2-tiny", "--json"))

    assert (answer["slug"], answer["state"], answer["waiting"]) == ("siglip2-tiny", "ready", 0)


def test_a_retired_encoder_is_brought_back_with_its_vectors(loads, capsys):
    retired = make_encoder(slug="old")
    survivor = make_asset()
    Embedding.objects.claim_fresh(1)[0].fulfil(vector=[1, 0, 0, 0])
    Encoder.objects.update(state="retired")
    new = make_asset()

    run(capsys, "add", "google/siglip2-tiny")

    assert states() == {"old": "ready"}
    assert Embedding.objects.get(asset=survivor).vector == [1, 0, 0, 0]
    assert Embedding.objects.get(asset=new, encoder=retired).state == "done"


@pytest.mark.parametrize(
    ("slug", "sentence"),
    [
        ("taken", "There is an encoder named taken already."),
        ("Two words", "'Two words' is no slug: small letters, digits and hyphens, please."),
    ],
)
def test_a_slug_that_will_not_do_is_one_sentence(loads, slug, sentence):
    make_encoder(slug="taken", revision="0")

    with pytest.raises(CommandError) as refused:
        call_command("encoder", "add", "google/siglip2-tiny", "--slug", slug)

    assert str(refused.value) == sentence


def test_an_encoder_is_not_added_twice(loads, capsys):
    run(capsys, "add", "google/siglip2-tiny")

    with pytest.raises(CommandError, match="is there already: siglip2-tiny is ready"):
        call_command("encoder", "add", "google/siglip2-tiny")


def test_one_that_is_being_removed_is_not_added_meanwhile(loads):
    make_encoder(state="ready").ask_removal()

    with pytest.raises(CommandError, match="is being removed"):
        call_command("encoder", "add", "google/siglip2-tiny")


def test_a_bad_checkpoint_adds_nothing(monkeypatch):
    monkeypatch.setattr("workers.add_encoder.load_encoder", refuse)

    with pytest.raises(CommandError, match="^This folder is no checkpoint.$"):
        call_command("encoder", "add", "somewhere")
    assert not Encoder.objects.exists()


def test_one_that_fails_its_self_check_adds_nothing(loads, monkeypatch):
    monkeypatch.setattr("workers.add_encoder.probe", refuse)

    with pytest.raises(CommandError, match="no checkpoint"):
        call_command("encoder", "add", "google/siglip2-tiny")
    assert not Encoder.objects.exists()


# promote, retire, remove -------------------------------------------------------------------------


@pytest.fixture
def two(loads):
    make_encoder(slug="old", revision="0")
    make_encoder(slug="new", state="ready")


@pytest.mark.parametrize("verb", ["promote", "retire", "remove"])
def test_an_unknown_encoder_is_one_sentence(verb, db):
    with pytest.raises(CommandError, match="^There is no encoder nobody"):
        call_command("encoder", verb, "nobody")


def test_promoting_and_rolling_back(two, capsys):
    assert run(capsys, "promote", "new") == "new serves.\n"
    assert states() == {"old": "ready", "new": "serving"}

    answer = json.loads(run(capsys, "promote", "old", "--json"))

    assert (answer["slug"], answer["state"]) == ("old", "serving")
    assert states() == {"old": "serving", "new": "ready"}


def test_promoting_says_what_it_will_not_find(two, capsys):
    make_asset()
    Embedding.objects.filter(encoder__slug="new").update(error="No picture.")

    assert "1 assets could not be embedded by it." in run(capsys, "promote", "new")


@pytest.mark.parametrize("state", ["building", "retired"])
def test_only_a_ready_encoder_is_promoted(two, state):
    Encoder.objects.filter(slug="new").update(state=state)

    with pytest.raises(CommandError, match=f"new is {state}: only an encoder that is ready"):
        call_command("encoder", "promote", "new")
    assert states()["old"] == "serving"


def test_one_that_no_query_worker_can_load_is_not_promoted(two, monkeypatch):
    Encoder.objects.filter(slug="new").update(problem="Its files are gone.")
    monkeypatch.setattr(command, "WARM_UP_SECONDS", 0)
    monkeypatch.setattr(command, "is_warm", lambda encoder: encoder.slug == "old")

    with pytest.raises(CommandError, match="^Its files are gone. old goes on serving.$"):
        call_command("encoder", "promote", "new")
    assert states() == {"old": "serving", "new": "ready"}


def test_where_no_query_worker_answers_anyway_it_is_promoted_with_a_warning(
    two, monkeypatch, capsys
):
    monkeypatch.setattr(command, "ANSWER_SECONDS", 0)
    monkeypatch.setattr(command, "is_warm", lambda encoder: False)

    call_command("encoder", "promote", "new")

    assert "No query worker answers" in capsys.readouterr().err
    assert states()["new"] == "serving"


def test_a_retired_encoder_keeps_its_vectors_and_gets_no_promise(two, capsys):
    make_asset()

    assert run(capsys, "retire", "new").startswith("new is retired")

    make_asset()
    assert Embedding.objects.filter(encoder__slug="new").count() == 1
    assert Encoder.objects.get(slug="new").has_index()


@pytest.mark.parametrize("verb", ["retire", "remove"])
def test_the_serving_encoder_stays(two, verb):
    with pytest.raises(CommandError, match=f"old serves, so it can't be {verb}d"):
        call_command("encoder", verb, "old")
    assert states()["old"] == "serving"


def test_removing_deletes_vectors_and_index(two, capsys, monkeypatch):
    make_asset()
    index = Encoder.objects.get(slug="new").index_name
    monkeypatch.setattr("workers.upkeep.GRACE_SECONDS", -100)

    assert run(capsys, "remove", "new").startswith("new is removed")

    assert states() == {"old": "serving"}
    assert [e.encoder.slug for e in Embedding.objects.all()] == ["old"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [index])
        assert cursor.fetchone() == (None,)


# list --------------------------------------------------------------------------------------------


def test_the_list_says_how_far_each_encoder_is(capsys):
    make_encoder()
    make_asset()
    make_asset(embedded=True)

    assert run(capsys, "list") == (
        "fake: serving, SigLIP, 4 dimensions; 1 searchable, 1 waiting (0.0 per second, 60 s left),"
        " 0 failed; fake @ 1\n"
    )


def test_the_list_says_what_is_amiss(capsys):
    make_encoder(problem="Its files are gone.", patches=256)

    out = run(capsys, "list")

    assert "256 patches" in out and out.endswith("; Its files are gone.\n")


def test_the_list_says_why_one_is_slow(capsys):
    parameters = {"engine": "oneDNN", "times": 40.0}
    make_encoder(engine="torch", fallback="engine_slow", fallback_parameters=parameters)

    sentence = "oneDNN takes 40.0 times as long as torch here, so torch alone computes it."
    assert run(capsys, "list").endswith(f"; {sentence}\n")
    (row,) = json.loads(run(capsys, "list", "--json"))
    assert (row["engine"], row["fallback"]) == ("torch", sentence)


def test_the_list_as_json(capsys):
    make_encoder()
    make_asset(embedded=True)
    make_asset()

    (row,) = json.loads(run(capsys, "list", "--json"))

    assert (row["slug"], row["state"], row["searchable"]) == ("fake", "serving", 1)
    assert row["per_second"] == pytest.approx(1 / 60)
    assert row["seconds_left"] == pytest.approx(60)


# The library's promises --------------------------------------------------------------------------


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
        encoder = make_encoder(slug="new", state="building", promised=None)
        promising = pool.submit(promise_library, encoder)
        with pytest.raises(TimeoutError):
            promising.result(0.3)
        go_on.set()
        uploading.result(10)
        promising.result(10)
    assert Embedding.objects.get().encoder == encoder


def promise_library(encoder):
    try:
        while Embedding.objects.promise_next(encoder):
            pass
    finally:
        connection.close()
