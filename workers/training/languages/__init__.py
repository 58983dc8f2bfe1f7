"""The languages that the studio's captions are written in."""

from workers.training.languages import de, en, es, fr
from workers.training.languages.grammar import Language
from workers.training.scenes import LANGUAGES

SPOKEN: dict[str, Language] = dict.fromkeys(LANGUAGES, en.LANGUAGE) | {
    "en": en.LANGUAGE,
    "de": de.LANGUAGE,
    "fr": fr.LANGUAGE,
    "es": es.LANGUAGE,
}
