from django.db import migrations, models


def mark(apps, schema_editor):
    """Of the questionnaire that programs begin with."""
    rows = apps.get_model("meetings", "Question").objects.filter(kind="rating")
    rows.filter(text="I understand this meeting’s topic better than before.").update(is_about_growth=True)


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0027_called_off"),
    ]

    operations = [
        migrations.AddField(
            model_name="question",
            name="is_about_growth",
            field=models.BooleanField(
                default=False,
                help_text="Reports show its answers as growth in the competencies of the meeting (C5).",
                verbose_name="asks whether the meeting’s topic is understood better",
            ),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
