"""Upgrades: assets that were read by older rules, one at a time and behind everything else."""

from search.library import upgrade
from workers.tasks.inspections import nothing_is_promised


def waits() -> bool:
    """Whether there is an asset to read anew and nothing else is to be done."""
    return upgrade.waiting().exists() and nothing_is_promised()


def do() -> bool:
    """Read the next asset anew; whether there was one."""
    return upgrade.read_next()
