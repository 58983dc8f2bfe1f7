"""What the history says and takes back of the trash and of versions."""

import pytest

from search.history.names import Names
from search.history.sentences import deed
from search.history.undo import MOVED, undo
from search.library import trash
from search.models import Asset, Change, Embedding
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_user("admin", staff=True)


def last(admin) -> tuple[Change, str]:
    change = Change.objects.filter(kind="asset").latest("pk")
    return change, deed(change, Names([change], admin, None))


def test_what_was_put_into_the_trash_is_restored_with_its_vectors(admin):
    asset = make_asset(title="barn", embedded=True)
    trash.put(Asset.objects.all(), by=admin)
    change, sentence = last(admin)
    assert sentence.startswith("moved ")
    assert sentence.endswith(" to the trash")
    assert undo([change], admin) == (1, [])
    assert Asset.objects.get() == asset
    assert Embedding.objects.done().exists()
    assert last(admin)[1] == "restored “barn”"


def test_what_was_restored_is_not_put_there_by_a_column(admin):
    make_asset(embedded=True)
    trash.put(Asset.objects.all(), by=admin)
    trash.restore(Asset.everything.all())
    [left] = undo([last(admin)[0]], admin).left
    assert left.reason == MOVED
    assert Asset.objects.exists()


def test_what_has_gone_for_good_stays_away(admin):
    make_asset()
    trash.put(Asset.objects.all(), by=admin)
    change, _ = last(admin)
    trash.delete(Asset.everything.all())
    assert undo([change], admin).undone == 0


def test_an_original_is_not_exchanged_by_a_column(admin):
    asset = make_asset(title="barn")
    Asset.objects.update(version=2)
    change, sentence = last(admin)
    assert sentence == "made version 2 the original of “barn”"
    assert [left.reason for left in undo([change], admin).left] == [MOVED]
    asset.refresh_from_db()
    assert asset.version == 2
