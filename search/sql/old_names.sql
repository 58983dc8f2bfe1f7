-- What a label, a collection or an account was called before it was given another name. The last
-- row that gave up a name is the one that it leads to (search/models/old_name.py).
CREATE OR REPLACE FUNCTION keep_old_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO search_oldname (name, %1$I) VALUES (folded_name($1), $2)
         ON CONFLICT (name) WHERE %1$I IS NOT NULL DO UPDATE SET %1$I = excluded.%1$I', TG_ARGV[1])
        USING to_jsonb(OLD) ->> TG_ARGV[0], OLD.id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER keep_old_name AFTER UPDATE OF name ON search_label
    FOR EACH ROW WHEN (folded_name(OLD.name) <> folded_name(NEW.name))
    EXECUTE FUNCTION keep_old_name('name', 'label_id');
CREATE OR REPLACE TRIGGER keep_old_name AFTER UPDATE OF name ON search_collection
    FOR EACH ROW WHEN (folded_name(OLD.name) <> folded_name(NEW.name))
    EXECUTE FUNCTION keep_old_name('name', 'collection_id');
CREATE OR REPLACE TRIGGER keep_old_slug AFTER UPDATE OF slug ON search_collection
    FOR EACH ROW WHEN (folded_name(OLD.slug) <> folded_name(NEW.slug))
    EXECUTE FUNCTION keep_old_name('slug', 'collection_id');
CREATE OR REPLACE TRIGGER keep_old_name AFTER UPDATE OF username ON search_user
    FOR EACH ROW WHEN (folded_name(OLD.username) <> folded_name(NEW.username))
    EXECUTE FUNCTION keep_old_name('username', 'account_id');
