"""Names: one spelling of each, found however it is typed; those that were made twice are merged."""

from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from search.management.commands.ingest import collection_called
from search.models import AssetLabel, Collection, Label, Rejection, SavedSearch, User
from search.models.names import called
from search.query.filters import read
from search.query.query import Malformed
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db

merging = import_module("search.migrations.0021_names_that_differ_by_case")

# Each is "Café Zoë" to people: in capitals, decomposed, in wide letters, with spaces.
SPELLINGS = (
    "café zoë",
    "CAFÉ ZOË",
    "Cafe\u0301 Zoe\u0308",
    "Ｃａｆé\u3000Zoë",
    "  Café \t Zoë ",
    "Café\u00a0Zoë\u200b",
)
OTHERS = ("Cafe Zoe", "CaféZoë", "Café Zoé", "Café-Zoë")


def make(model: type, name: str):
    if model is User:
        return User.objects.create(username=name)
    extra = {"slug": f"s{model.objects.count()}"} if model is Collection else {}
    return model.objects.create(name=name, **extra)


def name_of(model: type) -> str:
    return "username" if model is User else "name"


@pytest.mark.parametrize("model", [Label, Collection, User])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_name_is_there_once_however_it_is_spelled(model, spelling):
    make(model, "Café Zoë")
    with pytest.raises(IntegrityError), transaction.atomic():
        make(model, spelling)


@pytest.mark.parametrize("model", [Label, Collection, User])
@pytest.mark.parametrize("name", OTHERS)
def test_control_another_name_is_another(model, name):
    make(model, "Café Zoë")
    make(model, name)
    assert model.objects.count() == 2


@pytest.mark.parametrize("model", [Label, Collection, User])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_name_is_found_however_it_is_spelled(model, spelling):
    row = make(model, "Café Zoë")
    assert called(model.objects.all(), spelling, name_of(model)).get() == row


@pytest.mark.parametrize("filter_name", ["label", "not_label", "collection", "owner"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_filters_find_a_name_however_it_is_spelled(filter_name, spelling):
    for model in (Label, Collection, User):
        make(model, "Café Zoë")
    make_asset(owner=User.objects.get())  # Whose picture nobody sees is not known by name.
    value = "s0" if filter_name == "collection" else "Café Zoë"
    assert read(filter_name, spelling, make_user()) == (filter_name, value)


def test_control_a_filter_takes_no_other_name():
    make(Label, "Café Zoë")
    with pytest.raises(Malformed):
        read("label", "Cafe Zoe", make_user())


def test_a_second_slug_that_differs_by_capitals_is_refused():
    Collection.objects.create(name="a", slug="wald")
    with pytest.raises(ValidationError, match="There is a collection of this slug"):
        Collection(name="b", slug="Wald").full_clean()


@pytest.mark.parametrize("model", [Label, Collection])
def test_a_name_is_stored_composed_and_trimmed(model):
    row = make(model, "  Cafe\u0301 \t Zoe\u0308 ")
    row.refresh_from_db()
    assert row.name == "Café Zoë"


def test_a_label_by_another_spelling_is_the_label():
    label = make(Label, "Mug")
    assert Label.objects.called("MUG ") == label
    assert Label.objects.called("Mugs") != label


def test_a_curator_is_told_that_there_is_such_a_label(staff_client):
    make(Label, "Mug")
    fields = {"name": "mug ", "synonyms": "", "templates": "{}", "threshold": ""}
    response = staff_client.post("/admin/search/label/add/", fields)
    assert "There is a label of this name." in response.content.decode()


# What was there before ---------------------------------------------------------------------------


@pytest.fixture
def names_twice():
    """As it was before each name was unique."""
    with connection.cursor() as cursor:
        for model in (Label, Collection, User):
            for constraint in model._meta.constraints:
                if constraint.name.endswith(("_per_name", "_per_slug")):
                    cursor.execute(f"DROP INDEX {constraint.name}")


def test_labels_of_one_name_become_the_first_with_what_all_had(names_twice):
    barn, sea = make_asset(title="barn", labels=("Mug",)), make_asset(title="sea")
    first = Label.objects.get()
    other = Label.objects.create(name="mug", suggested=True, synonyms=["cup"], threshold=0.2)
    for asset in (barn, sea):
        AssetLabel.objects.create(asset=asset, label=other)
    Rejection.objects.create(asset=sea, label=other)

    merging.merge(apps, None)

    label = Label.objects.get()
    assert (label.pk, label.name, label.synonyms) == (first.pk, "Mug", ["cup"])
    assert (label.suggested, label.threshold) == (True, 0.2)
    assert {row.asset for row in label.asset_labels.all()} == {barn, sea}
    assert label.asset_labels.count() == 2 and label.rejections.get().asset == sea


def test_collections_of_one_name_become_one_and_saved_searches_follow(names_twice):
    barn, sea = make_asset(title="barn", collection="forest"), make_asset(title="sea")
    first = Collection.objects.get()
    Collection.objects.create(name="FOREST", slug="forest-2").assets.add(barn, sea)
    search = SavedSearch.objects.create(
        name="trees", owner=make_user(), parameters={"collection": ["forest-2"]}
    )

    merging.merge(apps, None)

    assert set(Collection.objects.get(pk=first.pk).assets.all()) == {barn, sea}
    search.refresh_from_db()
    assert search.parameters == {"collection": ["forest"]}


def test_accounts_of_one_name_stay_apart_under_a_number(names_twice):
    first, other, third = (make(User, name) for name in ("Ana", "ana", "ana-2"))

    merging.merge(apps, None)

    names = [User.objects.get(pk=user.pk).username for user in (first, other, third)]
    assert names == ["Ana", "ana-3", "ana-2"]


def test_names_that_are_unlike_stay_as_they_are(names_twice):
    names = {make(Label, name).name for name in ("Mug", "Mugs", "résumé", "resume")}
    merging.merge(apps, None)
    assert set(Label.objects.values_list("name", flat=True)) == names


@pytest.mark.parametrize("make", [Label.objects.called, collection_called])
def test_two_who_make_the_same_name_at_once_get_the_same_row(make, monkeypatch):
    """The other commits after this one has looked."""
    get, of_the_other = QuerySet.get, []

    def get_too_early(self):
        if of_the_other:
            return get(self)
        monkeypatch.setattr(QuerySet, "get", get)
        of_the_other.append(make("mug"))
        monkeypatch.setattr(QuerySet, "get", get_too_early)
        raise self.model.DoesNotExist

    monkeypatch.setattr(QuerySet, "get", get_too_early)
    assert [make("Mug")] == of_the_other
