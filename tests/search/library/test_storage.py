"""Cleaning: files without a row and sessions that are over, in little memory."""

import random
import tracemalloc
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from search.library.storage import not_among, orphans, stored_files
from search.models import Session
from tests.support.factories import make_asset
from workers.tasks.cleaning import clean_up


@pytest.mark.django_db
def test_files_without_a_row_are_found_among_those_with_one():
    for number in range(5):
        make_asset(title=f"asset {number}", thumbnail=True)
    strays = {"originals/00/a", "originals/zz", "originals/zz.jpg", "saved/left.jpg"}
    for name in strays:
        default_storage.save(name, ContentFile(b"stray"))

    assert set(orphans()) == strays


@pytest.mark.django_db
def test_files_come_in_the_order_of_their_names():
    for name in ("originals/b/2", "originals/b.jpg", "originals/b-1", "originals/a/9"):
        default_storage.save(name, ContentFile(b"file"))

    names = list(stored_files("originals"))

    assert len(names) == 4
    assert names == sorted(names)


@pytest.mark.parametrize("seed", range(20))
def test_what_no_row_names_is_the_difference_of_the_two(seed):
    drawn = random.Random(seed)
    rows, files = (sorted(drawn.sample(range(30), drawn.randint(0, 30))) for _ in range(2))

    assert list(not_among(iter(rows), iter(files))) == sorted(set(files) - set(rows))


def name_of(number: int) -> str:
    return f"originals/{number:040}"


def peak(work) -> float:
    """Megabytes that work takes at its most."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def test_a_library_of_many_files_takes_no_memory_to_clean():
    count = 20_000

    def merge():
        assert not list(not_among(map(name_of, range(count)), map(name_of, range(count))))

    def collect():
        assert len(set(map(name_of, range(count)))) == count

    assert peak(merge) < 0.2
    assert peak(collect) > 1  # As it was done: 0.7 GB at a million.


@pytest.mark.django_db
def test_the_cleaning_ends_sessions_that_are_over_and_no_others():
    now = timezone.now()
    for key, days in (("over", -1), ("running", 1)):
        Session.objects.create(
            session_key=key, session_data="", expire_date=now + timedelta(days=days)
        )

    clean_up()

    assert list(Session.objects.values_list("pk", flat=True)) == ["running"]
