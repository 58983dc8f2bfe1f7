"""What people type, found in the words of the assets; and those words, true after every write."""

import random
import sys
import unicodedata

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.models import Asset, AssetLabel, AssetWords, Collection, Label
from search.query import lexical
from tests.support.factories import make_asset
from tests.support.promises import only_in_full

pytestmark = pytest.mark.django_db


def hits(text: str, *phrases: str) -> list[Asset]:
    return list(lexical.search(Asset.objects.all(), text.split(), phrases))


def titles(text: str, *phrases: str) -> list[str]:
    return [asset.title for asset in hits(text, *phrases)]


def why(text: str, *phrases: str) -> list[str]:
    (hit,) = hits(text, *phrases)
    return lexical.why(hit.where)


# How a text is split


def in_database(texts: list[str]) -> list[list[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT plain_words(text) FROM unnest(%s::text[]) AS text", [texts])
        return [[word[:200] for word in row[0].split()] for row in cursor.fetchall()]


def test_the_database_splits_every_character_as_we_do():
    characters = (chr(code) for code in range(1, sys.maxunicode) if not 0xD800 <= code < 0xE000)
    texts = [f"a{c}b" for c in characters if unicodedata.category(c) not in ("Cn", "Co")]
    differing = [
        t for t, sql in zip(texts, in_database(texts), strict=True) if lexical.plain(t) != sql
    ]
    assert differing == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("IMG_4711.jpg", ["img", "4711", "jpg"]),
        ("Crème brûlée", ["creme", "brulee"]),
        ("Straße, Smørrebrød", ["strasse", "smorrebrod"]),
        ("ÉTÉ e\u0301te\u0301", ["ete", "ete"]),
        ("犬の写真", ["犬", "の", "写", "真"]),
        ("ガラス", ["ガ", "ラ", "ス"]),
        ("한국어", ["한국어"]),
        ("Ｆｕｌｌ１２", ["full", "12"]),
        ("it's 🐶!?", ["it", "s"]),
    ],
)
def test_a_text_is_split_into_plain_words(text, words):
    assert lexical.plain(text) == words == in_database([text])[0]


# What is found


@pytest.mark.parametrize(
    "text", ["IMG_4711.jpg", "img_4711", "4711", "img", "IMG 47", "4711.JPG", "jpg img"]
)
def test_a_file_name_is_found_by_its_parts(text):
    make_asset(title="barn", filename="IMG_4711.jpg")
    make_asset(title="sea", filename="DSC_0012.png")
    assert titles(text) == ["barn"]


@pytest.mark.parametrize("text", ["red barn", "barn red", "re ba", "wooden", "LADDER", "farm bar"])
def test_every_word_is_the_beginning_of_one_anywhere(text):
    make_asset(title="Red barn", description="A wooden one.", labels=("ladder",), collection="farm")
    make_asset(title="Blue sea")
    assert titles(text) == ["Red barn"]


def test_every_word_must_occur():
    make_asset(title="Red barn")
    assert titles("red sea") == []


def test_accents_and_case_do_not_matter():
    make_asset(title="Crème brûlée")
    assert titles("CREME") == titles("brûl") == ["Crème brûlée"]


def test_a_phrase_is_side_by_side():
    make_asset(title="a red barn")
    make_asset(title="a barn, red")
    assert titles("", "red barn") == ["a red barn"]


def test_a_phrase_has_no_beginnings():
    make_asset(title="red barns")
    assert titles("", "red barn") == []


def test_a_phrase_does_not_reach_from_one_text_into_another():
    make_asset(title="old red", description="barn owl", labels=("cat", "dog"))
    assert titles("", "red barn") == titles("", "cat dog") == []


@pytest.mark.parametrize("text", ["写真", "犬", "の写", "犬の写真"])
def test_scripts_without_spaces_are_found_by_a_part(text):
    make_asset(title="白い犬の写真です")
    make_asset(title="猫")
    make_asset(title="真写")
    assert titles(text) == ["白い犬の写真です"]


def test_a_word_may_be_split_where_digits_begin():
    make_asset(title="one", filename="DSC04711.jpg")
    assert titles("04711") == titles("dsc04") == titles("DSC04711") == ["one"]


