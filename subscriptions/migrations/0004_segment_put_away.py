"""What an issue may go to is looked at by its form: one that was put away stays its choice."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0003_reader_moves")]

    operations = [
        migrations.AlterField(
            model_name="issuepage",
            name="segment",
            field=models.ForeignKey(
                blank=True,
                help_text="A part of the newsletter’s readers; empty: all of them. Its web page is "
                "public like that of any issue.",
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="issues",
                to="subscriptions.segment",
            ),
        ),
    ]
