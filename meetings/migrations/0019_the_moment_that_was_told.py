"""What a calendar was told about a meeting, with the moment; for what was sent before, the meeting's own."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.db import migrations, models


def told_so_far(apps, schema_editor):
    CalendarInvitation = apps.get_model("meetings", "CalendarInvitation")
    for row in CalendarInvitation.objects.select_related("meeting"):
        zone = ZoneInfo(row.meeting.time_zone)
        row.starts_at = dt.datetime.combine(row.meeting.date, row.meeting.start_time, tzinfo=zone)
        row.ends_at = row.starts_at.astimezone(dt.UTC) + dt.timedelta(minutes=row.meeting.minutes)
        row.save(update_fields=["starts_at", "ends_at"])


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0018_supervisors_input"),
    ]

    operations = [
        migrations.AddField(
            model_name="calendarinvitation",
            name="starts_at",
            field=models.DateTimeField(help_text="As it was told.", null=True),
        ),
        migrations.AddField(
            model_name="calendarinvitation",
            name="ends_at",
            field=models.DateTimeField(help_text="As it was told.", null=True),
        ),
        migrations.RunPython(told_so_far, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="calendarinvitation",
            name="starts_at",
            field=models.DateTimeField(help_text="As it was told."),
        ),
        migrations.AlterField(
            model_name="calendarinvitation",
            name="ends_at",
            field=models.DateTimeField(help_text="As it was told."),
        ),
    ]
