"""Labels and collections that a curator merges into one."""

import pytest
from django.urls import reverse

from search.models import AssetLabel, Collection, Label, Rejection
from tests.support.factories import make_asset

pytestmark = pytest.mark.django_db


def merge(client, model, *rows, **fields):
    url = reverse(f"admin:search_{model._meta.model_name}_changelist")
    chosen = {"action": "merge", "_selected_action": [row.pk for row in rows]}
    return client.post(url, chosen | fields, follow=True)


def text(response):
    return response.content.decode()


@pytest.fixture
def labels():
    """Two labels for the same: barn has both, sea one; of meadow one was rejected."""
    make_asset(title="barn", labels=("car", "auto"))
    make_asset(title="sea", labels=("auto",))
    car, auto = Label.objects.get(name="car"), Label.objects.get(name="auto")
    Rejection.objects.create(asset=make_asset(title="meadow"), label=auto)
    Label.objects.filter(pk=auto.pk).update(synonyms=["motor"], suggested=True)
    return car, auto


def test_which_name_stays_is_asked_first(curator_client, labels):
    page = text(merge(curator_client, Label, *labels))

    assert "whose name stays?" in page
    assert page.count('type="radio" name="into"') == 2
    assert Label.objects.count() == 2


def test_what_people_said_by_the_others_they_say_by_the_one_that_stays(curator_client, labels):
    car, auto = labels
    merge(curator_client, Label, *labels, into=car.pk)

    label = Label.objects.get()
    assert (label.pk, label.synonyms, label.suggested) == (car.pk, ["auto", "motor"], True)
    assert sorted(row.asset.title for row in label.asset_labels.all()) == ["barn", "sea"]
    assert label.rejections.get().asset.title == "meadow"


def test_what_an_encoder_suggested_by_the_others_goes_with_them(curator_client, labels):
    car, auto = labels
    AssetLabel.objects.create(asset=make_asset(), label=auto, source="encoder", score=0.4)
    merge(curator_client, Label, *labels, into=car.pk)

    assert not AssetLabel.objects.filter(source="encoder").exists()


def test_collections_become_one_with_what_was_in_each(curator_client):
    make_asset(title="barn", collection="farm")
    make_asset(title="sea", collection="coast")
    farm, coast = Collection.objects.get(slug="farm"), Collection.objects.get(slug="coast")
    farm.assets.add(*coast.assets.all())

    merge(curator_client, Collection, farm, coast, into=farm.pk)

    assert Collection.objects.get() == farm
    assert {asset.title for asset in farm.assets.all()} == {"barn", "sea"}


def test_one_alone_is_not_merged(curator_client, labels):
    answer = merge(curator_client, Label, labels[0], into=labels[0].pk)

    assert "Choose two to 50 to merge." in text(answer)
    assert Label.objects.count() == 2


@pytest.mark.parametrize("into", ["x", "", "999999"])
def test_the_one_that_stays_must_be_one_of_them(curator_client, labels, into):
    answer = merge(curator_client, Label, *labels, into=into)

    assert answer.status_code == 400
    assert "must be one of those that are merged" in text(answer)
    assert Label.objects.count() == 2
