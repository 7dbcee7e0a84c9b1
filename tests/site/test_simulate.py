"""`manage.py simulate`: a whole program through the pages' own write functions."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from certificates.models import Certificate
from coaching import audit
from coaching.models import Message
from meetings.models import Attendance, Meeting
from tests import factories

pytestmark = pytest.mark.usefixtures("empty")


def simulate(**options: object) -> dict:
    out = StringIO()
    call_command("simulate", stdout=out, **options)
    return json.loads(out.getvalue())


def test_counts_agree_with_each_other_and_with_the_database():
    counts = simulate(applicants=10, seed=7)
    ended = ("accepted", "waitlisted", "not_selected", "declined", "withdrawn")
    assert counts["applied"] == sum(counts[name] for name in ended)
    assert counts["applied"] + counts["drafts"] == 10
    assert counts["signed"]["supervisor"] >= counts["signed"]["director"] >= counts["signed"]["deputy"]
    assert sum(counts["attendance"].values()) == Attendance.objects.count()
    teams = sum(counts["teams"].values())
    assert counts["meetings_held"] == 8 * teams + counts["extra_meetings"]
    assert counts["meetings_held"] == Meeting.objects.filter(status=Meeting.Status.HELD).count()
    assert counts["certificates"] == Certificate.objects.count() > 0
    in_teams = sum(int(size) * number for size, number in counts["teams"].items())
    assert in_teams <= counts["accepted"] - counts["participants_left"]
    # No mail is left to be sent, and every write left its mark.
    assert set(Message.objects.values_list("status", flat=True)) == {Message.Status.DROPPED}
    assert audit.seal() > 100
    assert audit.verify()[1] is None


def test_the_same_seed_gives_the_same_program():
    runs = []
    for _ in range(2):
        with transaction.atomic():
            runs.append(simulate(applicants=4, seed=3))
            transaction.set_rollback(True)
    assert runs[0] == runs[1]


def test_a_database_with_people_is_refused():
    factories.person("Somebody Here")
    with pytest.raises(CommandError, match="This database has people"):
        simulate(applicants=3, seed=1)


def test_nobody_to_apply_is_refused():
    with pytest.raises(CommandError, match="takes a number from 1"):
        simulate(applicants=0, seed=1)
