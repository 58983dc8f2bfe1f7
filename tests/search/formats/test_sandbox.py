import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from search.formats import facts, sandbox
from search.formats.limits import TooLarge
from tests.support import pictures
from tests.support.formats import inspect, refusal


def test_a_decoder_that_hangs_is_stopped(monkeypatch):
    monkeypatch.setattr(facts, "examine", pictures.hang)
    monkeypatch.setattr(sandbox, "SECONDS", 0.5)

    assert refusal(pictures.jpeg()) == "This picture takes too long to decode."


def test_a_decoder_that_burns_the_processor_is_stopped(monkeypatch):
    monkeypatch.setattr(facts, "examine", pictures.spin)
    monkeypatch.setitem(sandbox.LIMITS, "CPU", 1)

    assert refusal(pictures.jpeg()) == "This picture takes too long to decode."


def test_a_decoder_that_crashes_harms_nobody(monkeypatch):
    monkeypatch.setattr(facts, "examine", pictures.crash)

    assert refusal(pictures.jpeg()) == "This picture can't be decoded."


def kill(monkeypatch, times):
    """The next processes are killed, as the kernel does where memory is short."""

    def run(command, **options):
        runs.append(command)
        killed = subprocess.CompletedProcess(command, -signal.SIGKILL, b"", b"")
        return killed if len(runs) <= times else real(command, **options)

    runs, real = [], subprocess.run
    monkeypatch.setattr(sandbox.subprocess, "run", run)


def test_a_picture_whose_decoder_was_killed_is_tried_once_more(monkeypatch):
    kill(monkeypatch, 1)

    assert inspect(pictures.jpeg()).format == "JPEG"


def test_a_picture_whose_decoder_is_killed_again_is_refused(monkeypatch):
    kill(monkeypatch, 2)

    assert refusal(pictures.jpeg()) == "This picture can't be decoded."


def test_a_decoder_with_a_bug_is_loud_in_the_log_only(monkeypatch, caplog):
    monkeypatch.setattr(facts, "examine", pictures.stumble)

    assert refusal(pictures.jpeg()) == "This picture can't be decoded."
    assert "RuntimeError: a bug" in caplog.text


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS limits no address space")
def test_a_picture_that_takes_too_much_memory_is_refused(monkeypatch):
    monkeypatch.setitem(sandbox.LIMITS, "AS", 200_000_000)

    sentence = refusal(pictures.png((8_000, 7_000)), TooLarge)

    assert sentence == "This picture takes too much memory to decode."


def test_a_decoder_sees_no_secrets(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "do not tell")

    with pictures.upload(b"") as file:
        assert b"do not tell" not in sandbox.run(pictures.environment, file)


def test_the_process_imports_neither_django_nor_numpy():
    with pictures.upload(pictures.jpeg()) as file:
        modules = json.loads(sandbox.run(pictures.modules, file))

    assert {"django", "numpy", "torch", "celery"}.isdisjoint(modules)


def test_pictures_are_inspected_in_any_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert inspect(pictures.jpeg()).format == "JPEG"


def test_pictures_are_inspected_from_many_threads_at_once():
    with ThreadPoolExecutor(4) as pool:
        colours = pool.map(inspect, map(pictures.png, [(8, 8)] * 8, ["#ff0000", "#0000ff"] * 4))

    assert [facts.colour for facts in colours] == ["#ff0000", "#0000ff"] * 4


def test_importing_the_module_brings_no_django():
    root = Path(__file__).parents[3]
    code = "import sys, search.formats.facts; sys.exit('django' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
