from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0022_one_of_each_name'),
    ]

    operations = [
        migrations.AddField(
            model_name='trainingrun',
            name='measured',
            field=models.FloatField(editable=False, null=True),
        ),
    ]