def test_only_the_given_assets_are_found():
    make_asset(title="red barn")
    make_asset(title="red sea", labels=("water",))
    assets = lexical.search(Asset.objects.labelled("water"), ["red"], [])
    assert [asset.title for asset in assets] == ["red sea"]


# Function words


@pytest.mark.parametrize(
    "sentence", ["a dog on the beach", "un dog de la beach", "der dog am beach", "l'beach del dog"]
)
def test_a_sentence_is_found_without_its_function_words(sentence):
    make_asset(title="Dog, beach")
    make_asset(title="a cat on the beach")
    assert titles(sentence) == ["Dog, beach"]


def test_function_words_alone_are_words():
    make_asset(title="The Who")
    make_asset(title="Theatre")
    assert titles("the") == ["The Who"]


def test_a_phrase_keeps_its_function_words():
    make_asset(title="house of cards")
    make_asset(title="house cards")
    assert titles("", "house of cards") == ["house of cards"]


def test_a_single_letter_is_no_beginning():
    make_asset(title="vitamin x")
    make_asset(title="xylophone vitamin")
    assert titles("vitamin x") == ["vitamin x"]


# A beginning by chance


def is_whole(text: str, *phrases: str) -> bool:
    (hit,) = hits(text, *phrases)
    return lexical.is_whole(hit.where)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        *(("car", "red car"), ("car", "Cars"), ("bus", "buses"), ("gold", "a golden hat")),
        *(("Rembr", "Rembrandt"), ("471", "4711"), ("img_47", "IMG_4711"), ("t-sh", "t-shirt")),
        *(("고양", "고양이가"), ("犬", "白い犬"), ("кот", "коты"), ("Café", "cafes")),
    ],
)
def test_a_word_its_plural_and_a_long_beginning_are_whole(text, title):
    make_asset(title=title)
    assert is_whole(text)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("car", "Carlos"),
        ("ball", "balloon"),
        ("red car", "red Carlos"),
        ("re", "red"),
        ("né", "Neo"),
    ],
)
def test_the_beginning_of_another_word_is_found_and_not_whole(text, title):
    make_asset(title=title)
    assert not is_whole(text)


def test_a_phrase_is_whole():
    make_asset(title="red barn")
    assert is_whole("", "red barn")


# Plurals


@pytest.mark.parametrize(
    ("text", "title"),
    [
        *(("dogs", "dog"), ("Bicycles", "bicycle"), ("boxes", "box"), ("ponies", "pony")),
        *(("gatos rojos", "gato rojo"), ("horses", "horse"), ("dogs", "dogs")),
    ],
)
def test_a_plural_finds_its_singular_as_a_whole_word(text, title):
    make_asset(title=title)
    assert titles(text) == [title] and is_whole(text)


@pytest.mark.parametrize(
    ("text", "title"), [("glass", "glas"), ("dogs", "dogma"), ("gas", "ga"), ("ponies", "ponytail")]
)
def test_control_a_word_that_only_ends_like_a_plural_finds_no_other(text, title):
    make_asset(title=title)
    assert titles(text) == []


def test_a_quoted_plural_is_just_that():
    make_asset(title="dog")
    assert titles("", "dogs") == []


@pytest.mark.parametrize("text", ["dog", "dogs"])
def test_the_word_as_it_was_typed_comes_first(text):
    for title in ("dogs", "dog", "dog", "dogs"):
        make_asset(title=title)
    assert titles(text)[:2] == [text, text]


# The order


def test_whole_words_come_before_beginnings():
    make_asset(title="Carlos")
    make_asset(title="sea", description="On the way we saw a car.")
    assert titles("car") == ["sea", "Carlos"]


def test_the_title_comes_before_the_description():
    make_asset(title="red barn", description="What a long text about a ladder this is. " * 20)
    make_asset(title="sea", description="red barn", labels=("red",))
    assert titles("red barn") == ["red barn", "sea"]


def test_the_label_comes_before_the_description():
    make_asset(title="labelled", labels=("barn",))
    make_asset(title="described", description="barn barn barn")
    assert titles("barn") == ["labelled", "described"]


