-- A name as it is compared with others: in small letters, in one Unicode form, with single spaces and
-- none around it, and without characters that nobody sees. Accents stay: résumé is not resume.
CREATE OR REPLACE FUNCTION folded_name(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
SELECT normalize(replace(translate(lower(normalize(btrim(regexp_replace(
    regexp_replace(name, '[\u00ad\u200b\u200e\u200f\u2060\ufeff]+', '', 'g'),
    '[\s\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+', ' ', 'g')), NFKC)),
    'ς', 'σ'), 'ß', 'ss'), NFKC)
$$;
