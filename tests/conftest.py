"""What every test may use. PostgreSQL is real: the embedded one, in a folder of its own."""

import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models.signals import post_migrate
from django.test import Client, override_settings
from xdist.scheduler import LoadScopeScheduling

from search.models import Licence
from tests.support import factories
from tests.support.environment import VAR_DIR
from tests.support.fake_encoder import FakeEncoder

SHARE_A_STACK = {"breaking", "promises", "reading"}


# Last: pytest-django sorts in the same hook, by what a test does with the database.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first: the quick ones fill up the time until the last of those ends."""
    items.sort(key=lambda item: {*item.path.parts}.isdisjoint({"e2e", "training"}))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return Groups(config, log)


class Groups(LoadScopeScheduling):
    """One process for the tests that share a stack, and for each file of the others.

    Not by the mark xdist_group: pytest 9.2 no longer reads the name that xdist 3.8 appends to a
    test's, and each test becomes a group of its own without a word.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::")[0]
        return str(Path(path).parent) if Path(path).parent.name in SHARE_A_STACK else path


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """The database is that of a server of this process's own, of which nothing remains."""
    from tests.support.prepared import start_with_tables

    with django_db_blocker.unblock():
        start_with_tables(VAR_DIR)
    post_migrate.connect(fill_again, sender=apps.get_app_config("search"))


def fill_again(**kwargs: Any) -> None:
    """A test with transactions of its own empties every table; these a migration has filled."""
    if not Licence.objects.exists():
        import_module("search.migrations.0043_rights_of_assets").fill(apps, None)


@pytest.fixture(autouse=True)
def plain_static_files(settings, tmp_path):
    """Pages are tested without collecting static files; uploads go to a folder of the test's."""
    settings.STORAGES = {
        "default": {
            "BACKEND": "search.disk.DurableStorage",
            "OPTIONS": {"location": str(tmp_path / "media")},
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "media" / "uploads")


# Once for all tests: each such change takes 0.1 ms of every one of 4,400.
@pytest.fixture(scope="session", autouse=True)
def nothing_waits_for_a_disk():
    """What a test writes need not survive a power cut: a sixth of the unit tests' time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda handle: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_passwords():
    """A third of a second for each password is right for attackers, not for tests."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def fake_encoder(monkeypatch):
    """An encoder with meaning and without weights: a colour is a direction."""
    from workers import encoder_cache

    encoder = FakeEncoder()
    monkeypatch.setattr(encoder_cache, "load_encoder", lambda *args, **kwargs: encoder)
    return encoder


@pytest.fixture
def encoded(fake_encoder, monkeypatch):
    """The texts that were encoded, by the encoder that knows colours."""
    texts, encode = [], fake_encoder.encode_texts

    def record(given):
        texts.extend(given)
        return encode(given)

    monkeypatch.setattr(fake_encoder, "encode_texts", record)
    return texts


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    """No encoder is kept, nor refused, from one test to the next."""
    from workers import encoder_cache

    monkeypatch.setattr(encoder_cache, "_loaded", {})
    monkeypatch.setattr(encoder_cache, "_refusals", {})


@pytest.fixture(autouse=True)
def nothing_silent(monkeypatch):
    """Nobody is left alone for what did not answer in an earlier test."""
    from config import silence
    from search.query import patience

    silence.redis.end()
    monkeypatch.setattr(patience, "_silences", {})
    monkeypatch.setattr(patience, "_answers", {})


@pytest.fixture(autouse=True)
def fresh_cache():
    """No vector is remembered from one test to the next."""
    from django.core.cache import cache

    cache.clear()


def signed_in(user) -> Client:
    """A browser as it is after a sign-in: the use of its session is noted already."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["use"] = {"at": time.time(), "address": "127.0.0.1", "agent": ""}
    session.save()
    return client


@pytest.fixture
def reader_client(db) -> Client:
    """A signed-in person who may search."""
    return signed_in(factories.make_user("reader"))


@pytest.fixture
def staff_client(db) -> Client:
    """A signed-in person who may upload and use the admin."""
    return signed_in(factories.make_user("curator", staff=True))


@pytest.fixture
def curator_client(db) -> Client:
    """Staff, but no superuser."""
    return signed_in(factories.make_user("curator", role="curator"))


@pytest.fixture
def contributor_client(db) -> Client:
    """A signed-in person who may upload, and edit what is theirs."""
    return signed_in(factories.make_user("contributor", role="contributor"))


@pytest.fixture
def fake_training(settings, monkeypatch, tmp_path):
    """Training runs are trained by a stand-in, into a folder of the test's."""
    from tests.support.training_runs import FAKE
    from workers.tasks import training

    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(training, "COMMAND", FAKE)
    monkeypatch.setattr(training, "TICK_SECONDS", 0.02)
    training.ending.clear()
    yield
    training.ending.clear()


@pytest.fixture
def rung(monkeypatch):
    """The queues whose bell was rung by a worker that looked around; nobody hears it."""
    from workers import look_around, queues

    bells = []
    monkeypatch.setattr(look_around, "ring", lambda queue=queues.INGEST: bells.append(queue))
    return bells
