from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import CharField, F, Func, Value

# What a filter names, in which field of which model.
NAMED = {
    "label": ("Label", "name", "label"),
    "not_label": ("Label", "name", "label"),
    "collection": ("Collection", "slug", "collection"),
    "owner": ("User", "username", "account"),
}


def keep_rows(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Which rows the saved searches mean by the names that stand in them."""
    saved_names = apps.get_model("search", "SavedName").objects
    for search in apps.get_model("search", "SavedSearch").objects.all():
        for name, (model, field, kind) in NAMED.items():
            for value in search.parameters.get(name, ()):
                if row := called(apps.get_model("search", model), field, value):
                    saved_names.get_or_create(search=search, name=value, **{kind: row})


def called(model, field, value):
    rows = model.objects.annotate(folded=folded(F(field)))
    return rows.filter(folded=folded(Value(value))).first()


def folded(name):
    return Func(name, function="folded_name", output_field=CharField())


def write_names(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Back: the names that those rows have today."""
    for search in apps.get_model("search", "SavedSearch").objects.all():
        for name, (_, field, kind) in NAMED.items():
            rows = search.saved_names.exclude(**{kind: None}).values_list("name", f"{kind}__{field}")
            today = dict(rows)
            if values := search.parameters.get(name):
                search.parameters[name] = [today.get(value, value) for value in values]
        search.save(update_fields=["parameters"])


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0027_old_names'),
    ]

    operations = [
        migrations.RunPython(keep_rows, write_names),
    ]
