"""Any region of a picture, for Hypothesis."""

from hypothesis import strategies as st

from search.formats.region import LEAST_SIDE, Region

SIDES = st.floats(LEAST_SIDE, 1)


@st.composite
def regions(draw) -> Region:
    width, height = draw(SIDES), draw(SIDES)
    left, top = draw(st.floats(0, 1 - width)), draw(st.floats(0, 1 - height))
    return Region.of(left, top, width, height)
