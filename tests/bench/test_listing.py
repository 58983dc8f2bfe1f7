"""The list of benchmarks, by what their files say of themselves."""

import sys

import pytest

from bench import listing, support
from bench.__main__ import main
from bench.listing import Benchmark, benchmark, benchmarks, entry

SOURCE = '''"""How long does it take?

    .venv/bin/python -m bench.thing [--assets 100000]

Draws them. Takes
12 minutes.
"""
'''
THING = Benchmark(
    "thing", "How long does it take?", ".venv/bin/python -m bench.thing [--assets 100000]", 12
)


@pytest.fixture
def results(monkeypatch, tmp_path):
    for module in (support, listing):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    return tmp_path


def test_a_docstring_says_question_command_and_minutes():
    assert benchmark("thing", SOURCE) == THING


def test_what_only_others_use_is_no_benchmark():
    assert benchmark("support", '"""What benchmarks share."""') is None


@pytest.mark.parametrize("wrong", [SOURCE.replace("12", "some"), SOURCE.replace("?", ".")])
def test_one_that_says_no_question_or_no_minutes_is_refused(wrong):
    with pytest.raises(ValueError, match=r"bench/thing\.py"):
        benchmark("thing", wrong)


def test_each_is_started_by_its_own_name():
    assert all(f"-m bench.{one.name}" in one.command for one in benchmarks())


def test_a_page_of_results_says_when_and_by_which_commit(results, monkeypatch):
    monkeypatch.setattr(support, "commit", lambda: "abc1234-dirty")
    support.report("thing", "| table |")

    date, commit = THING.measured or ("", "")

    assert (len(date), commit) == (10, "abc1234-dirty")


def test_what_a_benchmark_prints_is_a_page_once_it_has_ended_well(results):
    with support.record("thing"):
        print("1.5 s")
        assert not THING.results.exists()
    assert "```\n1.5 s\n```" in THING.results.read_text()


def test_an_older_page_has_the_date_of_its_commit(results, monkeypatch):
    THING.results.write_text("| table |\n")
    monkeypatch.setattr(listing, "git", lambda *arguments: "2026-11-25 8d00299")
    assert THING.measured == ("2026-11-25", "8d00299")


def test_a_benchmark_without_results_says_so(results):
    assert "12 min, no results yet" in entry(THING)


def test_a_benchmark_that_there_is_not_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench", "nothing"])
    with pytest.raises(SystemExit, match="There is no benchmark nothing: `python -m bench` lists"):
        main()
