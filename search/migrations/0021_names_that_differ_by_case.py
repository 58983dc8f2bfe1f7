import logging
import unicodedata
from collections.abc import Iterator
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import CharField, F, Func

logger = logging.getLogger(__name__)

FOLDED_NAME = r"""
CREATE FUNCTION folded_name(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
SELECT normalize(replace(translate(lower(normalize(btrim(regexp_replace(
    regexp_replace(name, '[\u00ad\u200b\u200e\u200f\u2060\ufeff]+', '', 'g'),
    '[\s\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+', ' ', 'g')), NFKC)),
    'ς', 'σ'), 'ß', 'ss'), NFKC)
$$
"""


def merge(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Of labels and collections of one name the first keeps what all of them had; accounts can't
    be merged, so the later ones get a number."""
    label, collection = apps.get_model("search", "Label"), apps.get_model("search", "Collection")
    for first, others in alike(label, "name"):
        merge_labels(apps, first, others)
    for first, others in alike(collection, "name"):
        merge_collections(apps, first, others)
    for model in (label, collection):
        for row in model.objects.all():
            if (name := tidy(row.name)) != row.name:
                model.objects.filter(pk=row.pk).update(name=name)
    number(collection, "slug", "-")
    number(apps.get_model("search", "User"), "username", "-")


def alike(model: Any, field: str) -> Iterator[tuple[Any, list[Any]]]:
    """The first row of each name, and the others that are called the same."""
    by_name: dict[str, list[Any]] = {}
    folded = Func(F(field), function="folded_name", output_field=CharField())
    for row in model.objects.annotate(folded=folded).order_by("pk"):
        by_name.setdefault(row.folded, []).append(row)
    for first, *others in by_name.values():
        if others:
            yield first, others


def tidy(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def merge_labels(apps: Apps, first: Any, others: list[Any]) -> None:
    for other in others:
        move(apps.get_model("search", "AssetLabel"), ("asset_id", "source"), first, other)
        move(apps.get_model("search", "Rejection"), ("asset_id",), first, other)
        first.synonyms = list(dict.fromkeys((*first.synonyms, *other.synonyms)))
        first.suggested = first.suggested or other.suggested
        first.threshold = other.threshold if first.threshold is None else first.threshold
        other.delete()
    first.save(update_fields=["synonyms", "suggested", "threshold"])


def move(model: Any, fields: tuple[str, ...], first: Any, other: Any) -> None:
    """Give the rows of one label to another, but for those that it has already."""
    mine = set(model.objects.filter(label=first).values_list(*fields))
    rows = model.objects.filter(label=other).values_list("pk", *fields)
    moving = [pk for pk, *values in rows if tuple(values) not in mine]
    model.objects.filter(pk__in=moving).update(label=first)


def merge_collections(apps: Apps, first: Any, others: list[Any]) -> None:
    for other in others:
        first.assets.add(*other.assets.all())
        rename_in_saved_searches(apps, other.slug, first.slug)
        other.delete()


def rename_in_saved_searches(apps: Apps, old: str, new: str) -> None:
    searches = apps.get_model("search", "SavedSearch").objects
    for search in searches.filter(parameters__collection__contains=[old]):
        slugs = [new if slug == old else slug for slug in search.parameters["collection"]]
        search.parameters["collection"] = list(dict.fromkeys(slugs))
        search.save(update_fields=["parameters"])


def number(model: Any, field: str, between: str) -> None:
    for _, others in alike(model, field):
        for other in others:
            old, count = getattr(other, field), 2
            folded = Func(F(field), function="folded_name", output_field=CharField())
            names = set(model.objects.annotate(folded=folded).values_list("folded", flat=True))
            while f"{old}{between}{count}".lower() in names:
                count += 1
            model.objects.filter(pk=other.pk).update(**{field: f"{old}{between}{count}"})
            logger.warning("%s %s is called %s%s%d now.", field, old, old, between, count)


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0020_synonyms_are_words'),
    ]

    operations = [
        migrations.RunSQL(FOLDED_NAME, "DROP FUNCTION folded_name(text)"),
        # What has been merged stays so.
        migrations.RunPython(merge, migrations.RunPython.noop),
    ]
