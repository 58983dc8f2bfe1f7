-- Triggers that keep search_asset.audience_id true (search/models/audience.py). They lock the assets
-- in one order first, and read nothing before the lock is held: the audience then is that of all that
-- has committed. Their names come before those of word_triggers.sql, and they so before them: whoever
-- changes an asset has it locked before its words, too.
CREATE OR REPLACE FUNCTION audience_keys(assets uuid[]) RETURNS TABLE (asset uuid, key text) LANGUAGE sql STABLE
AS $$
SELECT each.id, CASE WHEN bool_or(c.is_open) THEN ''
    ELSE string_agg(c.id::text, ',' ORDER BY c.id) END
FROM (SELECT DISTINCT unnest(assets) AS id) AS each
LEFT JOIN search_collection_assets m ON m.asset_id = each.id
LEFT JOIN search_collection c ON c.id = m.collection_id
GROUP BY each.id
$$;
CREATE OR REPLACE FUNCTION set_audiences(assets uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM search_asset WHERE id = ANY(assets) ORDER BY id FOR NO KEY UPDATE;
    INSERT INTO search_audience (key)
    SELECT DISTINCT key FROM audience_keys(assets) WHERE key IS NOT NULL ON CONFLICT DO NOTHING;
    UPDATE search_asset SET audience_id = found.id
    FROM audience_keys(assets) AS wanted
    LEFT JOIN search_audience found ON found.key = wanted.key
    WHERE search_asset.id = wanted.asset AND search_asset.audience_id IS DISTINCT FROM found.id;
END $$;

CREATE OR REPLACE FUNCTION audience_has_collections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_audience_collections (audience_id, collection_id)
    SELECT NEW.id, unnest(string_to_array(NEW.key, ',')::bigint[]);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audience_has_collections AFTER INSERT ON search_audience
    FOR EACH ROW EXECUTE FUNCTION audience_has_collections();

CREATE OR REPLACE FUNCTION link_changes_audience() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_audiences(ARRAY(SELECT asset_id FROM changed));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION link_moves_audience() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
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
    PERFORM set_audiences(ARRAY(SELECT asset_id FROM search_collection_assets WHERE collection_id = NEW.id));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER audience_of_collection AFTER UPDATE OF is_open ON search_collection
    FOR EACH ROW WHEN (OLD.is_open <> NEW.is_open)
    EXECUTE FUNCTION collection_changes_audience();
