"""The languages that the studio's captions are written in."""

from workers.studio.languages import de, en, es, fr, it, ja, pt, zh
from workers.studio.languages.grammar import Language

SPOKEN: dict[str, Language] = {
    "en": en.LANGUAGE,
    "de": de.LANGUAGE,
    "fr": fr.LANGUAGE,
    "es": es.LANGUAGE,
    "it": it.LANGUAGE,
    "pt": pt.LANGUAGE,
    "ja": ja.LANGUAGE,
    "zh": zh.LANGUAGE,
}
