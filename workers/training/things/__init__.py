"""The kinds of things that the studio can draw: each a function that takes a pen."""

from workers.training.things import home, outdoors, worn
from workers.training.things.home import Stroke

KINDS: dict[str, Stroke] = home.KINDS | worn.KINDS | outdoors.KINDS

# Where other things may stand on one: so far below the top of the pen's box of 100 by 100.
SUPPORTS: dict[str, float] = {"table": 29, "stool": 18, "bed": 54, "book": 6, "suitcase": 20}
