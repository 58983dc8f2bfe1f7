from importlib import import_module

import django.core.validators
import django.db.models.deletion
import search.models.names
from django.db import migrations, models

OLD = import_module("search.migrations.0039_who_sees_what").NEW
NEW = OLD.replace(
    "FROM search_asset WHERE id = asset AND description <> ''\n",
    "FROM search_asset WHERE id = asset AND description <> ''\n"
    "    UNION ALL\n"
    "    SELECT 5, 'D', '{\"\",~}', name FROM search_rights, unnest(ARRAY[creator, credit]) AS name\n"
    "    WHERE asset_id = asset AND name <> ''\n",
)
OLD_NOTES = import_module("search.migrations.0031_words").NOTE_WORDS.split("CREATE TRIGGER")[0]
OLD_NOTES = OLD_NOTES.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
NEW_NOTES = OLD_NOTES.replace("[0-9@=]", "[0-9@=~]")
TRIGGERS = """
CREATE TRIGGER rights_add_words AFTER INSERT ON search_rights
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_words();
CREATE TRIGGER rights_take_words AFTER DELETE ON search_rights
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION link_changes_words();
CREATE TRIGGER rights_change_words AFTER UPDATE OF asset_id, creator, credit ON search_rights
    FOR EACH ROW WHEN ((OLD.asset_id, OLD.creator, OLD.credit) IS DISTINCT FROM (NEW.asset_id, NEW.creator, NEW.credit))
    EXECUTE FUNCTION link_moves_words();
"""
# Back: the words of credits go with them, while the triggers stand.
FORGET = "DELETE FROM search_rights"
CC = "https://creativecommons.org/licenses/{}/{}/"
OF_CC = {
    "BY": "Attribution", "BY-SA": "Attribution-ShareAlike", "BY-NC": "Attribution-NonCommercial",
    "BY-NC-SA": "Attribution-NonCommercial-ShareAlike", "BY-ND": "Attribution-NoDerivatives",
    "BY-NC-ND": "Attribution-NonCommercial-NoDerivatives",
}
# Those of 2.0 and 3.0 are of pictures that Flickr and Wikimedia Commons have.
VERSIONS = {"4.0": OF_CC, "3.0": ("BY", "BY-SA"), "2.0": ("BY", "BY-SA", "BY-NC", "BY-NC-SA", "BY-ND", "BY-NC-ND")}
STATEMENTS = {
    "InC": "In Copyright",
    "InC-OW-EU": "In Copyright – EU Orphan Work",
    "InC-EDU": "In Copyright – Educational Use Permitted",
    "InC-NC": "In Copyright – Non-Commercial Use Permitted",
    "InC-RUU": "In Copyright – Rights-holder(s) Unlocatable or Unidentifiable",
    "NoC-CR": "No Copyright – Contractual Restrictions",
    "NoC-NC": "No Copyright – Non-Commercial Use Only",
    "NoC-OKLR": "No Copyright – Other Known Legal Restrictions",
    "NoC-US": "No Copyright – United States",
    "CNE": "Copyright Not Evaluated",
    "UND": "Copyright Undetermined",
    "NKC": "No Known Copyright",
}
OF_SPDX = {
    "LAL-1.3": "Licence Art Libre 1.3",
    "GFDL-1.3-or-later": "GNU Free Documentation License 1.3 or later",
    "OGL-UK-3.0": "Open Government Licence 3.0 (United Kingdom)",
    "DL-DE-BY-2.0": "Datenlizenz Deutschland – Namensnennung 2.0",
    "DL-DE-ZERO-2.0": "Datenlizenz Deutschland – Zero 2.0",
    "etalab-2.0": "Licence Ouverte 2.0 (Etalab)",
}


def licences():
    """Name, code, SPDX id and address of each."""
    yield "All rights reserved", "all-rights-reserved", "", ""
    for version, kinds in VERSIONS.items():
        for kind in kinds:
            spdx = f"CC-{kind}-{version}"
            name = f"{OF_CC[kind]} (CC {kind} {version})"
            yield name, spdx.lower(), spdx, CC.format(kind.lower(), version)
    zero, mark = (f"https://creativecommons.org/publicdomain/{name}/1.0/" for name in ("zero", "mark"))
    yield "Public domain dedication (CC0 1.0)", "cc0-1.0", "CC0-1.0", zero
    yield "Public Domain Mark 1.0", "cc-pdm-1.0", "CC-PDM-1.0", mark
    for code, name in STATEMENTS.items():
        yield name, code.lower(), "", f"http://rightsstatements.org/vocab/{code}/1.0/"
    for spdx, name in OF_SPDX.items():
        yield name, spdx.lower(), spdx, f"https://spdx.org/licenses/{spdx}.html"


def fill(apps, schema_editor):
    licence = apps.get_model("search", "Licence")
    licence.objects.bulk_create(
        licence(name=name, code=code, spdx=spdx, uri=uri) for name, code, spdx, uri in licences()
    )


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0042_an_administrator_stays'),
    ]

    operations = [
        migrations.CreateModel(
            name='Licence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', search.models.names.NameField(max_length=120)),
                ('code', search.models.names.NameField(help_text='As people search for it: letters, digits, dots and hyphens.', max_length=60, validators=[django.core.validators.RegexValidator('^[\\w.+-]+$', 'Letters, digits, dots and hyphens, please.')])),
                ('spdx', models.CharField(blank=True, default='', help_text='Where it has one, as CC-BY-4.0.', max_length=60, verbose_name='SPDX id')),
                ('uri', models.URLField(blank=True, default='', help_text='Where its text is to be read.', max_length=300, verbose_name='address')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(search.models.names.Folded('name'), name='one_licence_per_name', violation_error_message='There is a licence of this name.'), models.UniqueConstraint(search.models.names.Folded('code'), name='one_licence_per_code', violation_error_message='There is a licence of this code.')],
            },
        ),
        migrations.CreateModel(
            name='Rights',
            fields=[
                ('asset', models.OneToOneField(editable=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='rights', serialize=False, to='search.asset')),
                ('creator', models.CharField(blank=True, default='', max_length=200)),
                ('credit', models.CharField(blank=True, default='', max_length=300, verbose_name='credit line')),
                ('source', models.CharField(blank=True, default='', help_text='Where it comes from: an agency, an address.', max_length=300)),
                ('notice', models.CharField(blank=True, default='', max_length=500, verbose_name='copyright notice')),
                ('contact', models.CharField(blank=True, default='', help_text='Whom to ask for more than is allowed.', max_length=300)),
                ('licence', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='search.licence')),
            ],
            options={
                'verbose_name_plural': 'rights',
                'default_related_name': 'rights',
            },
        ),
        migrations.RunSQL([NEW, NEW_NOTES, TRIGGERS], [OLD, OLD_NOTES]),
        migrations.RunSQL("", [FORGET, "SET CONSTRAINTS ALL IMMEDIATE"]),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
