from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0016_not_duplicates'),
    ]

    operations = [
        migrations.RenameField('calibration', 'known', 'bank'),
    ]
