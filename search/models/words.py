from collections.abc import Iterable

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models, transaction

from search.models.asset import Asset

# Maximum of letters of a word that is noted; see search/sql/words.sql for the minimum.
LONGEST_WORD = 30
# Minimum share of trigrams that two words have in common: "hosue" and "house" have a fifth, as two
# neighbouring letters that change places spoil four of six.
LEAST_SIMILARITY = 0.2
# Maximum of words that are compared letter by letter.
SIMILAR_WORDS = 100
# Number of parts in which stale words are looked for, one each hour: 200,000 words take 5 s.
PARTS = 24


class AssetWords(models.Model):
    """The words that an asset is found by; triggers of the database keep them true.

    Weights: A title, B label with its synonyms, C file name and collection, D description. Not
    columns of Asset: no page should fetch them, and a label that comes to thousands of assets
    should not rewrite those.
    """

    asset = models.OneToOneField(
        Asset,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="asset_words",
        editable=False,
    )
    words = SearchVectorField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "words of assets"
        indexes = [GinIndex(fields=["words"], name="asset_words")]

    def __str__(self) -> str:
        return f"the words of {self.asset}"


class WordQuerySet(models.QuerySet["Word"]):
    def like(self, text: str) -> list[str]:
        """Words that share trigrams with this one, the most similar first.

        Of 200,000 words in 31 ms by the index, on a busy machine (bench/lexical.py).
        """
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL pg_trgm.similarity_threshold = {LEAST_SIMILARITY}")
            cursor.execute(_LIKE, [text, text, SIMILAR_WORDS])
            return [word for word, _ in cursor.fetchall()]

    def among(self, texts: Iterable[str]) -> list[str]:
        """Those of these that are words; none has a space."""
        # As one text: to bind 300 values one by one takes eight times as long.
        with connection.cursor() as cursor:
            cursor.execute(_AMONG, [" ".join(texts)])
            return [word for (word,) in cursor.fetchall()]

    def remove_stale(self, part: int) -> None:
        """Remove what no asset has any more, and what stands there twice, of one part in PARTS."""
        with connection.cursor() as cursor:
            cursor.execute(_REMOVE_STALE, [PARTS, part])


class Word(models.Model):
    """A word that an asset has, or had: what "Did you mean" can offer.

    A trigger of the database adds to it (search/sql/words.sql). A word may stand there twice, since
    nobody waits for another who adds the same, and longer than an asset has it: whoever offers one
    looks whether there is an asset.
    """

    # Compared by code point: so the index finds beginnings too.
    word = models.CharField(max_length=LONGEST_WORD, db_collation="C")

    objects = WordQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["word"], name="words"),
            GinIndex(OpClass("word", name="gin_trgm_ops"), name="words_by_trigrams"),
        ]

    def __str__(self) -> str:
        return self.word


_LIKE = """
SELECT DISTINCT word, similarity(word, %s) AS similarity FROM search_word WHERE word %% %s
ORDER BY similarity DESC, word LIMIT %s
"""
_AMONG = "SELECT word FROM search_word WHERE word = ANY(string_to_array(%s, ' '))"
_REMOVE_STALE = """
DELETE FROM search_word AS stale WHERE id %% %s = %s AND (
    NOT EXISTS (SELECT FROM search_assetwords WHERE words @@ quote_literal(stale.word)::tsquery)
    OR EXISTS (SELECT FROM search_word AS same WHERE same.word = stale.word AND same.id < stale.id)
)
"""
