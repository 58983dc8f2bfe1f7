from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("search", "0032_hashes_by_their_bands")]

    operations = [
        migrations.AddField(
            model_name="encoder",
            name="resolution",
            field=models.PositiveIntegerField(editable=False, null=True),
        ),
    ]
