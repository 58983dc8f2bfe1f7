import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0008_saved_searches'),
    ]

    operations = [
        migrations.CreateModel(
            name='Calibration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('words', 'Words'), ('picture', 'Picture')], max_length=10)),
                ('strong', models.FloatField()),
                ('possible', models.FloatField()),
                ('weights', models.JSONField()),
                ('known', models.BinaryField(default=bytes)),
                ('titles', models.PositiveIntegerField(default=0)),
                ('assets', models.PositiveIntegerField()),
                ('judgements', models.PositiveIntegerField(default=0)),
                ('fitted', models.DateTimeField(auto_now=True)),
                ('encoder', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='calibrations', to='search.encoder')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('encoder', 'kind'), name='one_calibration_per_encoder_and_kind')],
            },
        ),
    ]
