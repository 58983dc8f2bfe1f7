from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0015_requested_columns'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='distinction', name='one_distinction_of_two'),
        migrations.RenameModel('Distinction', 'NotDuplicate'),
        migrations.AddConstraint(
            model_name='notduplicate',
            constraint=models.UniqueConstraint(
                fields=('first', 'second'), name='one_not_duplicate_per_two'
            ),
        ),
    ]
