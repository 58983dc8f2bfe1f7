"""Labels suggested by the workers, with every real component."""

import os
from pathlib import Path

import pytest

from search.library import label_suggestions
from tests.support.pictures import jpeg
from tests.support.prepared import PICTURES
from tests.support.promises import only_in_full

ADD = "/admin/search/label/add/"
# What stands and what should, by the vectors and thresholds that the database holds.
DIFFERENCE = """
WITH should AS (
    SELECT e.asset_id, v.label_id FROM search_embedding e
    JOIN search_encoder n ON n.id = e.encoder_id AND n.state = 'serving'
    JOIN search_labelvector v ON v.encoder_id = e.encoder_id AND v.lowest IS NOT NULL
    JOIN search_label l ON l.id = v.label_id AND l.suggested
    WHERE 1 - (e.vector <=> v.vector) >= v.lowest
    AND NOT EXISTS (
        SELECT FROM search_assetlabel p
        WHERE (p.asset_id, p.label_id, p.source) = (e.asset_id, v.label_id, 'person')
    )
    AND NOT EXISTS (
        SELECT FROM search_rejection r WHERE (r.asset_id, r.label_id) = (e.asset_id, v.label_id)
    )
), are AS (SELECT asset_id, label_id FROM search_assetlabel WHERE source = 'encoder')
(TABLE should EXCEPT TABLE are) UNION ALL (TABLE are EXCEPT TABLE should)
"""
SETTLED = """
SELECT count(*) FROM search_labelvector v JOIN search_label l ON l.id = v.label_id
WHERE l.suggested AND v.lowest = l.threshold
"""


@pytest.fixture(autouse=True)
def emptied(stack):
    # All that hangs from labels goes with them; workers may still be suggesting some.
    alone = f"SELECT pg_advisory_xact_lock({label_suggestions.ADVISORY_LOCK})"
    stack.sql(f"WITH alone AS ({alone}) DELETE FROM search_label USING alone")


def fields(name, threshold):
    templates = "a picture of a {}\n{}"
    return {"name": name, "suggested": "on", "templates": templates, "threshold": str(threshold)}


def suggestions(stack, name):
    """The titles of the assets for which this label is suggested."""
    rows = stack.sql(
        "SELECT a.title FROM search_assetlabel s JOIN search_asset a ON a.id = s.asset_id"
        " JOIN search_label l ON l.id = s.label_id WHERE s.source = 'encoder' AND l.name = %s",
        name,
    )
    return [title for (title,) in rows]


def test_a_curator_s_label_is_suggested_by_the_workers(stack):
    assert stack.session().post(ADD, fields("plate", 0.31)).status_code == 200
    assert stack.eventually(lambda: bool(suggestions(stack, "plate")), 30)
    assert all("plate" in title.lower() for title in suggestions(stack, "plate"))


def test_a_threshold_changed_in_the_admin_counts_at_once(stack):
    session = stack.session()
    session.post(ADD, fields("plate", 1))
    ((label,),) = stack.sql("SELECT id FROM search_label")
    for threshold, number in ((-1, PICTURES), (1, 0), (-1, PICTURES)):
        session.post(f"/admin/search/label/{label}/change/", fields("plate", threshold))
        assert stack.eventually(lambda n=number: len(suggestions(stack, "plate")) == n, 30)


def test_an_upload_has_its_suggestions_with_its_vector(stack):
    session = stack.session()
    session.post(ADD, fields("plate", -1))
    assert stack.eventually(lambda: len(suggestions(stack, "plate")) == stack.embedded(), 30)
    before = stack.embedded()
    for number in range(10):
        session.upload((f"{number}.jpg", jpeg(size=(300 + number, 200))))
    while stack.embedded() < before + 10:
        assert stack.sql(DIFFERENCE) == []
    assert stack.sql(DIFFERENCE) == []
    stack.sql("DELETE FROM search_assetlabel WHERE id = (SELECT max(id) FROM search_assetlabel)")
    assert len(stack.sql(DIFFERENCE)) == 1


@only_in_full
def test_a_query_worker_killed_while_it_labels_leaves_nothing_half_done(stack):
    number = 100
    stack.sql(
        "INSERT INTO search_label (name, suggested, synonyms, templates, threshold)"
        " SELECT 'lamp ' || n, true, '{}', ARRAY['a lamp {}'], 0.1 FROM generate_series(1, %s) n",
        number,
    )
    session = stack.session()
    for share in (0.3, 0.6):
        assert stack.eventually(lambda s=share: stack.sql(SETTLED)[0][0] > s * number, 120)
        assert "not answering" not in session.get("/", {"q": f"lamp {share}"}).text
        stack.kill("query")
        assert stack.sql(DIFFERENCE) == []
        stack.start("query")
    assert stack.eventually(lambda: stack.sql(SETTLED)[0][0] == number, 180)
    assert stack.sql(DIFFERENCE) == []


def test_suggestions_are_judged_without_javascript(stack, opened):
    stack.session().post(ADD, fields("plate", -1))
    stack.session().post(ADD, fields("red", -1))
    assert stack.eventually(lambda: len(suggestions(stack, "red")) == stack.embedded(), 30)
    ((asset,),) = stack.sql("SELECT id::text FROM search_asset ORDER BY created LIMIT 1")

    page = opened(f"/assets/{asset}/", java_script_enabled=False)
    shoot(page, "suggested")
    page.get_by_role("button", name="plate fits").click()
    page.get_by_role("button", name="red does not fit").click()

    shoot(page, "judged")
    assert page.locator("#suggestions").inner_text().strip() == ""
    assert page.get_by_title("Label", exact=True).all_inner_texts() == ["plate"]


def shoot(page, name):
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
