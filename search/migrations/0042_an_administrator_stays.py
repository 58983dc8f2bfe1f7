from django.db import migrations

KEEP = """
CREATE FUNCTION keep_an_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('there_is_an_administrator'));
    IF NOT EXISTS (SELECT FROM search_user WHERE is_superuser AND is_active) THEN
        RAISE check_violation USING CONSTRAINT = 'there_is_an_administrator',
            MESSAGE = 'This would leave no administrator.';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_an_administrator AFTER UPDATE ON search_user FOR EACH ROW
    WHEN (OLD.is_superuser AND OLD.is_active AND NOT (NEW.is_superuser AND NEW.is_active))
    EXECUTE FUNCTION keep_an_administrator();
CREATE TRIGGER keep_an_administrator_when_deleting AFTER DELETE ON search_user FOR EACH ROW
    WHEN (OLD.is_superuser AND OLD.is_active) EXECUTE FUNCTION keep_an_administrator();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0041_roles'),
    ]

    operations = [
        migrations.RunSQL(KEEP, 'DROP FUNCTION keep_an_administrator() CASCADE'),
    ]
