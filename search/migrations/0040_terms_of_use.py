import django.db.models.deletion
import django.db.models.functions.datetime
import search.models.document
import search.models.moments
import search.models.term
import uuid
from django.conf import settings
from django.db import migrations, models

DENIALS = """
CREATE FUNCTION denials_of(asset uuid, owner bigint, OUT hidden tstzmultirange, OUT refused tstzmultirange)
LANGUAGE sql STABLE AS $$
SELECT range_agg(span) FILTER (WHERE display = 'hidden'), range_agg(span)
FROM (
    SELECT display, CASE WHEN effect = 'deny' THEN tstzrange(since, until) ELSE tstzrange(until, NULL) END AS span
    FROM (
        SELECT * FROM search_term WHERE asset_id = asset
        UNION ALL SELECT * FROM search_term WHERE uploader_id = owner
        UNION ALL SELECT t.* FROM search_term t JOIN search_collection_assets m USING (collection_id)
            WHERE m.asset_id = asset
    ) AS its
    WHERE scope IN ('everything', 'web') AND (effect = 'deny' OR ends_use)
) AS denials
$$;
CREATE FUNCTION set_denials(assets uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM search_asset WHERE id = ANY(assets) ORDER BY id FOR NO KEY UPDATE;
    UPDATE search_asset a SET hidden = d.hidden, refused = d.refused
    FROM (SELECT id, denials.* FROM search_asset, denials_of(id, owner_id) AS denials WHERE id = ANY(assets)) AS d
    WHERE a.id = d.id AND (a.hidden, a.refused) IS DISTINCT FROM (d.hidden, d.refused);
END $$;

CREATE FUNCTION asset_has_denials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('terms of uploader'), hashint8(NEW.owner_id));
    IF TG_OP = 'UPDATE' OR EXISTS (SELECT FROM search_term WHERE uploader_id = NEW.owner_id) THEN
        SELECT * INTO NEW.hidden, NEW.refused FROM denials_of(NEW.id, NEW.owner_id);
    ELSE
        NEW.hidden := NULL;
        NEW.refused := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER denials_of_new BEFORE INSERT ON search_asset
    FOR EACH ROW EXECUTE FUNCTION asset_has_denials();
CREATE TRIGGER denials_of_changed BEFORE UPDATE OF owner_id, hidden, refused ON search_asset
    FOR EACH ROW WHEN ((OLD.owner_id, OLD.hidden, OLD.refused) IS DISTINCT FROM (NEW.owner_id, NEW.hidden, NEW.refused))
    EXECUTE FUNCTION asset_has_denials();

-- What was said of an uploader's pictures stays with those that become another person's.
CREATE FUNCTION asset_keeps_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_term (asset_id, kind, effect, scope, territory, since, until, ends_use, display, reason,
        document_id, link)
    SELECT NEW.id, kind, effect, scope, territory, since, until, ends_use, display, reason, document_id, link
    FROM search_term WHERE uploader_id = OLD.owner_id;
    RETURN NULL;
END $$;
CREATE TRIGGER terms_of_handed_over AFTER UPDATE OF owner_id ON search_asset
    FOR EACH ROW WHEN (OLD.owner_id <> NEW.owner_id) EXECUTE FUNCTION asset_keeps_terms();

CREATE FUNCTION follow_terms(assets uuid[], collections bigint[], uploaders bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('terms of collection'), hashint8(id))
    FROM (SELECT DISTINCT unnest(collections) AS id ORDER BY 1) AS each WHERE id IS NOT NULL;
    PERFORM pg_advisory_xact_lock(hashtext('terms of uploader'), hashint8(id))
    FROM (SELECT DISTINCT unnest(uploaders) AS id ORDER BY 1) AS each WHERE id IS NOT NULL;
    PERFORM set_denials(ARRAY(
        SELECT unnest(assets)
        UNION SELECT asset_id FROM search_collection_assets WHERE collection_id = ANY(collections)
        UNION SELECT id FROM search_asset WHERE owner_id = ANY(uploaders)
    ));
END $$;
CREATE FUNCTION term_changes_denials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow_terms(array_agg(asset_id), array_agg(collection_id), array_agg(uploader_id)) FROM changed
    WHERE scope IN ('everything', 'web') AND (effect = 'deny' OR ends_use) HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE FUNCTION term_moves_denials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow_terms(array_agg(asset_id), array_agg(collection_id), array_agg(uploader_id))
    FROM (SELECT * FROM before UNION ALL SELECT * FROM changed) AS each
    WHERE scope IN ('everything', 'web') AND (effect = 'deny' OR ends_use) HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER term_adds_denials AFTER INSERT ON search_term
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION term_changes_denials();
CREATE TRIGGER term_takes_denials AFTER DELETE ON search_term
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION term_changes_denials();
CREATE TRIGGER term_moves_denials AFTER UPDATE ON search_term
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION term_moves_denials();

CREATE FUNCTION link_changes_denials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('terms of collection'), hashint8(id))
    FROM (SELECT DISTINCT collection_id AS id FROM changed ORDER BY 1) AS each;
    IF EXISTS (SELECT FROM changed JOIN search_term USING (collection_id)) THEN
        PERFORM set_denials(ARRAY(SELECT DISTINCT c.asset_id FROM changed c JOIN search_term USING (collection_id)));
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION link_moves_denials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('terms of collection'), hashint8(NEW.collection_id));
    PERFORM set_denials(ARRAY[OLD.asset_id, NEW.asset_id]);
    RETURN NULL;
END $$;
CREATE TRIGGER denials_of_added AFTER INSERT ON search_collection_assets
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_denials();
CREATE TRIGGER denials_of_taken AFTER DELETE ON search_collection_assets
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_denials();
CREATE TRIGGER denials_of_moved AFTER UPDATE OF asset_id, collection_id ON search_collection_assets
    FOR EACH ROW WHEN ((OLD.asset_id, OLD.collection_id) IS DISTINCT FROM (NEW.asset_id, NEW.collection_id))
    EXECUTE FUNCTION link_moves_denials();
"""
DROP = """
DROP FUNCTION asset_has_denials() CASCADE;
DROP FUNCTION asset_keeps_terms() CASCADE;
DROP FUNCTION term_changes_denials() CASCADE;
DROP FUNCTION term_moves_denials() CASCADE;
DROP FUNCTION link_changes_denials() CASCADE;
DROP FUNCTION link_moves_denials() CASCADE;
DROP FUNCTION follow_terms(uuid[], bigint[], bigint[]);
DROP FUNCTION set_denials(uuid[]);
DROP FUNCTION denials_of(uuid, bigint);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0039_who_sees_what'),
    ]

    operations = [
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('file', models.FileField(editable=False, max_length=200, upload_to=search.models.document.document_name)),
                ('filename', models.CharField(editable=False, max_length=255)),
                ('media_type', models.CharField(editable=False, max_length=50)),
                ('sha256', models.CharField(editable=False, max_length=64)),
                ('bytes', models.PositiveBigIntegerField(editable=False)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='Term',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('use', 'Use'), ('model', 'Model release'), ('property', 'Property release')], default='use', max_length=8)),
                ('effect', models.CharField(choices=[('allow', 'May be used'), ('deny', 'May not be used')], default='deny', max_length=5)),
                ('scope', models.CharField(choices=[('everything', 'for everything'), ('web', 'on the web'), ('print', 'in print'), ('social', 'on social media'), ('territory', 'in a country')], default='everything', max_length=10)),
                ('territory', models.CharField(blank=True, default='', max_length=2, validators=[search.models.term.check_territory], verbose_name='country')),
                ('since', models.DateTimeField(blank=True, help_text='Empty: ever since.', null=True, verbose_name='from')),
                ('until', models.DateTimeField(blank=True, help_text='Empty: without an end.', null=True)),
                ('ends_use', models.BooleanField(default=False, help_text='Of a licence or a release that runs out: from then on it denies.', verbose_name='no use after its end')),
                ('display', models.CharField(choices=[('hidden', 'They do not see it'), ('refused', 'They see it, not cleared for use')], default='hidden', help_text='Of what is denied for everything or on the web.', max_length=7, verbose_name='for viewers')),
                ('reason', models.CharField(blank=True, default='', max_length=500)),
                ('link', models.URLField(blank=True, default='', max_length=500)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'verbose_name': 'use term',
                'ordering': ['since', 'pk'],
                'default_related_name': 'terms',
            },
        ),
        migrations.RemoveIndex(
            model_name='asset',
            name='asset_facts',
        ),
        migrations.AddField(
            model_name='asset',
            name='hidden',
            field=search.models.moments.Spans(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='asset',
            name='refused',
            field=search.models.moments.Spans(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(fields=['id'], include=('colour_name', 'format', 'width', 'height', 'taken', 'created', 'audience', 'owner', 'hidden'), name='asset_facts'),
        ),
        migrations.AddField(
            model_name='term',
            name='asset',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='search.asset'),
        ),
        migrations.AddField(
            model_name='term',
            name='collection',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='search.collection'),
        ),
        migrations.AddField(
            model_name='term',
            name='document',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='search.document'),
        ),
        migrations.AddField(
            model_name='term',
            name='uploader',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='term',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('asset__isnull', False), ('collection', None), ('uploader', None)), models.Q(('asset', None), ('collection__isnull', False), ('uploader', None)), models.Q(('asset', None), ('collection', None), ('uploader__isnull', False)), _connector='OR'), name='a_term_is_of_one_thing', violation_error_message='A term is of an asset, of a collection or of who uploads: choose one of them.'),
        ),
        migrations.AddConstraint(
            model_name='term',
            constraint=models.CheckConstraint(condition=models.Q(('since', None), ('until', None), ('until__gt', models.F('since')), _connector='OR'), name='a_term_ends_after_it_begins', violation_error_message='This term ends before it begins.'),
        ),
        migrations.AddConstraint(
            model_name='term',
            constraint=models.CheckConstraint(condition=models.Q(('effect', 'allow'), models.Q(('reason', ''), _negated=True), _connector='OR'), name='a_denial_has_a_reason', violation_error_message='Say why it may not be used.'),
        ),
        migrations.AddConstraint(
            model_name='term',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('scope', 'territory'), ('territory__regex', '^[A-Z]{2}$')), models.Q(models.Q(('scope', 'territory'), _negated=True), ('territory', '')), _connector='OR'), name='a_country_belongs_to_its_scope', violation_error_message='A country goes with “in a country”, and only with it.'),
        ),
        migrations.AddConstraint(
            model_name='term',
            constraint=models.CheckConstraint(condition=models.Q(('ends_use', False), models.Q(('effect', 'allow'), ('until__isnull', False)), _connector='OR'), name='what_ends_use_allows_it_until_then', violation_error_message='“No use after its end” goes with what may be used until a day.'),
        ),
        migrations.AddConstraint(
            model_name='term',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'use'), ('effect', 'allow'), _connector='OR'), name='a_release_allows', violation_error_message='A release allows: what denies is a use.'),
        ),
        migrations.RunSQL(DENIALS, DROP),
    ]
