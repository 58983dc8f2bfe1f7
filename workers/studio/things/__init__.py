"""The kinds of things that the studio can draw: each a function that takes a pen."""

from workers.studio.things import home, living, outdoors, worn
from workers.studio.things.home import Stroke

KINDS: dict[str, Stroke] = home.KINDS | worn.KINDS | outdoors.KINDS | living.KINDS

# Where other things may stand on one: so far below the top of the pen's box of 100 by 100.
SUPPORTS: dict[str, float] = {
    "table": 29,
    "stool": 18,
    "bed": 57,
    "sofa": 68,
    "cupboard": 6,
    "book": 6,
    "suitcase": 28,
    "drum": 36,
    "cushion": 25,
    "basket": 44,
    "car": 28,
    "bus": 18,
    "radio": 32,
    "skateboard": 53,
    "elephant": 27,
    "tortoise": 32,
}
