"""A stack of their own for what takes minutes at full counts, beside the one that is broken."""

import pytest

from tests.support.faults import counting_stack, empty


@pytest.fixture(scope="package")
def stack():
    with counting_stack() as running:
        yield running


@pytest.fixture
def emptied(stack):
    """Each test begins with an empty library and an honest ingest worker."""
    yield
    empty(stack)
