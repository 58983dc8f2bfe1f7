"""docker-compose.yml without Docker: every command of it, run here."""

import subprocess
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
import pytest
from django.conf import settings

from config import embedded
from config.supervisor import Supervisor
from tests.support import compose
from tests.support.compose import OURS, ROOT, example, here, isolated, replaced
from tests.support.environment import VAR_DIR
from tests.support.stack import free_port


def health_check(service):
    """Its command, as Docker runs it."""
    kind, *command = service["healthcheck"]["test"]
    return ["sh", "-c", *command] if kind == "CMD-SHELL" else command


def status(url):
    """The answer to what the proxy in front passes on."""
    request = Request(url, headers={"X-Forwarded-Proto": "https"})
    try:
        with urlopen(request, timeout=10) as response:
            return response.status
    except HTTPError as error:
        return error.code
    except OSError:  # Nothing listens yet, or it is slow.
        return None


@pytest.fixture
def database(django_db_setup):
    """A database of its own in the embedded server."""
    with psycopg.connect(embedded.database_url(VAR_DIR), autocommit=True) as connection:
        connection.execute("CREATE DATABASE compose")
        yield embedded.database_url(VAR_DIR, "compose")
        connection.execute("DROP DATABASE compose WITH (FORCE)")


def test_every_command_runs(database, tmp_path_factory):
    services = compose.services()
    var, port = tmp_path_factory.mktemp("v"), free_port()
    redis = embedded.redis_command(var)
    places = {
        services["web"]["environment"]["DATABASE_URL"]: database,
        "redis://redis:6379/0": f"redis+socket://{var}/redis.sock",
        example()["ENCODER_CHECKPOINT"]: settings.BUNDLED_CHECKPOINT,
        "/data": str(var),
        "0.0.0.0:8000": f"127.0.0.1:{port}",
        "127.0.0.1:8000": f"127.0.0.1:{port}",
    }

    def run(name, command):
        environment = here(services[name]["environment"], places)
        return isolated([replaced(word, places) for word in command], environment)

    with Supervisor(var) as supervisor:
        # By its own command, on the socket of this test.
        supervisor.start("redis", [redis[0], *services["redis"]["command"][1:], *redis[1:5]])
        await_true(lambda: embedded.redis_url(var))
        collectstatic = run("web", ["python", "manage.py", "collectstatic", "--noinput"])
        # Before anything runs, every health check fails: it can.
        checks = [run(name, health_check(services[name])) for name in OURS[1:]]
        assert 0 not in codes(checks)
        for once in (collectstatic, run("setup", services["setup"]["command"])):
            supervisor.finish(supervisor.start("setup", once, may_end=True))
        children = {
            name: supervisor.start(name, run(name, services[name]["command"])) for name in OURS[1:]
        }
        await_true(lambda: status(f"http://127.0.0.1:{port}/readyz") == 200)
        assert status(f"http://127.0.0.1:{port}/healthz") == 200
        assert status(f"http://127.0.0.1:{port}/sign-in/") == 200
        supervisor.check()
        assert codes(checks) == [0] * len(checks)
        children["query"].process.terminate()
        await_true(lambda: status(f"http://127.0.0.1:{port}/readyz") == 503)


def codes(commands):
    """Their exit codes, run side by side."""
    running = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) for command in commands
    ]
    return [process.wait(120) for process in running]


def await_true(condition, seconds=180):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.5)
