"""A term of a collection or an uploader, and a picture that comes to it in the same moment."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from search.models import Asset, Collection
from tests.support.factories import make_asset, make_user
from tests.support.terms import deny

pytestmark = pytest.mark.django_db(transaction=True)

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
def elsewhere():
    """Runs something in a thread of its own, with a connection of its own."""

    def run(work):
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        yield lambda work: pool.submit(run, work)


def until_somebody_waits() -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("Nobody waits.")


@pytest.mark.parametrize("first", ["the picture", "the term"])
@pytest.mark.parametrize("of", ["a collection", "an uploader"])
def test_neither_misses_the_other(elsewhere, first, of):
    press = Collection.objects.create(name="press", slug="press")
    owner = make_user()
    if of == "a collection":
        asset = make_asset(owner=owner)
        comes, term = (lambda: press.assets.add(asset)), (lambda: deny(press))
    else:
        comes, term = (lambda: make_asset(owner=owner)), (lambda: deny(uploader=owner))
    one, other = (comes, term) if first == "the picture" else (term, comes)
    with transaction.atomic():
        one()
        future = elsewhere(other)
        until_somebody_waits()
    future.result(10)
    assert not Asset.objects.visible_to(make_user("viewer")).exists()
