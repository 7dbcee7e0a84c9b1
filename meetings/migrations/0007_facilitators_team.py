import django.db.models.deletion
from django.db import migrations, models


def fill(apps, schema_editor):
    """The one team of the meeting; of several, the one the person is a member of."""
    Facilitator = apps.get_model("meetings", "Facilitator")
    for row in Facilitator.objects.select_related("meeting"):
        teams = row.meeting.teams.order_by("number")
        row.team = teams.filter(memberships__participant=row.participant_id).first() or teams.first()
        row.save(update_fields=["team"])


class Migration(migrations.Migration):
    dependencies = [
        ("coaching", "0016_who_changed_a_draft"),
        ("meetings", "0006_waivers"),
    ]

    operations = [
        migrations.AddField(
            model_name="facilitator",
            name="team",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="coaching.team"
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
