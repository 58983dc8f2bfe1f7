"""A web server whose clock is wrong: what waits, and since when, goes by the database's clock."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from search.liveness import is_left_waiting
from search.models import Asset, Embedding, EncoderRequest, TrainingRun
from search.query import Query, saved
from tests.support.factories import make_asset, make_encoder, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.promise("P15")]
HOURS = [-1, 1]


@pytest.fixture(params=HOURS)
def wrong_clock(request, monkeypatch):
    """The clock of this process is an hour behind, or ahead."""
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(hours=request.param))


def seconds_old(model) -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT extract(epoch FROM now() - created) FROM {model._meta.db_table}")
        return abs(float(cursor.fetchone()[0]))


def test_what_is_stored_is_dated_by_the_database(wrong_clock):
    make_encoder(), make_asset()
    TrainingRun.objects.create()
    EncoderRequest.objects.create(checkpoint="a/b")

    assert max(map(seconds_old, (Asset, TrainingRun, EncoderRequest))) < 60


def test_a_fresh_upload_is_not_overdue(wrong_clock):
    make_encoder(), make_asset()

    assert not is_left_waiting(Embedding.objects.all())


def test_an_upload_that_nobody_took_up_is_overdue(wrong_clock):
    make_encoder(), make_asset()
    Asset.objects.update(created=Now() - timedelta(minutes=30))
    Embedding.objects.update(next_try_at=Now() - timedelta(minutes=30))

    assert is_left_waiting(Embedding.objects.all())


def test_what_has_come_since_the_last_look_is_new(wrong_clock):
    make_encoder()
    owner = make_user()
    search = saved.save(Query.of("barn"), name="barns", shared=False, owner=owner)
    since = saved.look(search, owner)

    assert since < make_asset().created


def test_control_by_its_own_clock_a_fresh_upload_would_be_overdue(monkeypatch):
    make_encoder(), make_asset()
    Asset.objects.update(created=timezone.now() - timedelta(hours=1))
    Embedding.objects.update(next_try_at=None)

    assert is_left_waiting(Embedding.objects.all())
