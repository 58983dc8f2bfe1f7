"""The promises that Sightline makes, and a table of what a run of the tests found of each.

A test says which promise it proves, and what it measured, before it asserts:

    @pytest.mark.promise("P2")
    def test_uploads_go_on_without_redis(stack, figure):
        ...
        figure("P2", f"{stored} of {sent} uploads, p95 {p95:.1f} s")
        assert stored == sent

A negative control carries the same mark and has `control` in its name: it must pass as well, which
proves that the check fails without its safeguard. A promise is met if all of its tests passed. What
is marked belongs to `make chaos`, which runs `-m promise` with SCALE=full; without it a test is to
do a small part of the same, or is left out (`only_in_full`). `@pytest.mark.alone` keeps other
processes' tests from running meanwhile, for what is timed.

Loaded by `-p tests.support.promises`, so that it also runs where pytest-xdist hands out the tests:
what is recorded travels in the reports' user_properties.
"""

import fcntl
import os
import textwrap
from collections import defaultdict

import pytest

from tests.support.environment import RUN_DIR

PROMISES = {
    "P1": "A confirmed upload is never lost, and embedded exactly once",
    "P2": "Uploading works while Redis is down, silent or full",
    "P3": "One bad picture never holds up others",
    "P4": "Hostile files get a sentence, the same at every entry, and no 5xx",
    "P5": "No file takes more than 700 MiB or 5 s before its sentence",
    "P6": "No GPS, serial number or script in anything that a viewer can fetch",
    "P7": "Who may do what is checked in for every route, role and method",
    "P9": "Searches go on while a thousand pictures wait",
    "P10": "A change of the model never interrupts",
    "P11": "docs/operations.md backs up and restores",
    "P12": "Restarts of every process cost no answer",
    "P13": "Altered model files are refused",
    "P14": "One asset for one file, however often it is sent at once",
    "P15": "Full disks, wrong clocks, twins and damaged files are said and heal",
}
FULL = os.environ.get("SCALE", "") == "full"
only_in_full = pytest.mark.only_in_full
LOCK, MARGIN = RUN_DIR / "alone.lock", 16 * " "


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "promise(code): proves it (tests/support/promises.py)")
    config.addinivalue_line("markers", "only_in_full: left out but where SCALE is full")
    config.addinivalue_line("markers", "alone: runs beside no other test")


def pytest_runtest_setup(item: pytest.Item) -> None:
    codes = {code for mark in item.iter_markers("promise") for code in mark.args}
    assert codes <= PROMISES.keys(), codes
    item.user_properties += [("promise", code) for code in sorted(codes)]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those that are to run alone last: they wait until all others of promises have ended."""
    left = [item for item in items if not FULL and item.get_closest_marker("only_in_full")]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]
    items.sort(key=lambda item: item.get_closest_marker("alone") is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item):
    if not FULL:
        return (yield)
    with LOCK.open("w") as lock:
        alone = item.get_closest_marker("alone")
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        return (yield)


@pytest.fixture
def figure(request):
    """Records what was measured of a promise: `figure("P2", "300 of 300 uploads")`."""

    def record(code: str, text: str) -> None:
        request.node.user_properties.append(("figure", [code, text]))

    return record


# The table ---------------------------------------------------------------------------------------


def pytest_terminal_summary(terminalreporter) -> None:
    reports = [report for group in terminalreporter.stats.values() for report in group]
    tried = by_promise(reports)
    if not tried:
        return
    terminalreporter.section("promises")
    for code in PROMISES:
        for line in lines(code, tried[code]):
            terminalreporter.line(line)


def by_promise(reports) -> dict[str, list[pytest.TestReport]]:
    """A report of each test, which is that of its failure if there is one."""
    tests: dict[str, pytest.TestReport] = {}
    for report in reports:
        if not isinstance(report, pytest.TestReport):
            continue  # What could not be collected, and warnings.
        if report.failed or (report.when == "call" and report.passed):
            before = tests.setdefault(report.nodeid, report)
            tests[report.nodeid] = before if before.failed else report
    tried = defaultdict(list)
    for report in tests.values():
        for name, value in report.user_properties:
            if name == "promise":
                tried[value].append(report)
    return tried


def lines(code: str, reports: list[pytest.TestReport]) -> list[str]:
    details = [text for report in reports for text in figures(report, code)]
    if controls := sum(map(is_control, reports)):
        details.append(f"Controls, which take a safeguard away: {controls}")
    details += [f"Failed: {report.nodeid}" for report in reports if report.failed]
    indented = [
        textwrap.fill(text, 98, initial_indent=MARGIN, subsequent_indent=MARGIN + "  ")
        for text in details
    ]
    return [f"{code:4} {verdict(reports):9}  {PROMISES[code]}", *indented]


def verdict(reports: list[pytest.TestReport]) -> str:
    if any(report.failed for report in reports):
        return "NOT MET"
    return "not tried" if all(map(is_control, reports)) else "met"


def is_control(report: pytest.TestReport) -> bool:
    return "control" in report.nodeid.split("::")[-1]


def figures(report: pytest.TestReport, code: str) -> list[str]:
    values = [value for name, value in report.user_properties if name == "figure"]
    return [text for promise, text in values if promise == code]
