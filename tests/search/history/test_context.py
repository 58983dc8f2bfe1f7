"""Who changed something, and by what."""

import pytest
from django.db import connection, transaction
from django.db.backends.signals import connection_created

from search.history.context import acting, acting_for_good
from search.models import Asset, Change, Label, User
from tests.support.factories import make_asset

pytestmark = pytest.mark.django_db


def as_command(name: str = "ingest"):
    return acting(lambda: {"command": name})


def last() -> Change:
    return Change.objects.select_related("context").latest("id")


def test_a_command_is_named():
    asset = make_asset()
    with as_command():
        Asset.objects.filter(pk=asset.pk).update(title="cup")
    assert last().context.metadata == {"command": "ingest"}


def test_what_one_does_has_one_context():
    assets = [make_asset(), make_asset()]
    with as_command():
        for asset in assets:
            Asset.objects.filter(pk=asset.pk).update(title="cup")
    first, second = Change.objects.order_by("-id")[:2]
    assert first.context_id == second.context_id is not None


def test_a_process_is_named_by_whichever_connection_it_writes(monkeypatch):
    asset, made = make_asset(), connection.copy()
    monkeypatch.setattr(connection_created, "receivers", [])
    acting_for_good({"command": "ingest"})
    try:
        with made.cursor() as cursor:
            cursor.execute("UPDATE search_asset SET title = title")
        assert [wrapper.who() for wrapper in made.execute_wrappers] == [{"command": "ingest"}]
    finally:
        made.close()
    assert Asset.objects.filter(pk=asset.pk).exists()


def test_what_is_changed_by_hand_has_none():
    asset = make_asset()
    with as_command():
        Asset.objects.filter(pk=asset.pk).update(title="jug")
    Asset.objects.filter(pk=asset.pk).update(title="cup")
    assert last().context_id is None


def test_the_outer_one_counts():
    asset = make_asset()
    with as_command(), as_command("another"):
        Asset.objects.filter(pk=asset.pk).update(title="cup")
    assert last().context.metadata == {"command": "ingest"}


def test_who_it_is_is_asked_only_where_something_is_written():
    def who():
        raise AssertionError("asked")

    asset = make_asset()
    with acting(who):
        assert Asset.objects.get(pk=asset.pk) == asset
        assert Asset.objects.filter(pk=asset.pk).iterator().__next__() == asset


@pytest.mark.parametrize(
    ("sql", "has_values"),
    [
        ("UPDATE search_asset SET title = '100 %%' WHERE id = %s", True),
        ("UPDATE search_asset SET title = '100 %'", False),
        ("DO $$ BEGIN UPDATE search_asset SET title = '100 %'; END $$", False),
        (
            "WITH one AS (SELECT %s::uuid AS id) UPDATE search_asset SET title = '100 %%' FROM one",
            True,
        ),
    ],
)
def test_raw_sql_has_it_too_whatever_it_is_like(sql, has_values):
    asset = make_asset()
    with acting(lambda: {"command": "50 % 'of' it"}), connection.cursor() as cursor:
        cursor.execute(sql, [asset.pk] if has_values else None)
    assert last().context.metadata == {"command": "50 % 'of' it"}
    assert last().after == {"title": "100 %"}


def test_numbers_of_rows_and_their_values_are_those_of_the_statement():
    asset = make_asset()
    with as_command(), connection.cursor() as cursor:
        assert Asset.objects.filter(pk=asset.pk).update(title="cup") == 1
        cursor.execute("UPDATE search_asset SET title = 'mug' RETURNING title")
        assert cursor.fetchall() == [("mug",)]


def test_a_list_of_values_is_written_as_ever():
    asset = make_asset()
    with as_command(), connection.cursor() as cursor:
        cursor.executemany("UPDATE search_asset SET title = %s WHERE id = %s", [["cup", asset.pk]])
    assert last().after == {"title": "cup"}


def test_savepoints_and_plans_and_copies_work_within():
    make_asset()
    with as_command(), connection.cursor() as cursor, transaction.atomic():
        cursor.execute("EXPLAIN UPDATE search_asset SET title = 'x'")
        assert "Update on search_asset" in str(cursor.fetchall())
        with cursor.copy("COPY (SELECT title FROM search_asset) TO STDOUT") as copy:
            assert b"".join(map(bytes, copy)) == b"barn\n"


def test_a_request_names_the_person_and_the_page(staff_client):
    asset, label = make_asset(), Label.objects.create(name="red")
    curator = User.objects.get(username="curator")
    staff_client.post(f"/assets/{asset.pk}/suggestion/", {"label": label.pk, "fits": "no"})
    assert last().kind == "rejection"
    person = {"id": curator.pk, "name": "curator"}
    assert last().context.metadata == {"person": person, "page": "suggestion"}
