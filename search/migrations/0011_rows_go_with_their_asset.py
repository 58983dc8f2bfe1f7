from django.db import migrations

# What workers and triggers write while its asset or label is being deleted goes with it: the
# deletion has looked for such rows before, and would fail at its end.
REFERENCES = """
DO $$
DECLARE reference record;
BEGIN
    FOR reference IN
        SELECT conname AS name, conrelid::regclass AS child, confrelid::regclass AS parent,
            attname AS child_column
        FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
        WHERE confrelid IN ('search_asset'::regclass, 'search_label'::regclass)
            AND conrelid IN ('search_assetlabel'::regclass, 'search_rejection'::regclass,
                'search_labelvector'::regclass, 'search_assetwords'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', reference.child, reference.name);
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (%I)
            REFERENCES %s (id) {} DEFERRABLE INITIALLY DEFERRED',
            reference.child, reference.name, reference.child_column, reference.parent);
    END LOOP;
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0010_colour_names'),
    ]

    operations = [
        migrations.RunSQL(REFERENCES.format('ON DELETE CASCADE'), REFERENCES.format('')),
    ]
