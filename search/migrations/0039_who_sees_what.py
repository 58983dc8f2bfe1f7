from importlib import import_module

import django.contrib.auth.models
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OLD = import_module("search.migrations.0020_synonyms_are_words").NEW
NEW = OLD.replace(
    "WHERE m.asset_id = asset\n    UNION ALL\n    SELECT 4", "WHERE m.asset_id = asset AND c.is_open\n    UNION ALL\n    SELECT 4"
)
AUDIENCES = """
CREATE FUNCTION audience_keys(assets uuid[]) RETURNS TABLE (asset uuid, key text) LANGUAGE sql STABLE
AS $$
SELECT each.id, CASE WHEN bool_or(c.is_open) THEN ''
    ELSE string_agg(c.id::text, ',' ORDER BY c.id) END
FROM (SELECT DISTINCT unnest(assets) AS id) AS each
LEFT JOIN search_collection_assets m ON m.asset_id = each.id
LEFT JOIN search_collection c ON c.id = m.collection_id
GROUP BY each.id
$$;
CREATE FUNCTION set_audiences(assets uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM search_asset WHERE id = ANY(assets) ORDER BY id FOR NO KEY UPDATE;
    INSERT INTO search_audience (key)
    SELECT DISTINCT key FROM audience_keys(assets) WHERE key IS NOT NULL ON CONFLICT DO NOTHING;
    UPDATE search_asset SET audience_id = found.id
    FROM audience_keys(assets) AS wanted
    LEFT JOIN search_audience found ON found.key = wanted.key
    WHERE search_asset.id = wanted.asset AND search_asset.audience_id IS DISTINCT FROM found.id;
END $$;

CREATE FUNCTION audience_has_collections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_audience_collections (audience_id, collection_id)
    SELECT NEW.id, unnest(string_to_array(NEW.key, ',')::bigint[]);
    RETURN NULL;
END $$;
CREATE TRIGGER audience_has_collections AFTER INSERT ON search_audience
    FOR EACH ROW EXECUTE FUNCTION audience_has_collections();

CREATE FUNCTION link_changes_audience() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_audiences(ARRAY(SELECT asset_id FROM changed));
    RETURN NULL;
END $$;
CREATE FUNCTION link_moves_audience() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_audiences(ARRAY[OLD.asset_id, NEW.asset_id]);
    RETURN NULL;
END $$;
CREATE TRIGGER audience_of_added AFTER INSERT ON search_collection_assets
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_audience();
CREATE TRIGGER audience_of_taken AFTER DELETE ON search_collection_assets
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_audience();
CREATE TRIGGER audience_of_moved AFTER UPDATE OF asset_id, collection_id ON search_collection_assets
    FOR EACH ROW WHEN ((OLD.asset_id, OLD.collection_id) IS DISTINCT FROM (NEW.asset_id, NEW.collection_id))
    EXECUTE FUNCTION link_moves_audience();

CREATE FUNCTION collection_changes_audience() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_audiences(ARRAY(SELECT asset_id FROM search_collection_assets WHERE collection_id = NEW.id));
    RETURN NULL;
END $$;
CREATE TRIGGER audience_of_collection AFTER UPDATE OF is_open ON search_collection
    FOR EACH ROW WHEN (OLD.is_open <> NEW.is_open)
    EXECUTE FUNCTION collection_changes_audience();
"""
# Every collection is open still.
FILL = """
INSERT INTO search_audience (key) VALUES ('');
UPDATE search_asset SET audience_id = (SELECT id FROM search_audience)
WHERE id IN (SELECT asset_id FROM search_collection_assets);
"""
OF_NAMES = """
CREATE OR REPLACE TRIGGER collection_changes_words AFTER UPDATE OF name ON search_collection
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name)
    EXECUTE FUNCTION collection_changes_words()
"""
OF_NAMES_AND_OPENNESS = """
CREATE OR REPLACE TRIGGER collection_changes_words AFTER UPDATE OF name, is_open ON search_collection
    FOR EACH ROW WHEN ((OLD.name, OLD.is_open) IS DISTINCT FROM (NEW.name, NEW.is_open))
    EXECUTE FUNCTION collection_changes_words()
"""
DROP = """
DROP FUNCTION set_audiences(uuid[]);
DROP FUNCTION audience_keys(uuid[]);
DROP FUNCTION audience_has_collections() CASCADE;
DROP FUNCTION link_changes_audience() CASCADE;
DROP FUNCTION link_moves_audience() CASCADE;
DROP FUNCTION collection_changes_audience() CASCADE;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('search', '0038_indexes_of_large_libraries'),
    ]

    operations = [
        migrations.CreateModel(
            name='Audience',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.TextField(editable=False, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.CharField(choices=[('view', 'may view it'), ('contribute', 'may add to it and edit what is in it'), ('manage', 'may manage it')], default='view', max_length=10)),
            ],
            options={
                'default_related_name': 'grants',
            },
        ),
        migrations.CreateModel(
            name='Group',
            fields=[],
            options={'ordering': ['name'], 'proxy': True, 'indexes': [], 'constraints': []},
            bases=('auth.group',),
            managers=[('objects', django.contrib.auth.models.GroupManager())],
        ),
        migrations.RemoveIndex(
            model_name='asset',
            name='asset_facts',
        ),
        migrations.AddField(
            model_name='collection',
            name='is_open',
            field=models.BooleanField(db_default=True, default=True, help_text='Else it is seen by those alone who are given it below.', verbose_name='open to everyone'),
        ),
        migrations.AddField(
            model_name='audience',
            name='collections',
            field=models.ManyToManyField(related_name='audiences', to='search.collection'),
        ),
        migrations.AddField(
            model_name='asset',
            name='audience',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assets', to='search.audience'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(fields=['id'], include=('colour_name', 'format', 'width', 'height', 'taken', 'created', 'audience', 'owner'), name='asset_facts'),
        ),
        migrations.AddField(
            model_name='grant',
            name='collection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='search.collection'),
        ),
        migrations.AddField(
            model_name='grant',
            name='group',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='auth.group'),
        ),
        migrations.AddField(
            model_name='grant',
            name='person',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('group', None), ('person__isnull', False)), models.Q(('group__isnull', False), ('person', None)), _connector='OR'), name='a_grant_is_to_a_group_or_a_person', violation_error_message='A grant is either to a group or to a person.'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.UniqueConstraint(condition=models.Q(('person', None)), fields=('collection', 'group'), name='one_grant_per_collection_and_group', violation_error_message='This group has a grant already.'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.UniqueConstraint(condition=models.Q(('group', None)), fields=('collection', 'person'), name='one_grant_per_collection_and_person', violation_error_message='This person has a grant already.'),
        ),
        # The rows at once, and the constraint on them after: a table with waiting events of a
        # trigger can't be altered.
        migrations.RunSQL([AUDIENCES, FILL, 'SET CONSTRAINTS ALL IMMEDIATE'], DROP),
        migrations.RunSQL([NEW, OF_NAMES_AND_OPENNESS], [OLD, OF_NAMES]),
    ]
