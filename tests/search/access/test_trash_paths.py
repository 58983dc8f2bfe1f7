"""What lies in the trash is told of on no path, by no one's rights; restored, on all of them."""

import pytest
from django.urls import reverse

from search.evaluation import library as sets
from search.forms import SearchForm, data_of
from search.library import label_suggestions, near_duplicates, trash
from search.management import library_examples
from search.matches import thresholds
from search.models import (
    Asset,
    AssetLabel,
    Collection,
    Embedding,
    Encoder,
    JudgedQuery,
    Judgement,
    Label,
    LabelVector,
    SavedSearch,
    Term,
)
from search.query import Query, answer, facets, nearest, spelling
from search.query.completion import completions
from search.views.assets import like
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db
# Zebras are of the asset in the trash alone.
TITLE = "zebra crossing"


@pytest.fixture
def library(fake_encoder, monkeypatch, client):
    """An asset that every path tells of, beside another one; and who looks."""
    monkeypatch.setattr(library_examples, "prepare", lambda: None)
    look = make_user("looker", staff=True)
    client.force_login(look)
    asset = make_asset(
        title=TITLE,
        labels=("zebra",),
        collection="animals",
        embedded=True,
        thumbnail=True,
        phash="1" * 64,
        owner=look,
    )
    other = make_asset(title="barn", embedded=True, thumbnail=True, phash="1" * 64)
    Asset.objects.update(cluster=asset.pk)
    vector = Embedding.objects.get(asset=asset).vector
    label = Label.objects.create(name="red", suggested=True)
    encoder = Encoder.objects.serving()
    LabelVector.objects.create(
        label=label, encoder=encoder, vector=vector, prompts={}, lowest=0.5, fitted_to=2
    )
    label_suggestions.suggest_for([asset.pk])
    Judgement.objects.create(
        query=JudgedQuery.objects.create(key="1", words="red"), asset=asset, grade=1, person=look
    )
    Term.objects.create(asset=asset, effect=Term.Effect.ALLOW)
    SavedSearch.objects.create(owner=look, name="all", parameters={"q": ["red"]})
    return Library(client, look, asset, other, monkeypatch)


class Library:
    def __init__(self, client, person, asset, other, monkeypatch) -> None:
        self.client, self.person, self.asset, self.other = client, person, asset, other
        self.monkeypatch = monkeypatch

    def is_hit(self, query: Query, user=None) -> bool:
        hits = answer(query.but(everything=True, duplicates=True), user or self.person).hits
        return self.asset.pk in {hit.asset.pk for hit in hits}

    def by_index(self) -> bool:
        with self.monkeypatch.context() as patch:
            patch.setattr(nearest, "EXACT_BELOW", 0)
            return self.is_hit(Query.of("red"))

    def is_example(self, region: str = "") -> bool:
        return SearchForm(data_of({"like": [f"{self.asset.pk}{region}"]}), self.person).is_valid()

    def is_served(self, name: str, *args: str) -> bool:
        return self.client.get(reverse(name, args=[self.asset.pk, *args])).status_code == 200

    def is_on(self, path: str) -> bool:
        return TITLE in self.client.get(path).content.decode()

    def of_vectors(self) -> set:
        rows = label_suggestions.scores(LabelVector.objects.get())
        return set(rows.values_list("asset", flat=True))

    def facets(self) -> dict:
        return facets.facets(Query(), Asset.objects.visible_to(self.person), self.person)

    def names(self, page: str) -> list[str]:
        return [completion.text for completion in completions(page, self.person)]


