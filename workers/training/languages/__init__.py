"""The languages that the studio's captions are written in."""

from workers.training.languages import en
from workers.training.languages.grammar import Language

SPOKEN: dict[str, Language] = {"en": en.LANGUAGE}
