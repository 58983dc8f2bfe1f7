import io
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
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

    def run(order, file):
        runs.append(order)
        killed = sandbox.Ended(b"", b"", -signal.SIGKILL)
        return killed if len(runs) <= times else real(order, file)

    runs, real = [], sandbox._run
    monkeypatch.setattr(sandbox, "_run", run)


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


# The process that is kept warm


def warm_pid():
    """The id of the warm process, which is the parent of whatever is forked now."""
    with pictures.upload(b"") as file:
        return int(sandbox.run(pictures.parent, file))


def test_one_process_is_kept_warm_for_all_files():
    assert warm_pid() == warm_pid()


def test_it_is_replaced_after_so_many_files(monkeypatch):
    before = warm_pid()
    monkeypatch.setattr(sandbox, "FILES", 1)
    assert warm_pid() != before


@pytest.mark.promise("P3")
def test_a_file_whose_warm_process_is_killed_is_decoded_by_another():
    os.kill(warm_pid(), signal.SIGKILL)
    assert inspect(pictures.jpeg()).format == "JPEG"


@pytest.mark.promise("P3")
def test_a_picture_that_kills_its_process_takes_no_neighbour_with_it(monkeypatch):
    before = warm_pid()
    with ThreadPoolExecutor(2) as pool:
        doomed = pool.submit(pictures.run_apart, pictures.crash_late)
        neighbour = pool.submit(pictures.run_apart, pictures.parent_late)

    assert isinstance(doomed.exception(), sandbox.Lost)
    assert int(neighbour.result()) == before == warm_pid()


def test_what_one_file_leaves_behind_the_next_does_not_find():
    with pictures.upload(b"") as file:
        assert sandbox.run(pictures.leave_a_mark, file) == b"unmarked"
        assert sandbox.run(pictures.leave_a_mark, file) == b"unmarked"


def test_a_fork_holds_nothing_open_but_its_own_file_and_answer():
    with pictures.upload(b"") as file:
        assert json.loads(sandbox.run(pictures.descriptors, file)) == [0, 1, 2]


HUGE = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.mark.skipif(not HUGE.exists() or "[never]" in HUGE.read_text(), reason="not on this system")
def test_a_fork_has_its_memory_in_large_pages():
    # 16 would do; of 4 KiB it is 8,192, each of which takes 2 microseconds.
    with pictures.upload(b"") as file:
        assert int(sandbox.run(pictures.faults, file)) < 2048


def test_a_file_in_memory_is_read_as_one_on_the_disk():
    assert sandbox.run(pictures.content, io.BytesIO(b"bytes")) == b"bytes"


def test_a_process_that_is_forked_from_ours_has_a_warm_one_of_its_own():
    ours = warm_pid()
    ours_end, theirs_end = os.pipe()
    if not os.fork():
        try:
            os.write(theirs_end, str(warm_pid()).encode())
        finally:
            os._exit(0)
    os.close(theirs_end)
    with open(ours_end, "rb") as pipe:
        theirs = int(pipe.read())
    os.wait()

    assert theirs not in (ours, 0)
    assert warm_pid() == ours


def test_it_ends_with_the_process_that_it_serves():
    code = (
        "import io; from search.formats import sandbox; from tests.support import pictures;"
        "print(sandbox.run(pictures.parent, io.BytesIO()).decode())"
    )
    root = Path(__file__).parents[3]
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=True)

    assert gone(int(ran.stdout))


def gone(pid):
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(5)
    return not psutil.pid_exists(pid)
