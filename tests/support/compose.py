"""docker-compose.yml without Docker: what Compose makes of it, for this machine."""

import os
import re
import sys
from functools import partial
from pathlib import Path

import yaml

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


def value_of(values, match):
    dollar, name, kind, rest = match.groups()
    if dollar or values.get(name):
        return dollar or values[name]
    if kind == "?":
        raise KeyError(rest)
    return rest or ""


def interpret(values):
    return interpolated(yaml.safe_load((ROOT / "docker-compose.yml").read_text()), values)


def services():
    """What is filled in by a person and by .env.example, service by service."""
    return interpret(example() | FILLED_IN)["services"]


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
