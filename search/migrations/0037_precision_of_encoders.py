from django.db import migrations, models


def precision(model: str) -> migrations.AddField:
    field = models.CharField(
        choices=[("fp32", "single precision"), ("int8", "8 bits")],
        db_default="fp32",
        default="fp32",
        max_length=4,
    )
    return migrations.AddField(model_name=model, name="precision", field=field)


class Migration(migrations.Migration):
    dependencies = [("search", "0036_counts_of_embeddings")]

    # Back again only once encoders of 8 bits have been removed: the old constraint says so.
    operations = [
        precision("encoder"),
        precision("encoderrequest"),
        migrations.AddField(
            model_name="encoder",
            name="proof",
            field=models.JSONField(db_default={}, default=dict, editable=False),
        ),
        migrations.RemoveConstraint(
            model_name="encoder", name="one_encoder_per_revision_and_patches"
        ),
        migrations.AddConstraint(
            model_name="encoder",
            constraint=models.UniqueConstraint(
                fields=("revision", "patches", "precision"),
                name="one_encoder_per_revision_patches_and_precision",
                nulls_distinct=False,
            ),
        ),
    ]
