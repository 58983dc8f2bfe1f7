"""docker-compose.yml without Docker: its structure. tests/e2e/test_compose.py runs it."""

import re
import subprocess

import pytest
import yaml

from tests.support import compose
from tests.support.compose import FILLED_IN, OURS, ROOT, example, here, interpret, isolated


@pytest.fixture(scope="module")
def services():
    return compose.services()


@pytest.mark.parametrize("name", ["SECRET_KEY", "POSTGRES_PASSWORD", "ALLOWED_HOSTS"])
def test_a_missing_secret_is_a_sentence(name):
    with pytest.raises(KeyError, match=rf"Set {name} in \.env"):
        interpret(example() | FILLED_IN | {name: ""})


def test_no_secret_stands_in_a_file():
    assert example()["SECRET_KEY"] == example()["POSTGRES_PASSWORD"] == ""
    assert "wordforthistest" not in str(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def test_all_of_it_is_there(services):
    assert set(services) == {"db", "redis", "proxy", *OURS}
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
    named = interpret(example() | FILLED_IN)["volumes"]
    mounts = [volume.split(":")[0] for s in services.values() for volume in s.get("volumes", [])]
    used = {mount for mount in mounts if not mount.startswith("./")}

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
