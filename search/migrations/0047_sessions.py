import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


COPY = """
INSERT INTO search_session (session_key, session_data, expire_date, address, agent)
SELECT session_key, session_data, expire_date, '', '' FROM django_session;
DELETE FROM django_session
"""
BACK = """
INSERT INTO django_session (session_key, session_data, expire_date)
SELECT session_key, session_data, expire_date FROM search_session
"""
END = """
CREATE FUNCTION end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM search_session WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER deactivation_ends_sessions AFTER UPDATE OF is_active ON search_user
    FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION end_sessions();
"""
NO_END = """
DROP TRIGGER deactivation_ends_sessions ON search_user;
DROP FUNCTION end_sessions;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0046_invitations'),
        ('sessions', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Session',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('address', models.CharField(blank=True, max_length=45)),
                ('agent', models.CharField(blank=True, max_length=300)),
                ('last_use', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'ordering': ['-last_use'],
                'abstract': False,
            },
        ),
        # Whoever is signed in stays so.
        migrations.RunSQL(COPY, BACK),
        migrations.RunSQL(END, NO_END),
    ]
