from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

NOTE_WORDS = """
CREATE FUNCTION note_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_word (word)
    SELECT lexeme FROM (SELECT DISTINCT (unnest(words)).lexeme FROM changed) AS each
    WHERE length(lexeme) BETWEEN 3 AND 30 AND lexeme !~ '[0-9@=]'
        AND NOT EXISTS (SELECT FROM search_word WHERE word = lexeme);
    RETURN NULL;
END $$;
CREATE TRIGGER note_words_of_new AFTER INSERT ON search_assetwords
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_words();
CREATE TRIGGER note_words_of_changed AFTER UPDATE ON search_assetwords
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_words();
"""
FILL = """
INSERT INTO search_word (word)
SELECT lexeme FROM (SELECT DISTINCT (unnest(words)).lexeme FROM search_assetwords) AS each
WHERE length(lexeme) BETWEEN 3 AND 30 AND lexeme !~ '[0-9@=]'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0030_created_by_the_databases_clock'),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name='Word',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', models.CharField(db_collation='C', max_length=30)),
            ],
        ),
        # What is written while it is filled is noted by the triggers, which stand first.
        migrations.RunSQL([NOTE_WORDS, FILL], 'DROP FUNCTION note_words() CASCADE'),
        migrations.AddIndex(
            model_name='word',
            index=models.Index(fields=['word'], name='words'),
        ),
        migrations.AddIndex(
            model_name='word',
            index=GinIndex(OpClass('word', name='gin_trgm_ops'), name='words_by_trigrams'),
        ),
    ]
