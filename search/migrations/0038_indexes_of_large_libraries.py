import django.db.models.deletion
from django.db import migrations, models

# By which a label leads to assets, and an asset to labels: both do by other indexes too.
OF_KEYS = {
    "asset_id": "search_assetlabel_asset_id_dc2443d8",
    "label_id": "search_assetlabel_label_id_d0aec370",
}


def without_index(model: str) -> migrations.AlterField:
    field = models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.CASCADE,
        related_name="asset_labels",
        to=f"search.{model}",
    )
    return migrations.AlterField(model_name="assetlabel", name=model, field=field)


class Migration(migrations.Migration):
    dependencies = [("search", "0037_precision_of_encoders")]

    operations = [
        migrations.AddIndex(
            model_name="asset",
            index=models.Index(
                fields=["id"],
                include=("colour_name", "format", "width", "height", "taken", "created"),
                name="asset_facts",
            ),
        ),
        migrations.AddIndex(
            model_name="assetlabel",
            index=models.Index(
                fields=["label", "source", "-score"],
                include=("asset",),
                name="assetlabel_by_source",
            ),
        ),
        migrations.AddIndex(
            model_name="assetlabel",
            index=models.Index(
                condition=models.Q(("source", "encoder")),
                fields=["label", "-score"],
                name="suggestion_by_label",
            ),
        ),
        # By SQL: Django would make the constraints anew, and without the ON DELETE CASCADE that
        # 0011_rows_go_with_their_asset has given them.
        migrations.SeparateDatabaseAndState(
            state_operations=[without_index("asset"), without_index("label")],
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX IF EXISTS {name}",
                    f"CREATE INDEX {name} ON search_assetlabel ({column})",
                )
                for column, name in OF_KEYS.items()
            ],
        ),
    ]
