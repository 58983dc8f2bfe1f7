-- Weights: A title, B label with its synonyms, C file name and collection, D description, creator and
-- credit line (search/query/lexical.py has their factors). Of collections those that are open to
-- everyone: by the words of others, people would learn what they are called. What stands in its name is
-- there once more after an @, which no word has, to tell it from the file's name, and a credit after a
-- ~, to tell it from the description. A position is left out between two texts, so that no phrase
-- reaches from one into the other. After a = stands what the asset is called, as a whole: title, file
-- name, file name without its ending. A word may have 2,046 bytes, all of them a megabyte: both are far
-- beyond what is cut off here.
CREATE OR REPLACE FUNCTION words_of_asset(asset uuid) RETURNS tsvector LANGUAGE sql STABLE STRICT
AS $$
WITH texts AS (
    SELECT 0 AS place, 'A' AS weight, '{""}'::text[] AS marks, title AS said
    FROM search_asset WHERE id = asset
    UNION ALL
    SELECT 1, 'C', '{""}', filename FROM search_asset WHERE id = asset
    UNION ALL
    SELECT 2, 'B', '{""}', called FROM search_label, unnest(array_prepend(name, synonyms)) AS called WHERE id IN (
        SELECT label_id FROM search_assetlabel WHERE asset_id = asset)
    UNION ALL
    SELECT 3, 'C', '{"",@}', c.name FROM search_collection c
    JOIN search_collection_assets m ON m.collection_id = c.id WHERE m.asset_id = asset AND c.is_open
    UNION ALL
    SELECT 4, 'D', '{""}', description FROM search_asset WHERE id = asset AND description <> ''
    UNION ALL
    SELECT 5, 'D', '{"",~}', name FROM search_rights, unnest(ARRAY[creator, credit]) AS name
    WHERE asset_id = asset AND name <> ''
), numbered AS (
    SELECT *, row_number() OVER (ORDER BY place, said) AS gap FROM texts
), words AS (
    SELECT marks, weight, left(word, 200) AS word,
           row_number() OVER (ORDER BY gap, nth) + gap AS position
    FROM numbered, regexp_split_to_table(trim(plain_words(said)), ' +') WITH ORDINALITY AS w(word, nth)
    WHERE word <> '' LIMIT 10000
), spelled AS (
    SELECT '''' || mark || word || ''':' || least(position, 16383) || weight AS lexeme
    FROM words, unnest(marks) AS mark
    UNION ALL
    SELECT '''=' || left((
        SELECT string_agg(left(word, 200), ' ' ORDER BY nth)
        FROM regexp_split_to_table(trim(plain_words(name)), ' +') WITH ORDINALITY AS w(word, nth)
    ), 400) || ''''
    FROM search_asset,
        unnest(ARRAY[title, filename, regexp_replace(filename, '\.[A-Za-z0-9]{1,5}$', '')]) AS name
    WHERE id = asset
)
SELECT coalesce(string_agg(lexeme, ' '), '')::tsvector FROM spelled
$$;
