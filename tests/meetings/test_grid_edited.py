"""The attendance grid, changed by the branch office: several marks at once, each with its reason (C2, T10)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains

from coaching.models import AuditEvent, Cohort, Message
from meetings import attendance, laying_out
from meetings.models import Attendance, Meeting
from meetings.several_marks import Change, OthersWereFirst, correct_several
from meetings.team_space import NotYourMeeting
from tests import factories
from tests.clock import NOW

pytestmark = pytest.mark.usefixtures("plain_not_found")

FIRST = NOW.replace(year=2027, month=2, day=17, hour=20)


@pytest.fixture
def people(cohort):
    return [factories.participant(cohort, factories.person(name)) for name in ("Ana", "Ben", "Cy")]


@pytest.fixture
def meetings(cohort, people, branch_officer, time_machine):
    team = factories.confirmed_team(cohort, people, by=branch_officer)
    laying_out.lay_out_meetings(team=team, by=None, now=NOW)
    found = list(Meeting.objects.of_team(team).order_by("date"))
    time_machine.move_to(FIRST, tick=False)
    attendance.take_attendance(meeting=found[0], marks=dict.fromkeys(people, "present"), by=None, now=FIRST)
    return found


@pytest.fixture
def office(client, meetings, branch_officer):
    client.force_login(branch_officer)
    return client


@pytest.fixture
def address(cohort):
    return reverse("office_grid", args=[cohort.pk])


def name(meeting, participant):
    return f"{meeting.pk}-{participant.pk}"


def seen(response):
    return response.context.get("seen_text") or response.context["form"].seen_text


def marks(meeting):
    return dict(meeting.attendance.values_list("participant__user__name", "status"))


def test_first_what_then_why_then_saved(office, address, meetings, people, branch_officer):
    ana, ben, _ = people
    page = office.get(address)
    sent = {
        "seen": seen(page),
        name(meetings[0], ana): "absent",
        name(meetings[0], ben): "excused",
        name(meetings[1], ana): "excused",
    }
    asked = office.post(address, sent)
    assert [(str(line.choice.participant), line.after) for line in asked.context["lines"]] == [
        ("Ana", "Not there"),
        ("Ana", "Excused"),
        ("Ben", "Excused"),
    ]
    assert set(marks(meetings[0]).values()) == {"present"}
    sent |= {"seen": seen(asked), "reason": "Jury duty", f"reason-{name(meetings[0], ana)}": "Left early"}
    saved = office.post(address, sent | {"save": "yes"}, follow=True)
    assertContains(saved, "3 marks are saved. Whom it concerns is told.")
    assert marks(meetings[0]) == {"Ana": "absent", "Ben": "excused", "Cy": "present"}
    assert marks(meetings[1]) == {"Ana": "excused"}
    rows = Attendance.objects.filter(by_office=True).order_by("meeting__date", "participant__user__name")
    assert [(row.reason, row.recorded_by) for row in rows] == [
        ("Left early", branch_officer),
        ("Jury duty", branch_officer),
        ("Jury duty", branch_officer),
    ]
    events = AuditEvent.objects.filter(action="attendance.corrected", actor=branch_officer)
    assert events.count() == 3
    assert Message.objects.filter(kind=attendance.CORRECTED).count() == 3
    assertContains(office.get(address), "Ana, February 17: not there. Reason: Left early")


def test_without_a_reason_nothing_is_saved(office, address, meetings, people):
    sent = {name(meetings[0], people[0]): "absent", name(meetings[0], people[1]): "absent"}
    sent |= {f"reason-{name(meetings[0], people[1])}": "Ill", "save": "yes"}
    page = office.post(address, sent)
    assertContains(page, "Each mark that changes needs a reason")
    assert [line.error for line in page.context["lines"]] == ["Say why this mark changes.", ""]
    assert set(marks(meetings[0]).values()) == {"present"}


def test_nothing_of_somebody_else_is_overwritten_unseen(
    office, address, cohort, meetings, people, branch, time_machine
):
    ana, ben, _ = people
    colleague = factories.officer(branch, "Cole Colleague")
    shown = seen(office.get(address))
    time_machine.shift(60)
    attendance.excuse(
        meeting=meetings[0], participant=ana, reason="Leave", by=colleague, now=FIRST.replace(minute=1)
    )
    sent = {"seen": shown, "save": "yes", "reason": "By the list"}
    sent |= {name(meetings[0], ana): "absent", name(meetings[0], ben): "absent"}
    page = office.post(address, sent)
    assertContains(page, "Some marks were changed while this page was open. Nothing is saved yet.")
    assert [line.error for line in page.context["lines"]] == [
        "Cole Colleague wrote: excused (Leave).",
        "",
    ]
    assert marks(meetings[0]) == {"Ana": "excused", "Ben": "present", "Cy": "present"}
    office.post(address, sent | {"seen": seen(page)})
    assert marks(meetings[0]) == {"Ana": "absent", "Ben": "absent", "Cy": "present"}


def all_marks(response):
    """What a browser sends: every choice of the page."""
    return {each.name: each.value for each in response.context["form"].choices.values() if each.choices}


def test_what_was_not_touched_stays_as_a_colleague_left_it(
    office, address, meetings, people, branch, time_machine
):
    """Every choice is sent, and what another wrote meanwhile is none of one's own."""
    ana, ben, _ = people
    page = office.get(address)
    time_machine.shift(60)
    colleague = factories.officer(branch, "Cole Colleague")
    later = FIRST.replace(minute=1)
    attendance.excuse(meeting=meetings[0], participant=ana, reason="Leave", by=colleague, now=later)
    sent = all_marks(page) | {"seen": seen(page), name(meetings[0], ben): "absent"}
    asked = office.post(address, sent)
    assert [str(line.choice.participant) for line in asked.context["lines"]] == ["Ben"]
    sent |= {"seen": seen(asked), "reason": "By the list", "save": "yes"}
    office.post(address, {key: sent[key] for key in ("seen", "reason", "save", name(meetings[0], ben))})
    assert marks(meetings[0]) == {"Ana": "excused", "Ben": "absent", "Cy": "present"}


