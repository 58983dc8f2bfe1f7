import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

# The words of a text, with spaces between: in small letters, without accents, and split at
# everything that is neither letter nor digit, and where digits begin and end. Scripts that put no
# spaces between words are split into their characters, so that a phrase of these is a substring.
# What people ask is split in the same way by search/query/lexical.py; a test compares the two.
PLAIN_WORDS = r"""
CREATE FUNCTION plain_words(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
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
$$
"""

# Weights: A title, B label, C file name and collection, D description. What stands in a collection's
# name is there once more after an @, which no word has, to tell it from the file's name. A position
# is left out between two texts, so that no phrase reaches from one into the other. After a = stands
# what the asset is called, as a whole: title, file name, file name without its ending.
# A word may have 2,046 bytes, all of them a megabyte: both are far beyond what is cut off here.
WORDS_OF_ASSET = r"""
CREATE FUNCTION words_of_asset(asset uuid) RETURNS tsvector LANGUAGE sql STABLE STRICT
AS $$
WITH texts AS (
    SELECT 0 AS place, 'A' AS weight, '{""}'::text[] AS marks, title AS said
    FROM search_asset WHERE id = asset
    UNION ALL
    SELECT 1, 'C', '{""}', filename FROM search_asset WHERE id = asset
    UNION ALL
    SELECT 2, 'B', '{""}', name FROM search_label WHERE id IN (
        SELECT label_id FROM search_assetlabel WHERE asset_id = asset)
    UNION ALL
    SELECT 3, 'C', '{"",@}', c.name FROM search_collection c
    JOIN search_collection_assets m ON m.collection_id = c.id WHERE m.asset_id = asset
    UNION ALL
    SELECT 4, 'D', '{""}', description FROM search_asset WHERE id = asset AND description <> ''
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
$$
"""

# Whoever writes to a row here writes its words anew: it suffices to touch it.
FIND_WORDS = """
CREATE FUNCTION find_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.words := words_of_asset(NEW.asset_id);
    RETURN NEW;
END $$;
CREATE TRIGGER find_words BEFORE INSERT OR UPDATE ON search_assetwords
    FOR EACH ROW EXECUTE FUNCTION find_words()
"""

# Locked in one order first, so that two who touch the same assets never wait for each other.
# Nothing is read before the lock is held: the words then are those of all that has committed.
TOUCH_WORDS = """
CREATE FUNCTION touch_words(assets uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM search_assetwords WHERE asset_id = ANY(assets) ORDER BY asset_id
        FOR NO KEY UPDATE;
    UPDATE search_assetwords SET words = NULL WHERE asset_id = ANY(assets);
END $$
"""

OF_ASSETS = """
CREATE FUNCTION asset_has_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_assetwords (asset_id) SELECT id FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER asset_has_words AFTER INSERT ON search_asset
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION asset_has_words();

CREATE FUNCTION asset_changes_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE search_assetwords SET words = NULL WHERE asset_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER asset_changes_words AFTER UPDATE OF title, filename, description ON search_asset
    FOR EACH ROW WHEN ((OLD.title, OLD.filename, OLD.description)
        IS DISTINCT FROM (NEW.title, NEW.filename, NEW.description))
    EXECUTE FUNCTION asset_changes_words()
"""

# Of a statement as a whole: an encoder's label may come to thousands of assets at once.
LINKED = """
CREATE FUNCTION link_changes_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_words(ARRAY(SELECT DISTINCT asset_id FROM changed));
    RETURN NULL;
END $$;
CREATE FUNCTION link_moves_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_words(ARRAY[OLD.asset_id, NEW.asset_id]);
    RETURN NULL;
END $$;
"""
LINK = """
CREATE TRIGGER link_adds_words AFTER INSERT ON {link}
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_words();
CREATE TRIGGER link_takes_words AFTER DELETE ON {link}
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_words();
CREATE TRIGGER link_moves_words AFTER UPDATE OF asset_id, {name}_id ON {link}
    FOR EACH ROW WHEN ((OLD.asset_id, OLD.{name}_id) IS DISTINCT FROM (NEW.asset_id, NEW.{name}_id))
    EXECUTE FUNCTION link_moves_words();

CREATE FUNCTION {name}_changes_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_words(ARRAY(SELECT DISTINCT asset_id FROM {link} WHERE {name}_id = NEW.id));
    RETURN NULL;
END $$;
CREATE TRIGGER {name}_changes_words AFTER UPDATE OF name ON search_{name}
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name)
    EXECUTE FUNCTION {name}_changes_words();
"""
LINKS = {"label": "search_assetlabel", "collection": "search_collection_assets"}

FILL = "INSERT INTO search_assetwords (asset_id) SELECT id FROM search_asset"

UNLINK = """
DROP TRIGGER {name}_changes_words ON search_{name};
DROP FUNCTION {name}_changes_words();
DROP TRIGGER link_moves_words ON {link};
DROP TRIGGER link_takes_words ON {link};
DROP TRIGGER link_adds_words ON {link};
"""


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0005_facts_of_pictures'),
    ]

    operations = [
        migrations.CreateModel(
            name='AssetWords',
            fields=[
                ('asset', models.OneToOneField(editable=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='said', serialize=False, to='search.asset')),
                ('words', django.contrib.postgres.search.SearchVectorField(editable=False, null=True)),
            ],
            options={
                'verbose_name_plural': 'words of assets',
            },
        ),
        migrations.RunSQL(PLAIN_WORDS, 'DROP FUNCTION plain_words(text)'),
        migrations.RunSQL(WORDS_OF_ASSET, 'DROP FUNCTION words_of_asset(uuid)'),
        migrations.RunSQL(
            FIND_WORDS,
            'DROP TRIGGER find_words ON search_assetwords; DROP FUNCTION find_words()',
        ),
        migrations.RunSQL(TOUCH_WORDS, 'DROP FUNCTION touch_words(uuid[])'),
        migrations.RunSQL(
            OF_ASSETS,
            'DROP TRIGGER asset_changes_words ON search_asset;'
            'DROP FUNCTION asset_changes_words();'
            'DROP TRIGGER asset_has_words ON search_asset;'
            'DROP FUNCTION asset_has_words()',
        ),
        migrations.RunSQL(
            LINKED, 'DROP FUNCTION link_changes_words(); DROP FUNCTION link_moves_words()'
        ),
        *(
            migrations.RunSQL(
                LINK.format(name=name, link=link), UNLINK.format(name=name, link=link)
            )
            for name, link in LINKS.items()
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name='assetwords',
            index=django.contrib.postgres.indexes.GinIndex(fields=['words'], name='asset_words'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Lower('title'), name='text_pattern_ops'
                ),
                name='asset_title_begins',
            ),
        ),
    ]
