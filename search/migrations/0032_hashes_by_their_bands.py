from django.db import migrations, models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast


def index(name, first):
    bits = Func(F('phash'), Value(first), Value(16), function='substring')
    return models.Index(
        Cast(bits, models.IntegerField()), F('phash'), F('id'), condition=Q(('cluster', F('id'))), name=name
    )


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0031_words'),
    ]

    operations = [
        migrations.AddIndex(model_name='asset', index=index('asset_firsts_1', 1)),
        migrations.AddIndex(model_name='asset', index=index('asset_firsts_2', 17)),
        migrations.AddIndex(model_name='asset', index=index('asset_firsts_3', 33)),
        migrations.AddIndex(model_name='asset', index=index('asset_firsts_4', 49)),
        migrations.RemoveIndex(model_name='asset', name='asset_firsts'),
    ]
