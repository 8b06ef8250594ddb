"""A meter change names its point and both registers; the point is part of what makes an event itself."""

import json

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import xietong.park.fields

BEFORE = 3


def _with_point(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    for row in apps.get_model("park", "Event").objects.iterator():
        parts = json.loads(row.key)
        if len(parts) == BEFORE:
            row.key = json.dumps([*parts, ""], ensure_ascii=False, separators=(",", ":"))
            row.save(update_fields=["key"])


class Migration(migrations.Migration):
    dependencies = [("park", "0003_target_waiver")]

    operations = [
        migrations.AddField("event", "point", models.CharField(blank=True, default="", max_length=60)),
        *(
            migrations.AddField(
                "event",
                name,
                xietong.park.fields.ExactDecimalField(
                    default=None, help_text="the point's unit, before the multiplier", max_length=40, null=True
                ),
            )
            for name in ("closing", "opening")
        ),
        migrations.RunPython(_with_point, migrations.RunPython.noop),
    ]
