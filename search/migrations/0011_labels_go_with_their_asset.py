from django.db import migrations

# A label that is given while its asset is being deleted goes with it: the deletion waits for the
# words of the asset, and has looked for its labels before. Without this it would fail at the end.
REFERENCE = """
DO $$
DECLARE reference text;
BEGIN
    SELECT conname INTO STRICT reference FROM pg_constraint
        WHERE conrelid = 'search_assetlabel'::regclass AND confrelid = 'search_asset'::regclass;
    EXECUTE format('ALTER TABLE search_assetlabel DROP CONSTRAINT %I', reference);
    EXECUTE format('ALTER TABLE search_assetlabel ADD CONSTRAINT %I FOREIGN KEY (asset_id)
        REFERENCES search_asset (id) {} DEFERRABLE INITIALLY DEFERRED', reference);
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0010_colour_names'),
    ]

    operations = [
        migrations.RunSQL(REFERENCE.format('ON DELETE CASCADE'), REFERENCE.format('')),
    ]
