"""Near-duplicates: found, kept together, told apart for ever, and collapsed to one hit."""

from uuid import uuid4

from search.duplicates import collapsed

A, B, C, D = (uuid4() for _ in range(4))


# Collapsing


def test_the_first_of_a_cluster_stands_for_the_others():
    assert collapsed([(A, A), (B, B), (C, A), (D, A)]) == [(A, 2), (B, 0)]


def test_assets_that_were_not_compared_yet_stand_for_themselves():
    assert collapsed([(A, None), (B, None)]) == [(A, 0), (B, 0)]


def test_the_order_of_the_hits_is_kept():
    assert [asset for asset, _ in collapsed([(C, C), (B, A), (D, D), (A, A)])] == [C, B, D]