ADMIN = {
    name: (lambda at, name=name: at.is_on(reverse(f"admin:search_{name}_changelist")))
    for name in ("asset", "assetlabel", "judgement", "term")
}
PATHS = {
    **{
        name: (lambda at, name=name: at.is_served(name))
        for name in ("asset", "look", "thumbnail", "preview", "original")
    },
    "picture": lambda at: at.is_served("picture", "thumbnail"),
    "admin form": lambda at: at.is_served("admin:search_asset_change"),
    **{f"admin {name}": path for name, path in ADMIN.items()},
    "by words": lambda at: at.is_hit(Query.of("crossing")),
    "by a phrase": lambda at: at.is_hit(Query.of('"zebra crossing"')),
    "by comparison": lambda at: at.is_hit(Query.of("red")),
    "by index": Library.by_index,
    "by nothing": lambda at: at.is_hit(Query()),
    "by its label": lambda at: at.is_hit(Query(filters=(("label", "zebra"),))),
    "by what is like the other": lambda at: at.is_hit(like(at.other)),
    "as an example": Library.is_example,
    "as an example by a part": lambda at: at.is_example("@0,0,0.5,0.5"),
    "similar": lambda at: TITLE in at.client.get(at.other.get_absolute_url()).content.decode(),
    "near-duplicates": lambda at: near_duplicates.of(Asset.objects.get(title="barn")).exists(),
    "a count": lambda at: answer(Query(), at.person).count == 2,
    "facets": lambda at: "label" in at.facets().choices or at.facets().assets == 2,
    "counts of labels": lambda at: Label.objects.with_counts().get(name="zebra").confirmed == 1,
    "suggestions": lambda at: AssetLabel.objects.filter(source="encoder").exists(),
    "counts of collections": lambda at: ">1<" in _sizes(at),
    "completions": lambda at: TITLE in at.names("zebra"),
    "Did you mean": lambda at: spelling.correction(Query.of("zebar"), at.person) is not None,
    "known words": lambda at: not spelling._unknown(Query.of("zebra").words, at.person),
    "saved searches": lambda at: (
        f"{at.asset.pk}"
        in at.client.get(reverse("saved_search_card", args=[SavedSearch.objects.get().pk]))
        .content.decode()
    ),
    "vectors that labels are fitted to": lambda at: at.asset.pk in at.of_vectors(),
    "vectors that thresholds are fitted to": lambda at: (
        TITLE in thresholds.sample_of(Encoder.objects.serving())[0]
    ),
    "sets of evaluation": lambda at: (
        at.asset.pk in sets.embedded_assets([Encoder.objects.serving()])
    ),
    "training": lambda at: TITLE in {e.captions[0] for e in library_examples.library_examples()},
    "counts of encoders": lambda at: Encoder.objects.with_counts().get().searchable == 2,
}  # fmt: skip


def _sizes(at: Library) -> str:
    page = at.client.get(reverse("admin:search_collection_changelist")).content.decode()
    return page[page.index("field-size") :]


def telling(at: Library) -> set[str]:
    return {name for name, path in PATHS.items() if path(at)}


@pytest.mark.parametrize("is_open", [True, False])
def test_in_the_trash_it_is_on_no_path_and_restored_on_all_again(library, settings, is_open):
    settings.LIBRARY_OPEN = is_open
    assert telling(library) == set(PATHS)  # The control: each path tells of what is there.

    trash.put(Asset.objects.filter(pk=library.asset.pk), by=library.person)
    library.person = make_user("looker", staff=True)
    assert telling(library) == set()

    trash.restore(trash.of(library.person))
    while near_duplicates.compare_next():
        pass
    Asset.objects.update(cluster=library.asset.pk)
    assert telling(library) == set(PATHS)


def test_its_addresses_answer_as_those_of_nothing(library):
    trash.put(Asset.objects.filter(pk=library.asset.pk), by=library.person)
    nothing = str(library.asset.pk).replace(str(library.asset.pk)[:8], "00000000")
    for name in ("asset", "look", "thumbnail", "preview", "original"):
        path, other = (reverse(name, args=[pk]) for pk in (library.asset.pk, nothing))
        there, missing = library.client.get(path), library.client.get(other)
        assert there.status_code == missing.status_code == 404
        assert there.content.replace(path.encode(), b"") == missing.content.replace(
            other.encode(), b""
        )


def test_its_owner_and_viewers_do_not_meet_it_either(library, client):
    trash.put(Asset.objects.filter(pk=library.asset.pk), by=library.person)
    for person in (make_user("viewer"), library.person):
        client.force_login(person)
        assert client.get(library.asset.get_absolute_url()).status_code == 404
        assert not library.is_hit(Query.of("red"), person)
    assert Collection.objects.get(slug="animals").assets.count() == 0
