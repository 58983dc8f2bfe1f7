"""Accessibility of a page in the browser, by the rules of axe-core."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
# axe leaves this one out unless it is asked for.
RULES = {"target-size": {"enabled": True}}


def assert_accessible(page: Page) -> None:
    """What is open on the page breaks no rule of WCAG 2.0 to 2.2, A and AA."""
    options = {"runOnly": {"type": "tag", "values": WCAG}, "rules": RULES}
    violations = Axe().run(page, options=options).response["violations"]
    assert not violations, "\n" + "\n".join(
        line for violation in violations for line in described(violation)
    )


def described(violation: dict) -> list[str]:
    """The rule that is broken, and below it each element that breaks it and how."""
    lines = [f"{violation['id']} ({violation['impact']}): {violation['help']}"]
    for node in violation["nodes"]:
        lines.append(f"  {' '.join(map(str, node['target']))}: {node['html'][:160]}")
        lines += [f"    {line.strip()}" for line in node["failureSummary"].splitlines()[1:]]
    return lines
