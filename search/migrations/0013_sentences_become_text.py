from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F
from django.db.models.functions import JSONObject

from search.refusals import sentence

# Columns that held a sentence and hold a code now, with the parameters of its sentence beside it.
COLUMNS = [
    ("Embedding", "error", "error_parameters"),
    ("Rendition", "error", "error_parameters"),
    ("TrainingRun", "error", "error_parameters"),
    ("Encoder", "problem", "problem_parameters"),
]


def to_codes(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for name, code, parameters in COLUMNS:
        rows = apps.get_model("search", name).objects.exclude(**{code: ""})
        rows.update(**{parameters: JSONObject(text=F(code)), code: "text"})


def to_sentences(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for name, code, parameters in COLUMNS:
        rows = apps.get_model("search", name).objects.exclude(**{code: ""})
        for row in rows.only(code, parameters).iterator():
            setattr(row, code, sentence(getattr(row, code), getattr(row, parameters)))
            row.save(update_fields=[code])


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0012_lease_of_rows'),
    ]

    operations = [
        migrations.RunPython(to_codes, to_sentences),
    ]
