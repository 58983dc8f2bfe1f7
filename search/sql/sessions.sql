-- Whoever is deactivated is signed out everywhere, at once and by whatever way it is done.
CREATE OR REPLACE FUNCTION end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM search_session WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER deactivation_ends_sessions AFTER UPDATE OF is_active ON search_user
    FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION end_sessions();
