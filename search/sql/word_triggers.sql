-- Triggers that keep search_assetwords true. Whoever writes to a row of it writes its words anew: it
-- suffices to touch it. touch_words() locks in one order first, so that two who touch the same assets
-- never wait for each other, and reads nothing before the lock is held: the words then are those of
-- all that has committed. Links are seen a statement as a whole: an encoder's label may come to
-- thousands of assets at once.
CREATE OR REPLACE FUNCTION find_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.words := words_of_asset(NEW.asset_id);
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER find_words BEFORE INSERT OR UPDATE ON search_assetwords
    FOR EACH ROW EXECUTE FUNCTION find_words();

CREATE OR REPLACE FUNCTION touch_words(assets uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM search_assetwords WHERE asset_id = ANY(assets) ORDER BY asset_id
        FOR NO KEY UPDATE;
    UPDATE search_assetwords SET words = NULL WHERE asset_id = ANY(assets);
END $$;

CREATE OR REPLACE FUNCTION asset_has_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_assetwords (asset_id) SELECT id FROM added;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER asset_has_words AFTER INSERT ON search_asset
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION asset_has_words();

CREATE OR REPLACE FUNCTION asset_changes_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE search_assetwords SET words = NULL WHERE asset_id = NEW.id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER asset_changes_words AFTER UPDATE OF title, filename, description ON search_asset
    FOR EACH ROW WHEN ((OLD.title, OLD.filename, OLD.description)
        IS DISTINCT FROM (NEW.title, NEW.filename, NEW.description))
    EXECUTE FUNCTION asset_changes_words();

CREATE OR REPLACE FUNCTION link_changes_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_words(ARRAY(SELECT DISTINCT asset_id FROM changed));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION link_moves_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_words(ARRAY[OLD.asset_id, NEW.asset_id]);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER link_adds_words AFTER INSERT ON search_assetlabel
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_words();
CREATE OR REPLACE TRIGGER link_takes_words AFTER DELETE ON search_assetlabel
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_words();
CREATE OR REPLACE TRIGGER link_moves_words AFTER UPDATE OF asset_id, label_id ON search_assetlabel
    FOR EACH ROW WHEN ((OLD.asset_id, OLD.label_id) IS DISTINCT FROM (NEW.asset_id, NEW.label_id))
    EXECUTE FUNCTION link_moves_words();

CREATE OR REPLACE FUNCTION label_changes_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_words(ARRAY(SELECT DISTINCT asset_id FROM search_assetlabel WHERE label_id = NEW.id));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER label_changes_words AFTER UPDATE OF name, synonyms ON search_label
    FOR EACH ROW WHEN ((OLD.name, OLD.synonyms) IS DISTINCT FROM (NEW.name, NEW.synonyms))
    EXECUTE FUNCTION label_changes_words();

CREATE OR REPLACE TRIGGER link_adds_words AFTER INSERT ON search_collection_assets
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_words();
CREATE OR REPLACE TRIGGER link_takes_words AFTER DELETE ON search_collection_assets
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_words();
CREATE OR REPLACE TRIGGER link_moves_words AFTER UPDATE OF asset_id, collection_id ON search_collection_assets
    FOR EACH ROW WHEN ((OLD.asset_id, OLD.collection_id) IS DISTINCT FROM (NEW.asset_id, NEW.collection_id))
    EXECUTE FUNCTION link_moves_words();

CREATE OR REPLACE TRIGGER rights_add_words AFTER INSERT ON search_rights
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_words();
CREATE OR REPLACE TRIGGER rights_take_words AFTER DELETE ON search_rights
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_words();
CREATE OR REPLACE TRIGGER rights_change_words AFTER UPDATE OF asset_id, creator, credit ON search_rights
    FOR EACH ROW WHEN ((OLD.asset_id, OLD.creator, OLD.credit) IS DISTINCT FROM (NEW.asset_id, NEW.creator, NEW.credit))
    EXECUTE FUNCTION link_moves_words();

CREATE OR REPLACE FUNCTION collection_changes_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_words(ARRAY(SELECT DISTINCT asset_id FROM search_collection_assets WHERE collection_id = NEW.id));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER collection_changes_words AFTER UPDATE OF name, is_open ON search_collection
    FOR EACH ROW WHEN ((OLD.name, OLD.is_open) IS DISTINCT FROM (NEW.name, NEW.is_open))
    EXECUTE FUNCTION collection_changes_words();
