"""Completion person by person: every reason, and what is recorded for each (C1, C2, F3)."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from certificates.eligibility import completion_list
from meetings import attendance, waivers
from meetings.models import Attendance, EvaluationReceipt, Meeting, Waiver
from tests.certificates.history import AFTER

TODAY = AFTER.date()


def rows(cohort):
    return {row.participant.user.name: row for row in completion_list(cohort, today=TODAY)}


def miss(participant, month):
    """They were not there."""
    meeting = Meeting.objects.get(month=month)
    Attendance.objects.filter(meeting=meeting, participant=participant).update(status="absent")
    EvaluationReceipt.objects.filter(meeting=meeting, participant=participant).delete()
    return meeting


@pytest.fixture
def waived(members, branch_officer) -> Waiver:
    miss(members[0], 3)
    [waiver] = waivers.record(
        participant=members[0], kind="leave", months=[3], reason="Family leave", by=branch_officer, now=AFTER
    )
    return waiver


@pytest.fixture
def excused(members, branch_officer) -> Attendance:
    meeting = miss(members[1], 4)
    attendance.excuse(
        meeting=meeting, participant=members[1], reason="Jury duty", by=branch_officer, now=AFTER
    )
    return Attendance.objects.get(meeting=meeting, participant=members[1])


def test_each_waiver_stands_with_its_reason_and_who_recorded_it(cohort, waived):
    row = rows(cohort)["Ada Alvarez"]
    assert (row.missing, row.is_eligible) == ([], True)
    [excuse] = row.excuses
    assert (excuse.what, excuse.reason) == ("April 2027: Leave of absence", "Family leave")
    assert excuse.recorded == "October 5, 2027, Bo Branchoffice"


def test_so_does_a_meeting_somebody_is_excused_from(cohort, excused):
    row = rows(cohort)["Ben Brooks"]
    [excuse] = row.excuses
    assert row.is_eligible
    assert excuse.what == f"{excused.meeting.heading}, May 17, 2027: Excused"
    assert (excuse.reason, excuse.recorded) == ("Jury duty", "October 5, 2027, Bo Branchoffice")


def test_what_was_taken_back_does_not(cohort, waived, branch_officer):
    waivers.take_back(waiver=waived, by=branch_officer, now=AFTER)
    row = rows(cohort)["Ada Alvarez"]
    assert (row.excuses, row.missing) == ([], ["No meeting attended in April 2027."])


def test_a_month_that_the_program_lets_pass_is_named(cohort, members):
    cohort.missed_months_allowed = 1
    cohort.save()
    miss(members[2], 5)
    row = rows(cohort)["Chi Chen"]
    assert (row.is_eligible, row.spared) == (True, ["June 2027"])


def test_the_page_says_all_of_it(client, cohort, members, waived, excused, branch_officer):
    miss(members[2], 5)
    client.force_login(branch_officer)
    page = client.get(reverse("certificate_completion", args=[cohort.pk])).content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert (
        "April 2027: Leave of absence. Reason: Family leave Recorded October 5, 2027, Bo Branchoffice"
        in words
    )
    assert "May 17, 2027: Excused. Reason: Jury duty" in words
    assert "No meeting attended in June 2027. Months of Chi Chen" in words
    assert reverse("office_participant", args=[members[2].pk]) in page


def test_whoever_does_not_complete_is_led_to_their_statement(client, members):
    """F3: of their own; the branch office reads none."""
    miss(members[0], 3)
    client.force_login(members[0].user)
    assert reverse("statement", args=[members[0].pk]) in client.get(reverse("certificates")).content.decode()


def test_more_that_is_recorded_costs_no_more_queries(cohort, members, waived, branch_officer):
    def count():
        with CaptureQueriesContext(connection) as captured:
            completion_list(cohort, today=TODAY)
        return len(captured)

    before = count()
    for participant in members[1:]:
        miss(participant, 3)
        waivers.record(
            participant=participant, kind="leave", months=[3], reason="x", by=branch_officer, now=AFTER
        )
    assert count() == before