@pytest.mark.parametrize("text", ["img_4711.JPG", "IMG_4711", "Sunset", "sunset"])
def test_who_is_called_just_this_comes_first(text):
    make_asset(title="Sunset sunset img_4711.jpg", filename="a.png")
    make_asset(title="sunset img_4711", labels=("sunset", "IMG_4711.jpg"), filename="b.png")
    asset = make_asset(title="Sunset", filename="IMG_4711.jpg", description="Dull.")
    assert [(hit.pk, hit.exact) for hit in hits(text)][0] == (asset.pk, True)
    assert [hit.exact for hit in hits(text)][1:] == [False, False]


@pytest.mark.parametrize("spelled", [str, lambda pk: pk.hex, lambda pk: str(pk).upper()])
def test_an_id_is_exact(spelled):
    make_asset(title="sea")
    barn = make_asset(title="barn")
    assert [(hit.title, hit.exact) for hit in hits(spelled(barn.pk))] == [("barn", True)]


@pytest.mark.parametrize("title", ["The Who", "Café, at night", "犬の写真", "x" * 200, "写" * 200])
def test_a_whole_title_is_exact_however_it_is_written(title):
    make_asset(title=f"{title[:190]} and more")
    make_asset(title=title)
    assert [hit.title for hit in hits(title.upper()) if hit.exact] == [title]


def test_a_phrase_may_be_all_that_an_asset_is_called():
    make_asset(title="house of cards")
    assert [hit.exact for hit in hits("", "House of cards")] == [True]


def test_a_part_of_a_name_is_not_exact():
    make_asset(title="red barn", filename="IMG_4711.jpg")
    assert not any(hit.exact for text in ("red", "barn red", "4711", "jpg") for hit in hits(text))


# Why


def test_it_says_where():
    make_asset(title="red barn", filename="IMG_1.png", labels=("ladder",), collection="farm")
    assert why("barn") == ["title"]
    assert why("ladder") == ["label"]
    assert why("farm") == ["collection"]
    assert why("img") == ["file name"]


def test_it_says_each_where():
    make_asset(title="barn", filename="barn.png", labels=("barn",), description="A barn.")
    assert why("barn") == ["title", "label", "file name", "description"]


def test_it_says_where_any_of_the_words_is():
    make_asset(title="barn", filename="1.png", labels=("red",), collection="farm house")
    assert why("red farm barn") == ["title", "label", "collection"]
    assert why("", "farm house") == ["collection"]


# Everything that a person may type


@pytest.mark.parametrize("text", ["", "   ", "...", "'", "\\", "& | ! <->", "🐶", "-", "()", ":*"])
def test_without_words_nothing_matches(text):
    make_asset(title="barn & ' \\ 🐶")
    assert titles(text) == titles("", text) == []


NASTY = ["barn", "the", *"'\"\\&|!()<->:*@%_a1é写🐶"]


# A quarter of them in `make check`, the others in `make chaos`.
@pytest.mark.parametrize(
    "seed", [*range(5), *(pytest.param(n, marks=only_in_full) for n in range(5, 20))]
)
def test_operators_quotes_and_backslashes_are_safe(seed):
    rng = random.Random(seed)
    make_asset(title="barn")
    for _ in range(50):
        text = "".join(rng.choice([*NASTY, " "]) for _ in range(rng.randint(1, 30)))
        hits(text)
        hits("barn", text)


@pytest.mark.parametrize("text", ["x" * 1000, "a " * 500, "写" * 1000, "1a" * 500, "& ' " * 250])
def test_a_thousand_characters_are_safe(text):
    make_asset(title=text[:200])
    assert len(hits(text)) <= 1


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Characters that are newer than Python's Unicode are known to PostgreSQL alone (U+1CCD6, an A).
@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs", "Cn"]), max_size=100)
)
def test_a_text_finds_the_asset_that_is_called_so(text):
    with transaction.atomic():
        asset = Asset.objects.first() or make_asset(title="barn")
        Asset.objects.filter(pk=asset.pk).update(title=text, filename="x.png")
        assert bool(hits(text)) == bool(hits("", text)) == bool(lexical.plain(text))


