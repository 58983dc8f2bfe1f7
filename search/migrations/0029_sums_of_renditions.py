from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("search", "0028_saved_searches_keep_rows")]

    operations = [
        migrations.AddField(
            model_name="rendition",
            name="sha256",
            field=models.CharField(db_default="", default="", editable=False, max_length=64),
        ),
    ]
