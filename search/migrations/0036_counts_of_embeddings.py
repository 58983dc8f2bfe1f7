from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0035_orders_of_assets'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='embedding',
            index=models.Index(
                condition=Q(('fulfilled__isnull', False)), fields=['encoder', 'fulfilled'], name='embedding_done'
            ),
        ),
        migrations.AddIndex(
            model_name='embedding',
            index=models.Index(condition=~Q(('error', '')), fields=['encoder'], name='embedding_failed'),
        ),
    ]
