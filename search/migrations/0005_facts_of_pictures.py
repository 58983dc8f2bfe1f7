import pgvector.django.bit
from django.db import migrations, models
from django.db.models import F, Q

# When the first member of near-duplicates is deleted, the others are compared anew.
LEFT_BEHIND = """
CREATE FUNCTION search_asset_left_behind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE search_asset SET cluster = NULL WHERE cluster = OLD.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER search_asset_left_behind AFTER DELETE ON search_asset
FOR EACH ROW WHEN (OLD.cluster = OLD.id) EXECUTE FUNCTION search_asset_left_behind();
"""
NOT_LEFT_BEHIND = """
DROP TRIGGER search_asset_left_behind ON search_asset;
DROP FUNCTION search_asset_left_behind();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0004_native_aspect_recipe'),
    ]

    operations = [
        migrations.AddField(
            model_name='asset',
            name='cluster',
            field=models.UUIDField(db_index=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='asset',
            name='phash',
            field=pgvector.django.bit.BitField(editable=False, length=64, null=True),
        ),
        migrations.AddField(
            model_name='asset',
            name='layout',
            field=models.BinaryField(editable=False, max_length=192, null=True),
        ),
        migrations.AddField(
            model_name='asset',
            name='taken',
            field=models.DateTimeField(blank=True, db_index=True, null=True),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(
                condition=Q(('cluster', F('id'))), fields=['phash', 'id'], name='asset_firsts'
            ),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(
                condition=Q(('cluster', None)), fields=['created'], name='asset_uncompared'
            ),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=Q(('phash', None)), fields=['id'], name='asset_unseen'),
        ),
        migrations.RunSQL(LEFT_BEHIND, NOT_LEFT_BEHIND),
    ]
