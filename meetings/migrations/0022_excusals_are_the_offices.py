from django.db import migrations, models


def those_that_stand(apps, schema_editor):
    rows = apps.get_model("meetings", "Attendance").objects.filter(status="excused", by_office=False)
    rows.update(by_office=True)


class Migration(migrations.Migration):
    dependencies = [("meetings", "0021_texts_are_shared_with_the_supervisors_of_today")]
    operations = [
        migrations.RunPython(those_that_stand, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="attendance",
            constraint=models.CheckConstraint(
                condition=models.Q(("by_office", False), ("status", "excused"), _negated=True),
                name="attendance_excused_by_the_office",
            ),
        ),
    ]
