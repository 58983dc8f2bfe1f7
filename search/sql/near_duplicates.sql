-- When the first member of near-duplicates is deleted, the others are compared again.
CREATE OR REPLACE FUNCTION search_asset_left_behind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE search_asset SET cluster = NULL WHERE cluster = OLD.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER search_asset_left_behind AFTER DELETE ON search_asset
FOR EACH ROW WHEN (OLD.cluster = OLD.id) EXECUTE FUNCTION search_asset_left_behind();
