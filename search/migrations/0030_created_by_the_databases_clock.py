import django.db.models.functions.datetime
from django.db import migrations, models


def created(model: str, **options) -> migrations.AlterField:
    now = django.db.models.functions.datetime.Now()
    field = models.DateTimeField(db_default=now, editable=False, **options)
    return migrations.AlterField(model_name=model, name="created", field=field)


class Migration(migrations.Migration):
    dependencies = [("search", "0029_sums_of_renditions")]

    operations = [
        created("asset", db_index=True),
        created("encoderrequest"),
        created("trainingrun"),
    ]
