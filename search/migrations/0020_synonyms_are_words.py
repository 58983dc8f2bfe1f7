from importlib import import_module

from django.db import migrations

OLD = import_module("search.migrations.0006_words_of_assets").WORDS_OF_ASSET.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
# What leaves out reads what asks, and a synonym says the same as its label.
NEW = OLD.replace(
    """name FROM search_label WHERE id IN (""",
    """called FROM search_label, unnest(array_prepend(name, synonyms)) AS called WHERE id IN (""",
)
OLD_TRIGGER = """
CREATE OR REPLACE TRIGGER label_changes_words AFTER UPDATE OF name ON search_label
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name)
    EXECUTE FUNCTION label_changes_words()
"""
NEW_TRIGGER = """
CREATE OR REPLACE TRIGGER label_changes_words AFTER UPDATE OF name, synonyms ON search_label
    FOR EACH ROW WHEN ((OLD.name, OLD.synonyms) IS DISTINCT FROM (NEW.name, NEW.synonyms))
    EXECUTE FUNCTION label_changes_words()
"""
ANEW = """
SELECT touch_words(ARRAY(
    SELECT DISTINCT asset_id FROM search_assetlabel AS given
    JOIN search_label AS label ON label.id = given.label_id WHERE synonyms <> '{}'
))
"""


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0019_rules_of_assets'),
    ]

    operations = [
        migrations.RunSQL([NEW, NEW_TRIGGER, ANEW], [OLD, OLD_TRIGGER, ANEW]),
    ]
