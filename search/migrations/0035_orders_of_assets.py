from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Lower


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0034_engines_of_encoders'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(F('taken').desc(nulls_last=True), name='asset_by_date_taken'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(fields=['bytes'], name='asset_by_size'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(Lower('title'), name='asset_by_name'),
        ),
        migrations.AlterField(
            model_name='asset',
            name='taken',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
