import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from config import supervisor
from config.supervisor import ChildDied, Supervisor

SLEEPS = "import time; time.sleep(60)"
# Its own child ignores SIGTERM, and it leaves that one behind.
LEAVES_ONE_BEHIND = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen([sys.executable, "-c", "{SLEEPS}"]).pid, flush=True)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
time.sleep(60)
"""
IGNORES_SIGTERM = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}"
WATCH = """
import sys, time
from pathlib import Path
from config.supervisor import Supervisor
with Supervisor(Path(sys.argv[1])) as supervised:
    sleeper = supervised.start("sleeper", [sys.executable, "-c", sys.argv[2]])
    print(sleeper.process.pid, flush=True)
    time.sleep(60)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits for its parent to notice its end does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def eventually(condition, seconds=10.0) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return bool(condition())


@pytest.fixture
def short_grace(monkeypatch):
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.5)


def test_all_children_end_with_it(tmp_path):
    with Supervisor(tmp_path) as supervised:
        children = [supervised.start(name, python(SLEEPS)) for name in ("one", "two")]
        assert all(lives(child.process.pid) for child in children)
    assert not any(lives(child.process.pid) for child in children)


def test_a_dead_child_is_named_with_its_last_lines(tmp_path):
    with Supervisor(tmp_path) as supervised, pytest.raises(ChildDied) as died:
        supervised.start("talker", python("print(*range(100), sep='\\n'); raise SystemExit(3)"))
        while True:
            supervised.pause(0.01)
    lines = str(died.value).splitlines()
    assert lines[0].startswith("The process talker has ended (exit code 3), so everything stops.")
    assert lines[1:] == [str(number) for number in range(80, 100)]


def test_a_step_may_end_well(tmp_path):
    with Supervisor(tmp_path) as supervised:
        supervised.finish(supervised.start("step", python("pass"), may_end=True))
        assert supervised.children == []


def test_a_refused_step_is_reported_in_its_own_sentence(tmp_path):
    with Supervisor(tmp_path) as supervised, pytest.raises(ChildDied) as died:
        supervised.finish(supervised.start_step("step", "fly"))
    assert str(died.value) == "Unknown command: 'fly'"


def test_a_step_that_fails_otherwise_is_named_with_its_last_lines(tmp_path):
    with Supervisor(tmp_path) as supervised, pytest.raises(ChildDied) as died:
        supervised.finish(supervised.start_step("step", "shell", "--command", "raise ValueError"))
    assert str(died.value).startswith("The process step has ended (exit code 1), so everything st")


def test_a_step_is_not_charged_with_what_an_earlier_one_was_refused_for(tmp_path):
    with Supervisor(tmp_path) as supervised:
        with pytest.raises(ChildDied):
            supervised.finish(supervised.start_step("step", "fly"))
        supervised.children.clear()
        fails = supervised.start("step", python("raise SystemExit(3)"), may_end=True)
        with pytest.raises(ChildDied, match="has ended .exit code 3."):
            supervised.finish(fails)


def test_a_child_is_started_anew_with_all_that_it_has_started(tmp_path, short_grace):
    with Supervisor(tmp_path) as supervised:
        child = supervised.start("parent", python(LEAVES_ONE_BEHIND))
        assert eventually(lambda: child.log.read_text().endswith("\n"))
        grandchild = int(child.log.read_text())
        again = supervised.restart("parent", python(SLEEPS))
        assert supervised.children == [again]
        assert not lives(child.process.pid) and eventually(lambda: not lives(grandchild))
        assert lives(again.process.pid)
    assert (tmp_path / "logs" / "parent.before.log").read_text() == f"{grandchild}\n"


def test_a_log_begins_anew(tmp_path):
    for word in ("first", "second"):
        with Supervisor(tmp_path) as supervised:
            supervised.finish(supervised.start("step", python(f"print('{word}')"), may_end=True))
    assert (tmp_path / "logs" / "step.log").read_text() == "second\n"


