from django.db import migrations, models


def add(name: str, field: models.Field) -> migrations.AddField:
    return migrations.AddField(model_name="encoder", name=name, field=field)


class Migration(migrations.Migration):
    dependencies = [("search", "0033_encoders_have_a_resolution")]

    operations = [
        add("engine", models.CharField(blank=True, db_default="", editable=False, max_length=20)),
        add("fallback", models.TextField(blank=True, db_default="", editable=False)),
        add(
            "fallback_parameters",
            models.JSONField(db_default={}, default=dict, editable=False),
        ),
    ]
