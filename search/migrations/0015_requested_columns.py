from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0014_encoder_requests'),
    ]

    operations = [
        migrations.RenameField('encoder', 'removal_asked', 'removal_requested'),
        migrations.RenameField('trainingrun', 'stop_asked', 'stop_requested'),
    ]
