from importlib import import_module

from django.db import migrations

BEFORE = import_module("search.migrations.0039_who_sees_what").AUDIENCES
NOW = """
CREATE OR REPLACE FUNCTION audience_keys(assets uuid[]) RETURNS TABLE (asset uuid, key text) LANGUAGE sql STABLE
AS $$
SELECT each.id, CASE WHEN bool_or(c.is_open) THEN '' WHEN count(c.id) > 0 THEN coalesce(
    string_agg(c.id::text, ',' ORDER BY c.id)
        FILTER (WHERE EXISTS (SELECT FROM search_grant g WHERE g.collection_id = c.id)), '-') END
FROM (SELECT DISTINCT unnest(assets) AS id) AS each
LEFT JOIN search_collection_assets m ON m.asset_id = each.id
LEFT JOIN search_collection c ON c.id = m.collection_id
GROUP BY each.id
$$;
-- A number that a conflict takes is lost, and numbers are to be dense: they are places in a row of bits.
CREATE OR REPLACE FUNCTION set_audiences(assets uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1635083369); -- While held, none is removed.
    PERFORM FROM search_asset WHERE id = ANY(assets) ORDER BY id FOR NO KEY UPDATE;
    INSERT INTO search_audience (key)
    SELECT DISTINCT key FROM audience_keys(assets) AS wanted
    WHERE key IS NOT NULL AND NOT EXISTS (SELECT FROM search_audience a WHERE a.key = wanted.key)
    ON CONFLICT DO NOTHING;
    UPDATE search_asset SET audience_id = found.id
    FROM audience_keys(assets) AS wanted
    LEFT JOIN search_audience found ON found.key = wanted.key
    WHERE search_asset.id = wanted.asset AND search_asset.audience_id IS DISTINCT FROM found.id;
END $$;

CREATE OR REPLACE FUNCTION audience_has_collections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_audience_collections (audience_id, collection_id)
    SELECT NEW.id, unnest(string_to_array(nullif(NEW.key, '-'), ',')::bigint[]);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audience_has_collections AFTER INSERT ON search_audience
    FOR EACH ROW EXECUTE FUNCTION audience_has_collections();

CREATE OR REPLACE FUNCTION set_audiences_in(collections bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM search_collection WHERE id = ANY(collections) ORDER BY id FOR NO KEY UPDATE;
    PERFORM set_audiences(ARRAY(
        SELECT asset_id FROM search_collection_assets WHERE collection_id = ANY(collections)
    ));
END $$;

CREATE OR REPLACE FUNCTION link_changes_audience() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM search_collection WHERE id IN (SELECT collection_id FROM changed) ORDER BY id FOR SHARE;
    PERFORM set_audiences(ARRAY(SELECT asset_id FROM changed));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION link_moves_audience() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM search_collection
    WHERE id IN (OLD.collection_id, NEW.collection_id) ORDER BY id FOR SHARE;
    PERFORM set_audiences(ARRAY[OLD.asset_id, NEW.asset_id]);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audience_of_added AFTER INSERT ON search_collection_assets
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_audience();
CREATE OR REPLACE TRIGGER audience_of_taken AFTER DELETE ON search_collection_assets
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_audience();
CREATE OR REPLACE TRIGGER audience_of_moved AFTER UPDATE OF asset_id, collection_id ON search_collection_assets
    FOR EACH ROW WHEN ((OLD.asset_id, OLD.collection_id) IS DISTINCT FROM (NEW.asset_id, NEW.collection_id))
    EXECUTE FUNCTION link_moves_audience();

CREATE OR REPLACE FUNCTION collection_changes_audience() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_audiences_in(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audience_of_collection AFTER UPDATE OF is_open ON search_collection
    FOR EACH ROW WHEN (OLD.is_open <> NEW.is_open)
    EXECUTE FUNCTION collection_changes_audience();

-- Of the collections whose first grant comes, or whose last one goes: more of them show nothing more.
CREATE OR REPLACE FUNCTION grant_changes_audience() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM search_collection WHERE id IN (SELECT collection_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
    PERFORM set_audiences_in(ARRAY(
        SELECT collection_id FROM changed LEFT JOIN search_grant g USING (collection_id)
        GROUP BY collection_id
        HAVING count(DISTINCT g.id) = CASE TG_OP WHEN 'INSERT' THEN count(DISTINCT changed.id) ELSE 0 END
    ));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION grant_moves_audience() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_audiences_in(ARRAY[OLD.collection_id, NEW.collection_id]);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audience_of_granted AFTER INSERT ON search_grant
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION grant_changes_audience();
CREATE OR REPLACE TRIGGER audience_of_revoked AFTER DELETE ON search_grant
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION grant_changes_audience();
CREATE OR REPLACE TRIGGER audience_of_other_grant AFTER UPDATE OF collection_id ON search_grant
    FOR EACH ROW WHEN (OLD.collection_id <> NEW.collection_id)
    EXECUTE FUNCTION grant_moves_audience();
"""
AGAIN = """
SELECT set_audiences_in(ARRAY(SELECT id FROM search_collection c WHERE NOT is_open
    AND EXISTS (SELECT FROM search_audience_collections WHERE collection_id = c.id)));
"""
DROP = """
DROP FUNCTION grant_changes_audience() CASCADE;
DROP FUNCTION grant_moves_audience() CASCADE;
DROP FUNCTION set_audiences_in(bigint[]);
"""


class Migration(migrations.Migration):

    dependencies = [("search", "0043_rights_of_assets")]

    operations = [
        migrations.RunSQL(
            NOW + AGAIN,
            DROP + BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
            .replace("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER"),
        )
    ]
