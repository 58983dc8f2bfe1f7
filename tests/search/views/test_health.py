from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.backends.postgresql.base import DatabaseWrapper
from django.utils import timezone

from search import liveness
from search.models import Asset, Embedding, Encoder, EncoderRequest, Rendition, TrainingRun
from search.views import health
from tests.support.factories import make_asset, make_encoder
from tests.support.training_runs import make_run

ALL_OK = {"database": "ok", "redis": "ok", "ingest": "ok", "query": "ok", "train": "ok"}


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    """Each test asks the parts itself."""
    monkeypatch.setattr(health, "site", health.Readiness())


@pytest.fixture
def library(db, fake_encoder):
    make_encoder()


def make_old_asset():
    """An asset that has waited for longer than two leases."""
    asset = make_asset()
    Asset.objects.filter(pk=asset.pk).update(created=timezone.now() - timedelta(hours=1))
    return asset


def part(client, name):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    return answer.json()[name]


def test_healthz_asks_nobody(client):
    assert client.get("/healthz").content == b"ok"


def test_readyz_is_200_when_all_parts_answer(client, library):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, ALL_OK)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_no_probe_is_cached(client, library, path):
    assert "no-store" in client.get(path)["Cache-Control"]


def test_a_good_answer_costs_the_worker_nothing_for_a_while(client, library, monkeypatch):
    client.get("/readyz")
    monkeypatch.setattr(liveness, "encoder_answers", None)

    assert client.get("/readyz").status_code == 200


def test_another_answer_is_repeated_for_a_second(client, db, monkeypatch):
    assert client.get("/readyz").status_code == 503
    make_encoder()

    assert client.get("/readyz").status_code == 503
    monkeypatch.setattr(health.site, "until", 0.0)
    monkeypatch.setattr(liveness, "encoder_answers", lambda encoder, seconds: seconds == 1)
    assert client.get("/readyz").status_code == 200


def test_while_somebody_asks_the_others_hear_the_last_answer(monkeypatch):
    """However many strangers ask an unready site: one of its threads waits."""
    questions, heard = [], []

    def ask():
        questions.append("parts")
        heard.append(site.look() if site.parts else {})  # Another request meanwhile.
        return {"query": f"answer {len(questions)}"}

    monkeypatch.setattr(health, "ask", ask)
    site = health.Readiness()
    assert site.look() == {"query": "answer 1"}
    site.until = 0.0
    assert site.look() == {"query": "answer 2"}
    assert heard == [{}, {"query": "answer 1"}]


def test_no_encoder_is_not_ready(client, db):
    assert part(client, "query").startswith("No encoder serves")


def test_a_silent_query_worker_is_not_ready(client, library, monkeypatch):
    monkeypatch.setattr(liveness, "encoder_answers", lambda encoder, seconds: False)

    assert part(client, "query") == "No query worker answers."


def test_a_silent_database_is_not_ready(client, library, monkeypatch):
    def gone(self):
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(DatabaseWrapper, "cursor", gone)
        answer = client.get("/readyz")

    # The others that only the database knows of have not been asked, which would take as long.
    silent = dict.fromkeys(
        ("database", "ingest", "query", "train"), "The database does not answer."
    )
    assert answer.json() == silent | {"redis": "ok"}


def test_a_silent_redis_is_not_ready(client, library, settings):
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1"}}

    assert part(client, "redis") == "Redis does not answer."


def test_what_waits_for_long_is_not_ready(client, library):
    make_old_asset()

    assert "no progress" in part(client, "ingest")


def test_an_encoder_that_is_asked_for_and_not_added_is_not_ready(client, library):
    EncoderRequest.objects.create(checkpoint="/data/other")
    EncoderRequest.objects.update(created=timezone.now() - timedelta(hours=1))

    assert "requests for encoders" in part(client, "ingest")


def test_a_training_that_no_trainer_takes_up_is_not_ready(client, library):
    make_run()
    TrainingRun.objects.update(created=timezone.now() - timedelta(hours=1))

    assert part(client, "train").endswith("is a trainer running?")


def test_a_training_that_waits_for_another_is_ready(client, library):
    make_run(), make_run()
    TrainingRun.objects.update(created=timezone.now() - timedelta(hours=1))
    TrainingRun.objects.claim()

    assert client.get("/readyz").status_code == 200


def test_a_training_that_has_just_been_given_back_is_ready(client, library):
    make_run()
    TrainingRun.objects.update(created=timezone.now() - timedelta(hours=1))
    TrainingRun.objects.claim().give_back()

    assert client.get("/readyz").status_code == 200


def test_a_long_queue_that_moves_is_ready(client, library):
    make_old_asset()
    make_asset(embedded=True, thumbnail=True)

    assert client.get("/readyz").status_code == 200


def test_a_long_queue_that_is_claimed_is_ready(client, library):
    make_old_asset()
    Embedding.objects.claim_fresh(1)
    Rendition.objects.claim_fresh(1)

    assert client.get("/readyz").status_code == 200


def test_an_old_asset_that_is_embedded_again_is_ready(client, library):
    make_old_asset()
    Embedding.objects.reset()
    Rendition.objects.all().delete()

    assert client.get("/readyz").status_code == 200


def test_what_a_retired_encoder_left_undone_does_not_count(client, library):
    old = make_encoder(slug="old", revision="0", state="retired")
    Embedding.objects.create(asset=make_asset(embedded=True, thumbnail=True), encoder=old)
    Asset.objects.update(created=timezone.now() - timedelta(hours=1))

    assert client.get("/readyz").status_code == 200


def test_a_serving_encoder_that_a_worker_cannot_load_is_not_ready(client, library):
    Encoder.objects.update(problem="Its files are gone.")

    assert part(client, "query") == "Its files are gone."


def test_another_encoder_that_cannot_be_loaded_does_not_make_the_site_unready(client, library):
    make_encoder(slug="new", revision="2", state="building", problem="Its files are gone.")
    make_old_asset()
    Embedding.objects.filter(encoder__slug="fake").delete()
    Rendition.objects.all().delete()

    assert client.get("/readyz").status_code == 200
