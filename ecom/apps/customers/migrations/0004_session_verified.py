from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_outbox_traceparent"),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="verified",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Whether it began with a second factor; staff's do."
            ),
        ),
    ]
