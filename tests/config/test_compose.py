"""docker-compose.yml without Docker: its structure, and every command of it, run here."""

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
import pytest
import yaml
from django.conf import settings

from config import embedded
from config.supervisor import Supervisor
from tests.support.environment import VAR_DIR

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent
OURS = ["setup", "web", "worker", "query", "trainer", "beat"]
# What a person fills in.
FILLED_IN = {
    "SECRET_KEY": "x7Qk" * 16 + "-only-for-this-test",
    "POSTGRES_PASSWORD": "wordforthistest",
}
VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::([-?])([^}]*))?\})")


def example():
    """The settings of .env.example."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def interpolated(node, values):
    """What Compose makes of ${NAME}, ${NAME:-default}, ${NAME:?sentence} and $$."""
    if isinstance(node, dict):
        return {key: interpolated(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [interpolated(value, values) for value in node]
    return VARIABLE.sub(partial(value_of, values), node) if isinstance(node, str) else node


def value_of(values, found):
    dollar, name, kind, rest = found.groups()
    if dollar or values.get(name):
        return dollar or values[name]
    if kind == "?":
        raise KeyError(rest)
    return rest or ""


def compose(values):
    return interpolated(yaml.safe_load((ROOT / "docker-compose.yml").read_text()), values)


@pytest.fixture(scope="module")
def services():
    return compose(example() | FILLED_IN)["services"]


# What it says ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SECRET_KEY", "POSTGRES_PASSWORD", "ALLOWED_HOSTS"])
def test_a_missing_secret_is_a_sentence(name):
    with pytest.raises(KeyError, match=rf"Set {name} in \.env"):
        compose(example() | FILLED_IN | {name: ""})


def test_no_secret_stands_in_a_file():
    assert example()["SECRET_KEY"] == example()["POSTGRES_PASSWORD"] == ""
    assert "wordforthistest" not in str(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def test_all_of_it_is_there(services):
    assert list(services) == ["db", "redis", *OURS]
    assert "pgvector" in services["db"]["image"]
    assert services["web"]["environment"]["ENCODER_CHECKPOINT"] == (
        "google/siglip2-base-patch16-224"
    )


def test_every_lasting_service_has_a_health_check_and_comes_back(services):
    for name, service in services.items():
        lasting = name != "setup"
        assert ("healthcheck" in service) == lasting
        assert service["restart"] == ("unless-stopped" if lasting else "no")
        assert not lasting or {"test", "interval", "timeout", "retries"} <= set(
            service["healthcheck"]
        )


def test_data_lie_in_volumes(services):
    named = compose(example() | FILLED_IN)["volumes"]
    used = {volume.split(":")[0] for s in services.values() for volume in s.get("volumes", [])}

    assert set(named) == used == {"database", "media", "huggingface", "trained"}
    assert services["worker"]["environment"]["HF_HOME"] == "/data/huggingface"


def test_set_up_ends_before_anything_of_ours_starts(services):
    for name in set(OURS) - {"setup"}:
        setup = services[name]["depends_on"]["setup"]
        assert setup["condition"] == "service_completed_successfully"


def test_nobody_is_root(services):
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]

    assert users[-1:] == ["sightline"]
    assert not [s for s in services.values() if {"user", "privileged", "cap_add"} & set(s)]


def test_the_image_has_the_pip_of_the_makefile():
    (pinned,) = re.findall(r"^PIP = (\S+)", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert f"pip=={pinned}" in (ROOT / "Dockerfile").read_text()


def test_the_deployment_check_is_clean(services, tmp_path):
    command = ["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    environment = here(services["web"]["environment"], {"/data": str(tmp_path)})

    done = subprocess.run(
        isolated(command, environment), cwd=ROOT, capture_output=True, text=True, timeout=120
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues (0 silenced)" in done.stdout


# What it runs ------------------------------------------------------------------------------------


def here(environment, places):
    """A service's environment with the places of this machine in it."""
    return {name: replaced(value, places) for name, value in environment.items()}


def replaced(text, places):
    for there, place in places.items():
        text = text.replace(there, place)
    return text


def isolated(command, environment):
    """The command with this environment and nothing else of ours."""
    path = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
    pairs = [f"{name}={value}" for name, value in (environment | {"PATH": path}).items()]
    return ["env", "-i", *pairs, *command]


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


def free_port():
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def database():
    """A database of its own in the embedded server."""
    with psycopg.connect(embedded.database_url(VAR_DIR), autocommit=True) as connection:
        connection.execute("CREATE DATABASE compose")
        yield embedded.database_url(VAR_DIR, "compose")
        connection.execute("DROP DATABASE compose WITH (FORCE)")


def test_every_command_runs(services, database, tmp_path_factory):
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
