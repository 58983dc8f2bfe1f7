-- When an asset is hidden from viewers, and when it is not cleared for use: the spans of all denials
-- of what this site does, joined (search/models/term.py). They are columns of the asset, so that one
-- condition without a join stands inside every statement; that a span begins or ends changes nothing.
-- Whoever writes to these columns writes what they are anyway: a stale row that is saved lifts nothing.
-- A term of a collection or an uploader and what comes to it meanwhile wait for each other, by a lock.
CREATE OR REPLACE FUNCTION denials_of(asset uuid, owner bigint, OUT hidden tstzmultirange, OUT refused tstzmultirange)
LANGUAGE sql STABLE AS $$
SELECT range_agg(span) FILTER (WHERE display = 'hidden'), range_agg(span)
FROM (
    SELECT display, CASE WHEN effect = 'deny' THEN tstzrange(since, until) ELSE tstzrange(until, NULL) END AS span
    FROM (
        SELECT * FROM search_term WHERE asset_id = asset
        UNION ALL SELECT * FROM search_term WHERE uploader_id = owner
        UNION ALL SELECT t.* FROM search_term t JOIN search_collection_assets m USING (collection_id)
            WHERE m.asset_id = asset
    ) AS its
    WHERE scope IN ('everything', 'web') AND (effect = 'deny' OR ends_use)
) AS denials
$$;
CREATE OR REPLACE FUNCTION set_denials(assets uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM search_asset WHERE id = ANY(assets) ORDER BY id FOR NO KEY UPDATE;
    UPDATE search_asset a SET hidden = d.hidden, refused = d.refused
    FROM (SELECT id, denials.* FROM search_asset, denials_of(id, owner_id) AS denials WHERE id = ANY(assets)) AS d
    WHERE a.id = d.id AND (a.hidden, a.refused) IS DISTINCT FROM (d.hidden, d.refused);
END $$;

CREATE OR REPLACE FUNCTION asset_has_denials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('terms of uploader'), hashint8(NEW.owner_id));
    IF TG_OP = 'UPDATE' OR EXISTS (SELECT FROM search_term WHERE uploader_id = NEW.owner_id) THEN
        SELECT * INTO NEW.hidden, NEW.refused FROM denials_of(NEW.id, NEW.owner_id);
    ELSE
        NEW.hidden := NULL;
        NEW.refused := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER denials_of_new BEFORE INSERT ON search_asset
    FOR EACH ROW EXECUTE FUNCTION asset_has_denials();
CREATE OR REPLACE TRIGGER denials_of_changed BEFORE UPDATE OF owner_id, hidden, refused ON search_asset
    FOR EACH ROW WHEN ((OLD.owner_id, OLD.hidden, OLD.refused) IS DISTINCT FROM (NEW.owner_id, NEW.hidden, NEW.refused))
    EXECUTE FUNCTION asset_has_denials();

-- What was said of an uploader's pictures stays with those that become another person's.
CREATE OR REPLACE FUNCTION asset_keeps_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_term (asset_id, kind, effect, scope, territory, since, until, ends_use, display, reason,
        document_id, link)
    SELECT NEW.id, kind, effect, scope, territory, since, until, ends_use, display, reason, document_id, link
    FROM search_term WHERE uploader_id = OLD.owner_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER terms_of_handed_over AFTER UPDATE OF owner_id ON search_asset
    FOR EACH ROW WHEN (OLD.owner_id <> NEW.owner_id) EXECUTE FUNCTION asset_keeps_terms();

CREATE OR REPLACE FUNCTION follow_terms(assets uuid[], collections bigint[], uploaders bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('terms of collection'), hashint8(id))
    FROM (SELECT DISTINCT unnest(collections) AS id ORDER BY 1) AS each WHERE id IS NOT NULL;
    PERFORM pg_advisory_xact_lock(hashtext('terms of uploader'), hashint8(id))
    FROM (SELECT DISTINCT unnest(uploaders) AS id ORDER BY 1) AS each WHERE id IS NOT NULL;
    PERFORM set_denials(ARRAY(
        SELECT unnest(assets)
        UNION SELECT asset_id FROM search_collection_assets WHERE collection_id = ANY(collections)
        UNION SELECT id FROM search_asset WHERE owner_id = ANY(uploaders)
    ));
END $$;
CREATE OR REPLACE FUNCTION term_changes_denials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow_terms(array_agg(asset_id), array_agg(collection_id), array_agg(uploader_id)) FROM changed
    WHERE scope IN ('everything', 'web') AND (effect = 'deny' OR ends_use) HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION term_moves_denials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow_terms(array_agg(asset_id), array_agg(collection_id), array_agg(uploader_id))
    FROM (SELECT * FROM before UNION ALL SELECT * FROM changed) AS each
    WHERE scope IN ('everything', 'web') AND (effect = 'deny' OR ends_use) HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER term_adds_denials AFTER INSERT ON search_term
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION term_changes_denials();
CREATE OR REPLACE TRIGGER term_takes_denials AFTER DELETE ON search_term
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION term_changes_denials();
CREATE OR REPLACE TRIGGER term_moves_denials AFTER UPDATE ON search_term
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION term_moves_denials();

CREATE OR REPLACE FUNCTION link_changes_denials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('terms of collection'), hashint8(id))
    FROM (SELECT DISTINCT collection_id AS id FROM changed ORDER BY 1) AS each;
    IF EXISTS (SELECT FROM changed JOIN search_term USING (collection_id)) THEN
        PERFORM set_denials(ARRAY(SELECT DISTINCT c.asset_id FROM changed c JOIN search_term USING (collection_id)));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION link_moves_denials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('terms of collection'), hashint8(NEW.collection_id));
    PERFORM set_denials(ARRAY[OLD.asset_id, NEW.asset_id]);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER denials_of_added AFTER INSERT ON search_collection_assets
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_denials();
CREATE OR REPLACE TRIGGER denials_of_taken AFTER DELETE ON search_collection_assets
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_denials();
CREATE OR REPLACE TRIGGER denials_of_moved AFTER UPDATE OF asset_id, collection_id ON search_collection_assets
    FOR EACH ROW WHEN ((OLD.asset_id, OLD.collection_id) IS DISTINCT FROM (NEW.asset_id, NEW.collection_id))
    EXECUTE FUNCTION link_moves_denials();
