"""Accessibility of a page in the browser, by the rules of axe-core."""

from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
# axe leaves this one out unless it is asked for.
RULES = {"target-size": {"enabled": True}}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def assert_accessible(page: Page) -> None:
    """What is open on the page breaks no rule of WCAG 2.0 to 2.2, A and AA, in either theme."""
    broken = violations(page)
    assert not broken, "\n" + "\n".join(broken)


def violations(page: Page) -> list[str]:
    """What is open on the page breaks these rules, in the light theme and in the dark one."""
    options = {"runOnly": {"type": "tag", "values": WCAG}, "rules": RULES}
    lines = []
    for scheme in THEMES:
        # Without motion, or colours would still be on their way from one theme to the other.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for violation in Axe().run(page, options=options).response["violations"]:
            lines += [f"{scheme}: {line}" for line in described(violation)]
    page.emulate_media(reduced_motion="no-preference")
    return lines


def described(violation: dict) -> list[str]:
    """The rule that is broken, and below it each element that breaks it and how."""
    lines = [f"{violation['id']} ({violation['impact']}): {violation['help']}"]
    for node in violation["nodes"]:
        lines.append(f"  {' '.join(map(str, node['target']))}: {node['html'][:160]}")
        lines += [f"    {line.strip()}" for line in node["failureSummary"].splitlines()[1:]]
    return lines
