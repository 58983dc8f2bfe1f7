-- The words that assets have, each once or nearly so: two who add the same word at a time do not wait
-- for each other, and so never for good. Numbers, words of a letter or two, marked ones and whole
-- names (search/sql/words_of_asset.sql) are no words that somebody may have meant.
CREATE OR REPLACE FUNCTION note_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_word (word)
    SELECT lexeme FROM (SELECT DISTINCT (unnest(words)).lexeme FROM changed) AS each
    WHERE length(lexeme) BETWEEN 3 AND 30 AND lexeme !~ '[0-9@=~]'
        AND NOT EXISTS (SELECT FROM search_word WHERE word = lexeme);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER note_words_of_new AFTER INSERT ON search_assetwords
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_words();
CREATE OR REPLACE TRIGGER note_words_of_changed AFTER UPDATE ON search_assetwords
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_words();