def test_with_nothing_touched_the_marks_are_shown_as_they_are_now(
    office, address, meetings, people, branch_officer
):
    page = office.get(address)
    attendance.excuse(
        meeting=meetings[0], participant=people[0], reason="Leave", by=branch_officer, now=FIRST
    )
    again = office.post(address, all_marks(page) | {"seen": seen(page)})
    assertContains(again, "No mark is another one than before.")
    assert again.context["form"].choices[meetings[0].pk, people[0].pk].value == "excused"


def test_what_somebody_else_wrote_alike_is_not_written_again(
    office, address, meetings, people, branch_officer
):
    page = office.get(address)
    attendance.excuse(
        meeting=meetings[0], participant=people[0], reason="Leave", by=branch_officer, now=FIRST
    )
    sent = all_marks(page) | {"seen": seen(page), name(meetings[0], people[0]): "excused"}
    assertContains(office.post(address, sent), "No mark is another one than before.")


def test_sent_twice_it_is_once(cohort, meetings, people, branch_officer):
    row = meetings[0].attendance.get(participant=people[0])
    change = Change(meetings[0], people[0], "absent", "By the list", attendance.version_of(row))
    numbers = [
        correct_several(cohort=cohort, changes=[change], by=branch_officer, now=FIRST) for _ in range(2)
    ]
    assert numbers == [1, 0]
    assert AuditEvent.objects.filter(action="attendance.corrected").count() == 1


def test_all_of_them_or_none(cohort, meetings, people, branch_officer):
    """The second meeting lies ahead: nobody was there."""
    row = meetings[0].attendance.get(participant=people[0])
    changes = [
        Change(meetings[0], people[0], "absent", "By the list", attendance.version_of(row)),
        Change(meetings[1], people[0], "present", "By the list", ""),
    ]
    with pytest.raises(attendance.CannotTakeAttendance):
        correct_several(cohort=cohort, changes=changes, by=branch_officer, now=FIRST)
    assert marks(meetings[0])["Ana"] == "present"


def test_a_mark_that_came_meanwhile_is_named(cohort, meetings, people, branch_officer):
    change = Change(meetings[0], people[0], "absent", "By the list", "")
    with pytest.raises(OthersWereFirst) as refusal:
        correct_several(cohort=cohort, changes=[change], by=branch_officer, now=FIRST)
    version = attendance.version_of(meetings[0].attendance.get(participant=people[0]))
    assert refusal.value.found == {change.key: ("The system wrote: there.", version)}


def test_an_officer_who_applied_changes_nothing(
    office, address, cohort, meetings, people, branch_officer, branch
):
    """T10"""
    factories.participant(cohort, branch_officer)
    assert (office.get(address).status_code, office.post(address).status_code) == (404, 404)
    change = Change(meetings[0], people[0], "absent", "By the list", "")
    with pytest.raises(NotYourMeeting):
        correct_several(cohort=cohort, changes=[change], by=branch_officer, now=FIRST)


def test_of_a_meeting_ahead_somebody_is_excused_alone(office, address, meetings, people):
    form = office.get(address).context["form"]
    ahead = form.choices[meetings[1].pk, people[0].pk]
    assert [value for value, *_ in ahead.choices] == ["", "excused"]
    office.post(
        address, {name(meetings[1], people[0]): "present", "reason": "No", "save": "yes", "seen": "{}"}
    )
    assert not meetings[1].attendance.exists()


def test_whoever_does_not_belong_to_a_meeting_is_not_marked(office, address, cohort, meetings):
    stranger = factories.participant(cohort)
    office.post(address, {name(meetings[0], stranger): "present", "reason": "Was there", "save": "yes"})
    assert "present" not in [row.status for row in Attendance.objects.filter(participant=stranger)]


@pytest.mark.parametrize(
    "sent", ["", "x", "[1]", '{"NAME": 5}', '{"NAME": ["", "absent", 1]}', "[" * 200_000]
)
def test_a_broken_list_of_what_was_shown_counts_as_none(office, address, meetings, people, sent):
    mark = name(meetings[0], people[0])
    page = office.post(address, {"seen": sent.replace("NAME", mark), mark: "absent"})
    assert len(page.context["lines"]) == 1


def test_back_keeps_what_was_chosen(office, address, meetings, people):
    page = office.post(address, {name(meetings[0], people[0]): "absent", "back": "yes"})
    assert page.context["form"].choices[meetings[0].pk, people[0].pk].value == "absent"


def test_the_number_of_queries_is_that_of_one_team(office, address, cohort, meetings, branch_officer):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert office.get(address).status_code == 200
        return len(found)

    Cohort.objects.update(seats=40)
    queries()
    one = queries()
    for _ in range(3):
        people = [factories.participant(cohort) for _ in range(3)]
        team = factories.confirmed_team(cohort, people, by=branch_officer)
        laying_out.lay_out_meetings(team=team, by=None, now=NOW)
    assert queries() == one
