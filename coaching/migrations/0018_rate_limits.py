"""The table of the cache that all web processes share (CACHES)."""

from django.core.management import call_command
from django.db import migrations


def make(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


def remove(apps, schema_editor):
    schema_editor.execute("DROP TABLE rate_limits")


class Migration(migrations.Migration):
    dependencies = [("coaching", "0017_projects_without_outcome")]
    operations = [migrations.RunPython(make, remove)]
