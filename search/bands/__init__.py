"""Is it a match? The bands of a query's hits, by how far they rise above its own background.

Scores of one query can't be compared with those of another, but every query can be put to a fixed
sample of the library: what most of that scores is this query's background.
"""

from search.bands.background import Background, background
from search.bands.cutting import Cuts, cuts
from search.bands.fitting import LEAST, TooFew, calibrate

__all__ = ["LEAST", "Background", "Cuts", "TooFew", "background", "calibrate", "cuts"]
