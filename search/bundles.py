"""The style sheets and scripts of each kind of page; `collectstatic` makes one file of each list.

The sources themselves are served while DEBUG is on, and wherever nothing has been collected.
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

HTMX = "django_htmx/htmx-2.min.js"  # Before the scripts, which listen to its events.

PAGE_STYLES = "tokens base controls header completions grid tile_deeds ratios states"
PAGE_SCRIPTS = "keys query_picture completions"
SEARCH_STYLES = f"{PAGE_STYLES} query region facets matches quick_look keys"
STYLES = {  # Sources by kind of page; what comes later wins.
    "page": PAGE_STYLES,
    "search": SEARCH_STYLES,
    "saved_search": f"{SEARCH_STYLES} saved",
    "saved": f"{PAGE_STYLES} saved",
    "asset": f"{PAGE_STYLES} asset query region matches near_duplicates history",
    "history": f"{PAGE_STYLES} history",
    "account": f"{PAGE_STYLES} account",
    "upload": f"{PAGE_STYLES} upload",
    "compare": f"{PAGE_STYLES} compare judging",
    "sign_in": f"{PAGE_STYLES} sign_in",
}
SCRIPTS = {
    "page": PAGE_SCRIPTS,
    "search": f"{PAGE_SCRIPTS} rows region quick_look submits paging",
    "asset": f"{PAGE_SCRIPTS} rows region",
    "upload": f"{PAGE_SCRIPTS} upload",
    "compare": f"{PAGE_SCRIPTS} compare",
    "sign_in": f"{PAGE_SCRIPTS} passkeys",
}
BUNDLES = {
    f"search/bundles/{kind}.css": [f"search/{name}.css" for name in names.split()]
    for kind, names in STYLES.items()
} | {
    f"search/bundles/{kind}.js": [HTMX, *(f"search/{name}.js" for name in names.split())]
    for kind, names in SCRIPTS.items()
}
# Scripts that the admin's pages load and none of ours uses: 70 kB of plots, as they are sent. Where
# files are collected, they are empty.
UNUSED = ["unfold/js/chart/chart.js"]
# A statement that a script leaves open ends before the next one begins.
SEPARATORS = {".css": b"\n", ".js": b"\n;\n"}


class BundledStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Puts the bundles together before all collected files get their hash and are compressed."""

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        if not dry_run:
            for bundle, sources in BUNDLES.items():
                self._put_together(bundle, sources)
                paths[bundle] = (self, bundle)
            for script in UNUSED:
                self._put(script, b"")
                paths[script] = (self, script)
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def _put_together(self, bundle: str, sources: list[str]) -> None:
        parts = []
        for source in sources:
            with self.open(source) as file:
                parts.append(file.read())
        separator = SEPARATORS[bundle[bundle.rindex(".") :]]
        self._put(bundle, separator.join(parts))

    def _put(self, name: str, content: bytes) -> None:
        self.delete(name)
        self.save(name, ContentFile(content))


def files(kind: str, suffix: str) -> list[str]:
    """What a page of this kind loads, as names of static files: its bundle, or the sources."""
    bundle = f"search/bundles/{kind}.{suffix}"
    if isinstance(staticfiles_storage, BundledStaticFilesStorage) and not settings.DEBUG:
        return [bundle]
    return BUNDLES[bundle]
