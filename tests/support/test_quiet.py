"""Tests of several processes beside each other, and one that is alone."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import quiet


@pytest.fixture(autouse=True)
def another_room(monkeypatch, tmp_path):
    """This test is in the real one."""
    for name in ("DOOR", "ROOM"):
        (tmp_path / name).touch()
        monkeypatch.setattr(quiet, name, tmp_path / name)


def enter(way):
    with way():
        return True


def test_several_run_beside_each_other():
    with ThreadPoolExecutor() as pool, quiet.among_others():
        assert pool.submit(enter, quiet.among_others).result(10)


@pytest.mark.parametrize(
    ("inside", "outside"),
    [(quiet.among_others, quiet.alone), (quiet.alone, quiet.among_others)],
)
def test_one_that_is_alone_waits_and_is_waited_for(inside, outside):
    with ThreadPoolExecutor() as pool:
        with inside():
            entering = pool.submit(enter, outside)
            with pytest.raises(TimeoutError):
                entering.result(0.3)
        assert entering.result(10)


def test_who_waits_to_be_alone_comes_before_who_comes_later():
    with ThreadPoolExecutor() as pool:
        with quiet.among_others():
            alone = pool.submit(enter, quiet.alone)
            with pytest.raises(TimeoutError):
                alone.result(0.3)
            later = pool.submit(enter, quiet.among_others)
            with pytest.raises(TimeoutError):
                later.result(0.3)
        assert alone.result(10) and later.result(10)
