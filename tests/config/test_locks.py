"""The image is made of the versions of constraints.txt, each wheel by its hash."""

import re
import tomllib
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.compose import ROOT, services

LOCKS = ROOT / "config" / "locks"
PACKAGES, TORCH = ((LOCKS / f"{name}.lock").read_text() for name in ("packages", "torch"))
PIN = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)
LOCKED = re.compile(r"(?P<pin>[\w.-]+==\S+)(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n")
# torch asks for it, and each environment has one already.
PREINSTALLED = {"setuptools"}


def pins(text):
    return {canonicalize_name(name): version for name, version in PIN.findall(text)}


def disagreements(lock, constraints):
    """The packages of a lock that are constrained otherwise, or not at all."""
    return {name for name, version in lock.items() if constraints.get(name) != version}


def served():
    """What the site and its workers need, by the metadata of what is installed here."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    needed, waiting = set(), [Requirement(line) for line in groups["serve"]]
    while waiting:
        requirement = waiting.pop()
        needed.add(canonicalize_name(requirement.name))
        further = map(Requirement, requires(requirement.name) or [])
        extras = requirement.extras or {""}
        waiting += [
            each
            for each in further
            if canonicalize_name(each.name) not in needed
            and (not each.marker or any(each.marker.evaluate({"extra": e}) for e in extras))
        ]
    return needed


@pytest.fixture(scope="module")
def constraints():
    return pins((ROOT / "constraints.txt").read_text())


def test_the_lock_and_the_constraints_agree(constraints):
    lock = pins(PACKAGES)
    assert disagreements(lock, constraints) <= PREINSTALLED
    assert pins(TORCH)["torch"] == constraints["torch"]
    # The control.
    assert disagreements(lock | {"django": "5.2.1"}, constraints) - PREINSTALLED == {"django"}


def test_all_that_the_site_needs_is_locked():
    locked = pins(PACKAGES).keys() | pins(TORCH).keys()
    assert served() - locked == set()


@pytest.mark.parametrize("lock", [PACKAGES, TORCH], ids=["packages", "torch"])
def test_each_wheel_has_its_hash(lock):
    lines = "".join(line for line in lock.splitlines(keepends=True) if line[0] != "#")
    assert "".join(match[0] for match in LOCKED.finditer(lines)) == lines


def test_every_image_has_an_exact_version():
    images = [s["image"] for s in services().values() if s.get("image", "sightline") != "sightline"]
    images += re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert len(images) == 5
    assert [image for image in images if not re.search(r":\d+\.\d+\.\d+", image)] == []