# The words stay true


def words_of(asset: Asset) -> str:
    return str(AssetWords.objects.get(asset=asset).words)


@pytest.mark.parametrize("field", ["title", "description", "filename"])
def test_a_changed_text_changes_the_words(field):
    asset = make_asset(**{"filename": "x.png", field: "old"})
    Asset.objects.filter(pk=asset.pk).update(**{field: "new"})
    assert titles("new")
    assert not titles("old")


def test_saving_a_stale_asset_keeps_the_words_of_others():
    asset = make_asset(title="barn")
    AssetLabel.objects.create(asset=asset, label=Label.objects.create(name="ladder"))
    asset.save()
    assert titles("ladder barn")


def test_many_assets_at_once_have_words():
    first = make_asset(title="barn")
    Asset.objects.bulk_create(
        Asset(
            owner=first.owner, sha256=str(n), title=f"copy {n}", filename="x", format="PNG",
            width=1, height=1, bytes=1, colour="#ffffff", original="x",
        )
        for n in range(3)
    )  # fmt: skip
    assert sorted(titles("copy")) == ["copy 0", "copy 1", "copy 2"]


def test_a_label_that_is_taken_away_is_found_no_more():
    asset = make_asset(title="barn", labels=("ladder",))
    AssetLabel.objects.filter(asset=asset).delete()
    assert titles("ladder") == []


def test_a_label_of_two_sources_stays_until_both_are_gone():
    asset = make_asset(title="barn", labels=("ladder",))
    AssetLabel.objects.create(asset=asset, label=Label.objects.get(), source="encoder")
    AssetLabel.objects.filter(source="person").delete()
    assert titles("ladder") == ["barn"]


def test_a_deleted_label_is_found_no_more():
    make_asset(title="barn", labels=("ladder",))
    Label.objects.all().delete()
    assert titles("ladder") == []


def test_a_renamed_label_is_found_by_its_new_name():
    make_asset(title="barn", labels=("ladder",))
    Label.objects.update(name="stairs")
    assert titles("stairs") == ["barn"]
    assert titles("ladder") == []


def test_a_label_is_found_by_its_synonyms_and_says_so():
    make_asset(title="barn", labels=("ladder",))
    Label.objects.update(synonyms=["stairs", "Steps and rungs"])
    assert titles("stairs") == titles("", "and rungs") == titles("ladder") == ["barn"]
    assert why("rungs") == ["label"]
    Label.objects.update(synonyms=[])
    assert titles("stairs") == []


def test_a_label_that_moves_takes_its_words_along():
    make_asset(title="barn", labels=("ladder",))
    sea = make_asset(title="sea")
    AssetLabel.objects.update(asset=sea)
    assert titles("ladder") == ["sea"]


def test_collections_are_followed():
    asset = make_asset(title="barn", collection="farm")
    Collection.objects.update(name="village")
    assert titles("village") == ["barn"]
    assert titles("farm") == []
    asset.collections.clear()
    assert titles("village") == []


def test_a_deleted_asset_leaves_no_words():
    make_asset(title="barn", labels=("ladder",), collection="farm").delete()
    assert not AssetWords.objects.exists()


def test_another_change_writes_no_words():
    asset = make_asset(title="barn")

    def version():
        with connection.cursor() as cursor:
            cursor.execute("SELECT ctid::text FROM search_assetwords")
            return cursor.fetchone()

    before = version()
    Asset.objects.filter(pk=asset.pk).update(colour="#000000")
    asset.save()
    assert version() == before


# The index


@pytest.mark.parametrize("words", [["barn"], ["red", "barn"], ["IMG_4711.jpg"]])
def test_words_are_found_by_the_index(words):
    make_asset(title="barn")
    with connection.cursor() as cursor:
        # Of one row, any other plan is as good.
        for other in ("seqscan", "indexscan", "nestloop"):
            cursor.execute(f"SET LOCAL enable_{other} = off")
    assert "asset_words" in lexical.search(Asset.objects.all(), words, []).explain()


def test_a_page_of_assets_fetches_no_words():
    assert "words" not in str(Asset.objects.all().query)
