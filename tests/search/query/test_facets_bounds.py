"""Facets count by the same lines that the filters draw."""

import pytest

from search.models import Asset
from search.query import Query, answer
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db

SIZES = [(100, 100), (104, 100), (106, 100), (100, 106), (200, 100), (1999, 1000), (3000, 2000)]


def test_each_choice_of_a_facet_leads_to_as_many_assets_as_it_says():
    for width, height in [*SIZES, (999, 1000), (1000, 1000), (4000, 2000)]:
        asset = make_asset()
        Asset.objects.filter(pk=asset.pk).update(width=width, height=height)
    result = answer(Query(), make_user(), with_facets=True).facets

    counts = {(c.facet, c.value): c.assets for choices in result.values() for c in choices}

    assert {facet for facet, _ in counts} >= {"orientation", "size"}
    for chosen, count in counts.items():
        assert answer(Query(filters=(chosen,)), make_user()).count == count
