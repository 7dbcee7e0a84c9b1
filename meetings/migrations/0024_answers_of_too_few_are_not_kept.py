from django.db import migrations
from django.db.models import Count

LEAST_PEOPLE = 3


def delete_answers_of_too_few(apps, schema_editor):
    """Of closings in which no question has three answers: they were never shown, and could lead to who wrote them."""
    answers = apps.get_model("meetings", "EvaluationAnswer").objects
    rows = answers.values("closing", "question").annotate(number=Count("pk")).order_by()
    enough = {row["closing"] for row in rows if row["number"] >= LEAST_PEOPLE}
    answers.exclude(closing__in=enough).delete()


class Migration(migrations.Migration):
    dependencies = [("meetings", "0023_meetings_entered_with_a_history")]

    operations = [migrations.RunPython(delete_answers_of_too_few, migrations.RunPython.noop)]
