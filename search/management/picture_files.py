"""Which files of a folder are pictures to store: not what systems and programs put beside them."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

# Names that network drives, archives and systems give to thumbnails, bins and snapshots of theirs;
# names with a dot in front are hidden everywhere. In small letters.
OF_SYSTEMS = (
    *(".*", "@eadir", "@tmp", "@recycle", "@recently-snapshot", "#recycle", "#snapshot"),
    *("$recycle.bin", "system volume information", "lost+found", "__macosx"),
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "picasa.ini"),
)
# Endings of files with what programs keep about a picture: edits, previews, sounds, sums.
OF_SIDECARS = frozenset(
    {
        *(".xmp", ".aae", ".thm", ".pp3", ".dop", ".cos", ".on1", ".vrd", ".nksc", ".arp"),
        *(".json", ".txt", ".csv", ".xml", ".ini", ".log", ".md", ".url", ".html"),
        *(".md5", ".sha1", ".sha256", ".par2", ".ctg", ".lrcat", ".lrprev"),
    }
)


def files_under(path: Path, exclude: Sequence[str] = ()) -> Iterator[Path]:
    """The files in a folder, in the order of their names, without those of systems and those that
    match one of the patterns: by a name on the way there, or by the whole way."""
    for file in sorted(path.rglob("*")):
        way = file.relative_to(path)
        if not _is_passed_over(way, exclude) and file.is_file():
            yield file


def is_sidecar(file: Path) -> bool:
    return file.suffix.lower() in OF_SIDECARS


def _is_passed_over(way: Path, exclude: Sequence[str]) -> bool:
    names = [name.lower() for name in way.parts]
    patterns = [pattern.lower().rstrip("/") for pattern in exclude]
    if any(fnmatch(way.as_posix().lower(), pattern) for pattern in patterns):
        return True
    return any(fnmatch(name, each) for name in names for each in (*OF_SYSTEMS, *patterns))
