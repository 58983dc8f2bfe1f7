"""The kinds of things that the studio can draw: each a function that takes a pen."""

from workers.training.things import home, outdoors, worn
from workers.training.things.home import Stroke

KINDS: dict[str, Stroke] = home.KINDS | worn.KINDS | outdoors.KINDS
