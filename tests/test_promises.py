"""The table of promises says what was tried, what was measured, and what failed."""

import pytest

from tests.support.promises import by_promise, lines, verdict


def report(name: str, outcome: str = "passed", when: str = "call", *figures: str):
    properties = [("promise", "P3"), *(("figure", ["P3", text]) for text in figures)]
    location = ("test_x.py", 1, name)
    return pytest.TestReport(
        f"test_x.py::{name}", location, {}, outcome, None, when, user_properties=properties
    )


def test_a_promise_is_met_where_all_of_its_tests_pass():
    tried = by_promise([report("test_it"), report("test_control_of_it")])
    assert (verdict(tried["P3"]), verdict(tried["P4"])) == ("met", "not tried")


@pytest.mark.parametrize("when", ["setup", "call", "teardown"])
def test_a_failure_in_any_phase_says_which_test(when):
    reports = [report("test_other"), report("test_it", "failed", when), report("test_it")]
    tried = by_promise(reports)["P3"]
    assert verdict(tried) == "NOT MET"
    assert lines("P3", tried)[-1].strip() == "Failed: test_x.py::test_it"


def test_what_was_skipped_or_is_but_a_control_proves_nothing():
    tried = by_promise([report("test_it", "skipped", "setup"), report("test_control_of_it")])
    assert verdict(tried["P3"]) == "not tried"


def test_figures_stand_below_the_promise():
    tried = by_promise([report("test_it", "passed", "call", "300 of 300", "p95 0.4 s")])
    assert [line.strip() for line in lines("P3", tried["P3"])[1:]] == ["300 of 300", "p95 0.4 s"]
