from django.db import migrations, models

# An administrator is whoever may do everything, opening the admin included.
STAFF_TOO = 'UPDATE search_user SET is_staff = true WHERE is_superuser AND NOT is_staff'


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('search', '0040_terms_of_use'),
    ]

    operations = [
        migrations.AlterModelManagers(
            name='user',
            managers=[
            ],
        ),
        migrations.AddField(
            model_name='user',
            name='is_contributor',
            field=models.BooleanField(db_default=False, default=False, help_text='May upload, and edit what is theirs; curators may without it.', verbose_name='contributor status'),
        ),
        migrations.RunSQL(STAFF_TOO, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('is_superuser', False), ('is_staff', True), _connector='OR'), models.Q(('is_contributor', False), ('is_staff', False), _connector='OR')), name='an_account_has_one_role', violation_error_message='An account has one role.'),
        ),
    ]
