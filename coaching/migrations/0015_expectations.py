from django.db import migrations, models

SEVEN = (
    "Come prepared: your update is written before the meeting.\n"
    "Talk with each other as professionals.\n"
    "Say what you observe, and comment on what the others observe.\n"
    "Work on your own skills along with the others.\n"
    "Be supportive: everybody’s project matters as much as your own.\n"
    "Keep what is said in the team confidential.\n"
    "Maintain the trust that the others put in you."
)


class Migration(migrations.Migration):
    dependencies = [("coaching", "0014_notes_last_for_a_term")]

    operations = [
        # Programs that run already get the text that a new one begins with.
        migrations.AddField(
            model_name="program",
            name="expectations",
            field=models.TextField(
                blank=True,
                default=SEVEN,
                help_text="One on each line: what the members of a team accept at their first meeting (M18).",
            ),
            preserve_default=False,
        ),
    ]
