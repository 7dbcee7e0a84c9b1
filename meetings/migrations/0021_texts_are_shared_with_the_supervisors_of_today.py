from django.db import migrations


def who_reads_them_now(apps, schema_editor):
    texts = apps.get_model("meetings", "ProjectText").objects.filter(audience__in=("supervisor", "program"))
    for each in texts.select_related("participant__user").iterator():
        each.supervisor_id = each.participant.user.supervisor_id
        each.save(update_fields=["supervisor"])


class Migration(migrations.Migration):
    dependencies = [("meetings", "0020_whom_a_text_is_shared_with")]
    operations = [migrations.RunPython(who_reads_them_now, migrations.RunPython.noop)]
