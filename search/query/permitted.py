"""What may be an answer: the assets that rights, filters, examples and words to leave out allow."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef
from django.db.models.functions import Cast
from pgvector.django import CosineDistance, HalfVectorField

from search.matches import thresholds
from search.models import Asset, Embedding, User
from search.models.asset import AssetQuerySet
from search.query import lexical
from search.query.filters import narrow
from search.query.query import Query
from search.query.vectors import WORDS, EncodedQuery


def permitted(query: Query, user: User | AnonymousUser) -> AssetQuerySet:
    """The assets that the person's rights, the filters and the quoted words leave, without those
    in which words occur that the query leaves out."""
    assets = narrow(Asset.objects.visible_to(user), query.filters)
    for phrase in query.words.without:
        # Asked of each asset, since a walk by the index makes a list of all that do for each anew.
        itself = Asset.objects.filter(pk=OuterRef("pk"))
        assets = assets.exclude(Exists(lexical.containing(itself, [], [phrase])))
    # A picture is no answer to itself; a part of it may be.
    examples = [example.asset for example in query.pictures() if example.asset and example.is_whole]
    if examples:
        assets = assets.exclude(pk__in=examples)
    return with_phrases(assets, query)


def with_phrases(assets: AssetQuerySet, query: Query) -> AssetQuerySet:
    """The assets in which all quoted words of a query occur, or of one side of its ORs."""
    first, *others = (side.words.phrases for side in query.alternatives)
    if not all((first, *others)):
        return assets
    return lexical.containing(assets, [], first, [lexical.TextSearch([], o) for o in others])


def far_from(assets: AssetQuerySet, encoded: EncodedQuery) -> AssetQuerySet:
    """The assets that are no strong match of any of the words that the query leaves out."""
    encoder = encoded.encoder
    for vector in encoded.without:
        if limits := thresholds.thresholds_of(vector, encoder, WORDS):
            stored = Cast("vector", HalfVectorField(dimensions=encoder.dimensions))
            own = Embedding.objects.filter(encoder=encoder, asset=OuterRef("pk"))
            embedded = own.filter(fulfilled__isnull=False)
            near = embedded.alias(away=CosineDistance(stored, vector))
            assets = assets.exclude(Exists(near.filter(away__lte=limits.strong)))
    return assets
