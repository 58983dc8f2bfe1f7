"""What every test may use. PostgreSQL is real: the embedded one, in a folder of its own."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Before Django reads its settings: a library of the tests' own, and no Redis.
VAR_DIR = Path(tempfile.mkdtemp(prefix="sightline-"))
atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)
for name in ("DATABASE_URL", "REDIS_URL", "ENCODER_CHECKPOINT", "PUBLIC_SEARCH", "SECRET_KEY"):
    os.environ.pop(name, None)
os.environ["VAR_DIR"] = str(VAR_DIR)

from config import embedded  # noqa: E402

embedded.start_database(VAR_DIR)

import pytest  # noqa: E402
from django.test import Client  # noqa: E402

from tests import factories  # noqa: E402
from tests.fake_encoder import FakeEncoder  # noqa: E402


@pytest.fixture(autouse=True)
def plain_static_files(settings, tmp_path):
    """Pages are tested without collecting static files; uploads go to a folder of the test's."""
    settings.STORAGES = {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "media")},
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def fake_encoder(monkeypatch):
    """An encoder with meaning and without weights: a colour is a direction."""
    from workers import tasks

    encoder = FakeEncoder()
    monkeypatch.setattr(tasks, "load_encoder", lambda *args, **kwargs: encoder)
    return encoder


@pytest.fixture(autouse=True)
def fresh_cache():
    """No vector is remembered from one test to the next."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def reader_client(db) -> Client:
    """A signed-in person who may search."""
    client = Client()
    client.force_login(factories.make_user("reader"))
    return client


@pytest.fixture
def staff_client(db) -> Client:
    """A signed-in person who may upload and use the admin."""
    client = Client()
    client.force_login(factories.make_user("curator", staff=True))
    return client
