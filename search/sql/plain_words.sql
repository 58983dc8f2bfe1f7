-- The words of a text, with spaces between: in small letters, without accents, and split at
-- everything that is neither letter nor digit, and where digits begin and end. Scripts that put no
-- spaces between words are split into their characters, so that a phrase of these is a substring.
-- A query is split in the same way by search/query/lexical.py; a test compares the two.
CREATE OR REPLACE FUNCTION plain_words(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
SELECT regexp_replace(regexp_replace(
    normalize(regexp_replace(
        normalize(replace(replace(replace(translate(lower(said), 'øłđħıς', 'oldhiσ'),
            'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), NFKD),
        '[\u0300-\u036f\u00ad\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]+',
        '', 'g'), NFC),
    '[\u0001-\u002f\u003a-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u02c2-\u02df\u055a-\u055f\u0589\u05be\u05c0\u05c3\u05c6\u05f3\u05f4\u060c\u061b\u061f\u066a-\u066d\u06d4\u0964\u0965\u0e4f\u0e5a\u0e5b\u104a-\u104f\u1361-\u1368\u1680\u17d4-\u17da\u2000-\u206f\u20a0-\u20cf\u2100-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d-\u303f\u30fb\ue000-\uf8ff\ufe10-\ufe6f\ufff0-\uffff\U0001f000-\U0001faff\U000e0000-\U000e01ef]+',
    ' ', 'g'),
    '([0-9]+|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af])',
    ' \1 ', 'g')
$$;