def test_a_child_that_ignores_sigterm_is_killed(tmp_path, short_grace):
    with Supervisor(tmp_path) as supervised:
        child = supervised.start("deaf", python(IGNORES_SIGTERM))
        time.sleep(0.5)
    assert not lives(child.process.pid)


def test_a_stopped_child_is_killed(tmp_path, short_grace):
    with Supervisor(tmp_path) as supervised:
        child = supervised.start("hung", python(SLEEPS))
        os.kill(child.process.pid, signal.SIGSTOP)
    assert not lives(child.process.pid)


def test_what_a_child_started_is_killed_too(tmp_path, short_grace):
    with Supervisor(tmp_path) as supervised:
        child = supervised.start("parent", python(LEAVES_ONE_BEHIND))
        assert eventually(lambda: child.log.read_text().endswith("\n"))
        grandchild = int(child.log.read_text())
        assert lives(grandchild)
    assert eventually(lambda: not lives(grandchild))


def test_what_a_dead_child_left_behind_ends(tmp_path, short_grace):
    with Supervisor(tmp_path) as supervised:
        child = supervised.start("parent", python(LEAVES_ONE_BEHIND))
        assert eventually(lambda: child.log.read_text().endswith("\n"))
        child.process.kill()
        child.process.wait()
    assert eventually(lambda: not lives(int(child.log.read_text())))


def test_servers_outlive_those_who_need_them(tmp_path):
    tells = "import signal, sys, time\n" + (
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print(time.monotonic(), flush=True)))\n"
        "print('ready', flush=True)\ntime.sleep(60)"
    )
    with Supervisor(tmp_path) as supervised:
        server = supervised.start("server", python(tells), stops_last=True)
        client = supervised.start("client", python(tells))
        assert eventually(lambda: "ready" in server.last_lines() and "ready" in client.last_lines())
    client_ended, server_ended = (float(c.last_lines().split()[-1]) for c in (client, server))
    assert client_ended < server_ended


def test_a_signal_ends_it_at_the_next_check(tmp_path):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        with Supervisor(tmp_path) as supervised:
            supervised.obey_signals()
            os.kill(os.getpid(), signal.SIGTERM)
            with pytest.raises(SystemExit):
                supervised.pause(0)
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])


def test_the_children_end_when_it_is_killed(tmp_path):
    command = [*python(WATCH), str(tmp_path), SLEEPS]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as supervised:
        child = int(supervised.stdout.readline())
        supervised.kill()
    assert eventually(lambda: not lives(child))


WRITES = "import sys; [print('x' * 99, flush=True) for _ in sys.stdin]"


def test_a_log_that_grows_is_begun_anew_and_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "LOG_BYTES", 5000)
    log = tmp_path / "a.log"
    with log.open("ab") as output:
        child = subprocess.Popen(python(WRITES), stdin=subprocess.PIPE, stdout=output)
        for count in (60, 20):
            child.stdin.write(b"\n" * count)
            child.stdin.flush()
            assert eventually(lambda wanted=count: log.stat().st_size == 100 * wanted)
            supervisor.rotate(log)
        child.stdin.close()
        child.wait()

    # What came after the move stands at the beginning, not behind a hole.
    assert log.read_text() == ("x" * 99 + "\n") * 20
    assert (tmp_path / "a.log.1").read_text() == ("x" * 99 + "\n") * 60


def test_a_supervisor_rotates_the_logs_of_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "LOG_BYTES", 50)
    with Supervisor(tmp_path) as supervised:
        child = supervised.start("writer", python(f"print('x' * 99, flush=True); {SLEEPS}"))
        assert eventually(lambda: child.log.stat().st_size == 100)
        supervised.check()

        assert child.log.stat().st_size == 0
        assert child.log.with_name("writer.log.1").stat().st_size == 100


def test_logs_are_closed_to_others(tmp_path):
    with Supervisor(tmp_path):
        assert (tmp_path / "logs").stat().st_mode & 0o077 == 0
