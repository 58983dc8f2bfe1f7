"""Is it a match? The bands of a query's hits, told by each query's own background.

Scores of one query can't be compared with those of another: what they mean depends on what the
query scores with the library at large, and on how well its words are known there. Where the bands
end is therefore computed for each query, by weights that are fitted to the library itself.
"""

from search.bands.fitting import LEAST, TooFew, calibrate, stale
from search.bands.kept import Background, Cuts, background, cuts
from search.bands.pretended import texts_of

__all__ = [
    "LEAST",
    "Background",
    "Cuts",
    "TooFew",
    "background",
    "calibrate",
    "cuts",
    "stale",
    "texts_of",
]
