"""`manage.py recall`: what it prints, what it stores, and what the admin shows of that."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from search.evaluation import index
from search.models import Encoder, Evaluation
from search.query import nearest
from tests.support.factories import make_asset, make_encoder
from tests.support.fake_encoder import COLOURS, FakeEncoder

pytestmark = pytest.mark.django_db
ADMIN = reverse("admin:search_evaluation_changelist")


@pytest.fixture(autouse=True)
def loaded(monkeypatch):
    monkeypatch.setattr("search.management.commands.recall.encoder_of", lambda row: FakeEncoder())


@pytest.fixture
def library(monkeypatch):
    """Of 24 assets even a third is enough for the smaller of two shares."""
    monkeypatch.setattr(index, "FIRST", 6)
    for number in range(24):
        colour = list(COLOURS)[number % len(COLOURS)]
        digest = f"{number * 16**6 * 10:08x}".ljust(64, "0")
        make_asset(title=f"{colour} {number}", colour=colour, sha256=digest, embedded=True)


def recall(capsys, *arguments):
    call_command("recall", *map(str, arguments))
    return capsys.readouterr().out


def refusal(*arguments):
    with pytest.raises(CommandError) as refused:
        call_command("recall", *map(str, arguments))
    assert not Evaluation.objects.exists()
    return str(refused.value)


def test_both_kinds_of_query_are_told_apart_at_each_share_that_is_large_enough(library, capsys):
    lines = [line.split() for line in recall(capsys).splitlines()[2:]]
    assert [line[:4] for line in lines] == [
        ["words", "100", "%", "100.0"],
        ["pictures", "100", "%", "100.0"],
        ["words", "30", "%", "100.0"],
        ["pictures", "30", "%", "100.0"],
    ]


def test_what_was_found_is_stored_with_its_time(library, capsys):
    recall(capsys)
    rows = {row.task: row for row in Evaluation.objects.filter(dataset=index.SEARCHES)}
    assert rows[index.RECALL].figures["words, 30 %"] == [1, 1, 1]
    assert rows["cost"].figures["pictures ms, 100 %"][0] > 0
    assert rows[index.RECALL].run == rows["cost"].run


def test_so_many_queries_are_asked_as_were_wanted(library, capsys):
    recall(capsys, "--queries", 3)
    assert set(Evaluation.objects.values_list("queries", flat=True)) == {3}


def test_it_says_how_the_assets_were_found(library, capsys, monkeypatch):
    assert recall(capsys).count("comparing all") == 4
    monkeypatch.setattr(nearest, "EXACT_BELOW", 10)
    printed = recall(capsys)
    assert printed.count("the index, 1000 wide") == printed.count("the index, 200 wide") == 1


def test_what_the_search_misses_is_told(library, capsys, monkeypatch):
    everything = nearest.by_comparison

    def missing_one(*query, limit):
        return everything(*query, limit=limit - 1)

    monkeypatch.setattr(nearest, "plan", missing_one)
    monkeypatch.setattr(index, "AS_NEAR", -1)
    recall(capsys)
    row = Evaluation.objects.get(task=index.RECALL)
    assert row.figures["words, 100 %"][0] < 1


def test_the_admin_shows_it(library, capsys, staff_client):
    recall(capsys)
    page = staff_client.get(ADMIN, {"dataset": index.SEARCHES}).content.decode()
    assert "Recall of searches" in page
    assert "pictures ms, 30 %" in page


def test_another_encoder_than_the_one_that_serves_may_be_measured(library, capsys, settings):
    settings.EMBEDDED_DATABASE = False  # There, the bundled one would be made to serve.
    Encoder.objects.update(state="ready")
    assert recall(capsys, "--encoder", "fake").startswith("fake: recall@6")


def test_too_small_a_library_is_one_sentence():
    make_asset(embedded=True)
    assert refusal() == "Recall@20 needs more than 20 assets; fake has embedded 1."


def test_a_library_without_embedded_assets_is_one_sentence():
    make_encoder()
    make_asset()
    assert refusal() == "No asset of the library has been embedded by fake yet."


def test_an_unknown_encoder_is_one_sentence(library):
    assert refusal("--encoder", "nobody") == "There is no encoder nobody; there are: fake."


def test_without_an_encoder_there_is_one_sentence(settings):
    settings.EMBEDDED_DATABASE = False  # There, the bundled one would be made to serve.
    assert refusal().startswith("No encoder serves")


def test_no_queries_are_none_too_few(library):
    assert refusal("--queries", 0) == "Ask at least one query: --queries 1."
