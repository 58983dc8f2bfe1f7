import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEEP_OLD_NAME = """
CREATE FUNCTION keep_old_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO search_oldname (name, %1$I) VALUES (folded_name($1), $2)
         ON CONFLICT (name) WHERE %1$I IS NOT NULL DO UPDATE SET %1$I = excluded.%1$I', TG_ARGV[1])
        USING to_jsonb(OLD) ->> TG_ARGV[0], OLD.id;
    RETURN NULL;
END $$;
"""
TRIGGER = """
CREATE TRIGGER keep_old_{noun} AFTER UPDATE OF {field} ON {table}
    FOR EACH ROW WHEN (folded_name(OLD.{field}) <> folded_name(NEW.{field}))
    EXECUTE FUNCTION keep_old_name('{field}', '{column}')
"""
TRIGGERS = [
    TRIGGER.format(noun=noun, field=field, table=table, column=column)
    for noun, field, table, column in (
        ("name", "name", "search_label", "label_id"),
        ("name", "name", "search_collection", "collection_id"),
        ("slug", "slug", "search_collection", "collection_id"),
        ("name", "username", "search_user", "account_id"),
    )
]


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0026_name_of_suggestions'),
    ]

    operations = [
        migrations.CreateModel(
            name='OldName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField()),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                ('collection', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='search.collection')),
                ('label', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='search.label')),
            ],
            options={
                'abstract': False,
                'default_related_name': 'old_names',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('account', None), ('collection', None), ('label__isnull', False)), models.Q(('account', None), ('collection__isnull', False), ('label', None)), models.Q(('account__isnull', False), ('collection', None), ('label', None)), _connector='OR'), name='oldname_leads_to_one'), models.UniqueConstraint(condition=models.Q(('label__isnull', False)), fields=('name',), name='one_label_per_old_name'), models.UniqueConstraint(condition=models.Q(('collection__isnull', False)), fields=('name',), name='one_collection_per_old_name'), models.UniqueConstraint(condition=models.Q(('account__isnull', False)), fields=('name',), name='one_account_per_old_name')],
            },
        ),
        migrations.CreateModel(
            name='SavedName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=150)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                ('collection', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='search.collection')),
                ('label', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='search.label')),
                ('search', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='search.savedsearch')),
            ],
            options={
                'abstract': False,
                'default_related_name': 'saved_names',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('account', None), ('collection', None), ('label__isnull', False)), models.Q(('account', None), ('collection__isnull', False), ('label', None)), models.Q(('account__isnull', False), ('collection', None), ('label', None)), _connector='OR'), name='savedname_leads_to_one')],
            },
        ),
        migrations.RunSQL([KEEP_OLD_NAME, *TRIGGERS], "DROP FUNCTION keep_old_name() CASCADE"),
    ]
