"""A cohort that is already in month four is entered with its history: from a file, all of it or nothing."""

import io
from collections import Counter
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching import outbox, team_formation
from coaching.csv_file import FileRefused
from coaching.enrollment import leave
from coaching.models import AuditEvent, Cohort, Message, Participant, Team
from coaching.permissions import NotYourCohort
from coaching.site import history, history_file
from meetings import attendance, ledger, mail, scheduling, statement
from meetings.models import Attendance, EvaluationDraft, EvaluationReceipt, Meeting
from meetings.standing import Code, MonthState
from tests import factories
from tests.meetings.conftest import noon
from tests.site.test_cohorts import VALUES

pytestmark = pytest.mark.usefixtures("plain_not_found")
NOW = noon(date(2027, 5, 11))  # in the fourth month, before its third Wednesday
NAMES = ("ann", "ben", "cy", "di", "ed", "flo")
HEADER = "email,team,project,month1,date1,evaluated1,month2,date2,evaluated2,month3,date3,evaluated3"
ROWS = {
    "ann": "1,Faster permits,P,2027-02-17,yes,P,2027-03-17,yes,P,4/21/2027,no",
    "ben": "1,One form,R,2027-02-17,Yes,P,2027-03-17,yes,A,2027-04-21,",
    "cy": "1,,p,2027-02-17,,E,2027-03-17,,P,2027-04-21,yes",
    "di": "2,Two forms,P,2027-02-10,yes,P,2027-03-10,yes,,,",
    "ed": "2,Maps,P,2027-02-10,yes,P,2027-03-10,yes,,,",
    "flo": "2,Guides,P,2027-02-10,yes,P,2027-03-10,yes,,,",
}


@pytest.fixture(autouse=True)
def people(org):
    return {
        name: factories.person(name.title(), email=f"{name}@example.org", unit=org.unit) for name in NAMES
    }


def text(header=HEADER, **changes):
    rows = ROWS | changes
    return "\n".join([header, *(f"{name}@example.org,{row}" for name, row in rows.items() if row)])


@pytest.fixture
def enter(cohort, branch_officer):
    def entered(content=None, *, by=branch_officer, now=NOW, **options):
        read = history_file.parse(content or text(), cohort, today=now.date())
        return history.enter(cohort=cohort, history=read, by=by, now=now, **options)

    return entered


def who(name):
    return Participant.objects.get(user__email=f"{name}@example.org")


def states(name):
    return [month.state for month in ledger.standing(who(name), today=NOW.date()).months][:4]


def everything():
    return [
        model.objects.count() for model in (Participant, Team, Meeting, Attendance, EvaluationReceipt)
    ] + [
        AuditEvent.objects.count(),
        Message.objects.count(),
    ]


def test_all_that_the_file_says(enter, cohort, org):
    report = enter()
    assert report.counts == {
        "participants": 6,
        "teams": 2,
        "meetings": 5,
        "marks": 15,
        "evaluations": 11,
        "ahead": 10,
        "projects": 0,
    }
    ann = who("ann")
    assert (ann.division, ann.goal.title, ann.status) == (org.division, "Faster permits", "active")
    assert not hasattr(who("cy"), "goal")
    assert statement.of(ann, today=date(2027, 5, 1)).since == date(2027, 2, 1)
    assert attendance.expected(Meeting.objects.filter(date=date(2027, 2, 17)).get()) == [
        who(name) for name in ("ann", "ben", "cy")
    ]
    team = Team.objects.get(number=1)
    assert (team.status, team.memberships.count()) == ("confirmed", 3)
    held = Meeting.objects.of_team(team).filter(status="held")
    assert [(each.date, each.origin, each.month, each.number) for each in held] == [
        (date(2027, 2, 17), "entered", 1, 1),
        (date(2027, 3, 17), "entered", 2, 2),
        (date(2027, 4, 21), "entered", 3, 3),
    ]
    ahead = Meeting.objects.of_team(team).filter(status="planned")
    assert [each.number for each in ahead] == [4, 5, 6, 7, 8]
    assert not EvaluationDraft.objects.exists()


def test_each_act_left_its_trace(enter, cohort, branch_officer):
    enter()
    actions = Counter(AuditEvent.objects.filter(actor=branch_officer).values_list("action", flat=True))
    assert actions == {
        "participant.enrolled": 6,
        "team.entered": 2,
        "meeting.entered": 5,
        "attendance.entered": 5,
        "evaluation.entered": 11,
        "meetings.laid_out": 2,
        "cohort.history_entered": 1,
    }
    whole = AuditEvent.objects.get(action="cohort.history_entered")
    assert whole.payload.data["participants"] == 6


def test_the_ledger_reads_it_as_if_it_had_been_taken_here(enter):
    """C1, C2"""
    enter()
    met, excused, missed, still = (
        MonthState.MET,
        MonthState.EXCUSED,
        MonthState.MISSED,
        MonthState.OPEN,
    )
    assert states("ann") == [met, met, met, still]
    assert states("ben") == [met, met, missed, still]
    assert states("cy") == [met, excused, met, still]
    assert states("di") == [met, met, missed, still]
    reasons = ledger.standing(who("ann"), today=NOW.date()).reasons
    assert [reason.month for reason in reasons if reason.code is Code.EVALUATION_OPEN] == [3]


def test_nobody_is_written_to_about_the_past(enter, people, time_machine):
    enter()
    assert {(each.kind, each.recipient.name) for each in Message.objects.all()} == {
        ("meetings.laid_out", name.title()) for name in NAMES
    }
    time_machine.move_to(NOW)
    message = Message.objects.get(recipient=people["ann"])
    letter = mail.laid_out(people["ann"], **message.ids)
    assert "May 19, 2027" in letter.body
    assert "February" not in letter.body
    outbox.deliver_due(now=NOW)


def test_again_changes_nothing(enter):
    enter()
    before = everything()
    report = enter()
    assert not report.is_new
    assert len(report.lines) == 2
    assert everything() == before


def test_a_meeting_that_was_called_off_since_does_not_come_back(enter):
    enter()
    ahead = Meeting.objects.filter(status="planned").first()
    scheduling.cancel(meeting=ahead, reason="Snow.", by=None, now=NOW)
    assert not enter().is_new


def test_a_dry_run_says_the_same_and_writes_nothing(enter):
    before = everything()
    assert enter(dry_run=True) == enter()
    assert everything() != before


def test_a_dry_run_leaves_no_trace(enter):
    before = everything()
    enter(dry_run=True)
    assert everything() == before


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ann": ROWS["ann"].replace("1,F", ",F", 1)}, "line 2, team: Give the number"),
        ({"ann": ROWS["ann"].replace("P,2027-02", "X,2027-02")}, "line 2, month1: 'X' is no mark"),
        ({"ann": ROWS["ann"].replace("2027-02-17", "")}, "line 2, date1: The day of the meeting is missing"),
        ({"ann": ROWS["ann"].replace("2027-02-17", "Feb 17")}, "line 2, date1: Give the day"),
        ({"ann": ROWS["ann"].replace("2027-02-17", "2027-02-18")}, "line 2, date1: Line 3 says 2027-02-17"),
        ({"ann": ROWS["ann"].replace("2027-02-17", "2026-02-17")}, "is far from it"),
        ({"ann": ROWS["ann"].replace("4/21/2027", "5/12/2027")}, "May 12, 2027 lies ahead"),
        ({"ann": ROWS["ann"].replace("no", "perhaps")}, "evaluated3: Say yes or no"),
        ({"cy": ROWS["cy"].replace("E,2027-03-17,", "E,2027-03-17,yes")}, "evaluates nothing"),
        ({"cy": ROWS["cy"].replace("E,2027-03-17,", ",,")}, "line 4, month2: The others of team 1"),
        ({"cy": ROWS["cy"].replace("E,2027-03-17,", ",2027-03-17,")}, "date2: There is none in month2"),
        ({"nobody": ROWS["ann"]}, "line 8, email: Nobody here has this mail address"),
        ({"ANN": ROWS["ann"]}, "line 8, email: ann@example.org is on line 2 already"),
        ({"ann": ROWS["ann"] + ",more"}, "The row has 13 values"),
        ({"ben": "", "cy": ""}, "Team 1 has 1 in the file"),
        (dict.fromkeys(("di", "ed"), ROWS["ann"]), "Team 1 has 5 in the file; a team has 2 to 4"),
        (
            {name: ROWS[name].replace("P,2027-02-10,yes", "A,2027-02-10,") for name in ("di", "ed", "flo")},
            "Nobody of team 2 was there",
        ),
    ],
)
def test_every_bad_row_is_named_and_nothing_is_entered(enter, changes, says):
    before = everything()
    with pytest.raises(FileRefused) as refusal:
        enter(text(**changes))
    assert says in str(refusal.value)
    assert everything() == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "The file is empty"),
        (HEADER, "a header and no people"),
        ("email;team", "separated by commas"),
        ("email,month1\na@example.org,P", "team: This column is missing"),
        ("email,team,month1\na,1,P", "date1: Month 1 needs this column too"),
        ("email,team,evaluated2\na,1,yes", "month2: Month 2 needs this column too"),
        ("email,team,team\na,1,1", "two columns of this name"),
    ],
)
def test_a_file_whose_columns_are_wrong(cohort, content, says):
    with pytest.raises(FileRefused, match=says):
        history_file.parse(content, cohort, today=NOW.date())


def test_columns_that_are_not_used_are_named(enter):
    report = enter(text(header=HEADER.replace("project", "topic")))
    assert "Column not used: 'topic'." in report.warnings
    assert who("ann").memberships.exists()


def test_what_contradicts_what_is_here(enter, branch_officer):
    enter()
    with pytest.raises(FileRefused, match=r"line 2, month1: Recorded here as: there\. Correct it"):
        enter(text(ann=ROWS["ann"].replace("P,2027-02-17,yes", "A,2027-02-17,")))
    with pytest.raises(FileRefused, match="line 3, email: Ben is in Team 1"):
        enter(text(ben=ROWS["ben"].replace("1,One", "2,One")))
    moved = {name: ROWS[name].replace("2027-02-10", "2027-02-11") for name in ("di", "ed", "flo")}
    with pytest.raises(FileRefused, match="is in the calendar on Wednesday, February 10, 2027"):
        enter(text(**moved))
    leave(participant=who("flo"), by=branch_officer, reason="", now=NOW)
    with pytest.raises(FileRefused, match="line 7, email: Flo left this program"):
        enter()


def test_more_people_than_seats(enter, cohort):
    Cohort.objects.filter(pk=cohort.pk).update(seats=5)
    with pytest.raises(FileRefused, match="6 people are new, and 5 of 5 seats are free"):
        enter()


def test_nobody_with_their_own_supervisor(enter, people):
    """T8: all of it or nothing."""
    people["ann"].supervisor = people["ben"]
    people["ann"].save()
    with pytest.raises(FileRefused, match="line 2, team: "):
        enter()
    assert not Participant.objects.exists()


def test_small_teams_and_meetings_below_the_quorum_are_noted(enter):
    rows = {"cy": "", "ben": ROWS["ben"].replace("P,2027-03-17,yes", "A,2027-03-17,")}
    report = enter(text(**rows))
    assert "Team 1 is small. You can decide how it goes on afterwards." in report.warnings
    assert any(each.startswith("Team 1, month 2: fewer than 2 were there") for each in report.warnings)


def test_whoever_waits_in_a_draft_leaves_it_for_their_team(enter, cohort, people, branch_officer):
    waiting = [factories.participant(cohort, people[name]) for name in ("ann", "ben", "cy")]
    draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
    draft.document = {"teams": [[each.pk for each in waiting]]}
    draft.save()
    report = enter(text(ben=ROWS["ben"].replace("One form", "Faster permits")))
    assert (report.participants, report.teams) == (3, 2)
    draft.refresh_from_db()
    assert not any(draft.teams_drawn)
    assert who("ann") == waiting[0]


def test_deactivated_people_are_noted(enter, people):
    people["ann"].is_active = False
    people["ann"].save()
    assert "Ann is deactivated here, and gets no mail." in enter().warnings


def test_by_the_branch_office_that_takes_no_part(enter, branch, cohort, deputy, outsider):
    """T10"""
    for user in (deputy, outsider):
        with pytest.raises(NotYourCohort):
            enter(by=user)
    officer = factories.officer(branch, "Olive Officer")
    with pytest.raises(FileRefused, match="You take part yourself, so a colleague enters it"):
        enter(text() + f"\n{officer.email},{ROWS['di']}", by=officer)


def test_a_cohort_whose_months_have_begun_can_be_opened(
    client, program, branch, branch_officer, time_machine
):
    time_machine.move_to(NOW)
    client.force_login(branch_officer)
    values = VALUES | {
        "program": str(program.pk),
        "branch": str(branch.pk),
        "name": "On paper",
        "applications_open_date": "2026-11-01",
        "applications_close_date": "2026-12-31",
        "first_month": "2027-02-01",
    }
    client.post(reverse("cohort_open"), values)
    cohort = Cohort.objects.get(name="On paper")
    assert cohort.first_month == date(2027, 2, 1)
    page = client.get(reverse("cohort", args=[cohort.pk]))
    assertContains(page, "Check its page, then enter its history.")
    assertContains(page, reverse("cohort_history", args=[cohort.pk]))
    still_closed = values | {"name": "Late", "first_month": "2027-07-01"}
    assertContains(client.post(reverse("cohort_open"), still_closed), "This day is over.")


def test_the_page_shows_what_it_would_do_before_it_does_it(client, cohort, branch_officer, time_machine):
    time_machine.move_to(NOW)
    client.force_login(branch_officer)
    page = reverse("cohort_history", args=[cohort.pk])
    assertContains(client.post(page), "Choose the file.")

    def upload(content):
        return client.post(page, {"file": SimpleUploadedFile("history.csv", content)})

    assertContains(upload(b"\xff\xfeA"), "The file is UTF-16.")
    assertContains(upload(b"x" * 500_001), "Is it the right one?")
    shown = upload(text(ann=ROWS["ann"].replace("P,2027-02", "X,2027-02")).encode())
    assertContains(shown, "Nothing was entered: 1 problem")
    assertContains(shown, "line 2, month1: &#x27;X&#x27; is no mark.")
    assertContains(client.post(page, {"text": "email,team\n" + "a" * 300 + ",1"}), "at most 254 are possible")
    assertContains(client.post(page, {"text": ""}), "See what it would do")
    shown = upload(text().encode())
    assertContains(shown, "6 participants and 2 teams are new.")
    assertContains(
        shown, "Team 1: Ann (“Faster permits”), Ben (“One form”), Cy. Held: February 17, 2027 (3 of 3 there)"
    )
    assertContains(shown, "10 meetings ahead are laid out.")
    assert not Participant.objects.exists()
    sent = {"text": shown.context["text"]}
    assertContains(client.post(page, sent, follow=True), "The history is entered.")
    assert Participant.objects.count() == 6
    assertContains(client.post(page, sent, follow=True), "It was here already.")
    shown = upload(text().encode())
    assertContains(shown, "Nothing: all of it is here already.")
    assertNotContains(shown, "Enter this history")


def test_the_command(cohort, tmp_path, time_machine):
    time_machine.move_to(NOW)
    path, out = tmp_path / "history.csv", io.StringIO()
    path.write_text(text())
    call_command("enter_history", str(cohort.pk), str(path), "--dry-run", stdout=out)
    assert "A dry run" in out.getvalue()
    assert "participants: 6, teams: 2, meetings: 5" in out.getvalue()
    assert not Participant.objects.exists()
    call_command("enter_history", str(cohort.pk), str(path), stdout=out)
    assert Participant.objects.count() == 6
    path.write_text(text(nobody=ROWS["ann"]))
    with pytest.raises(CommandError, match="Nothing was entered: 1 problem"):
        call_command("enter_history", str(cohort.pk), str(path), stdout=out)
    with pytest.raises(CommandError, match="There is no cohort 999999"):
        call_command("enter_history", "999999", str(path))


def test_only_what_has_met_is_taken_as_agreed_to(enter):
    """T4: a file makes no team that has not met, and none of a cohort that has not begun."""
    unmet = dict.fromkeys(("di", "ed", "flo"), "2,,,,,,,,,,")
    with pytest.raises(FileRefused, match=r"line 5, team: Team 2 has not met\."):
        enter(text(**unmet))
    with pytest.raises(FileRefused, match="It begins on Monday, February 1, 2027, so it has no history"):
        enter(
            "email,team\n" + "\n".join(f"{name}@example.org,1" for name in NAMES[:3]),
            now=noon(date(2027, 1, 30)),
        )
    assert not Team.objects.exists()


def test_an_excusal_is_the_offices(enter):
    """A member cannot make it an absence, and “Everybody is here” goes around it."""
    enter()
    meeting = Meeting.objects.of_team(Team.objects.get(number=1)).get(month=2)
    assert meeting.attendance.get(participant=who("cy")).by_office
    marks = dict.fromkeys(attendance.expected(meeting), "present")
    assert attendance.take_attendance(meeting=meeting, marks=marks, by=who("ann").user, now=NOW) == 0
    assert meeting.attendance.get(participant=who("cy")).status == "excused"


def test_nobody_is_reminded_of_an_evaluation_of_the_past(enter):
    enter()
    for day in range(12, 31):
        assert mail.queue_evaluation_reminders(now=noon(date(2027, 5, day))) == 0


def test_the_mail_says_that_it_did_not_begin_now(enter, people, time_machine):
    enter()
    time_machine.move_to(NOW)
    letter = mail.laid_out(people["ann"], team=Team.objects.get(number=1).pk)
    assert letter.subject == "Team 1: your meetings ahead"
    assert "is confirmed" not in letter.body


def test_people_of_another_branch_are_refused_and_other_cohorts_named(enter, org, cohort, people, program):
    other = factories.unit("branch", "Other Branch", parent=org.department)
    people["ann"].unit = factories.unit("division", "Far Division", parent=other)
    people["ann"].save()
    with pytest.raises(FileRefused) as refusal:
        enter()
    assert [str(each) for each in refusal.value.problems] == [
        f"line 2, email: Ann works in the Other Branch, and the {cohort} is of the {org.branch}."
    ]
    people["ann"].unit = None
    people["ann"].save()
    later = factories.cohort(program, org.branch, name="Later", first_month=date(2027, 4, 1))
    factories.participant(later, people["ben"])
    warnings = enter().warnings
    assert "No unit is on record for Ann, so they take part without a division." in warnings
    assert f"Ben takes part in the {later} too." in warnings


def test_whoever_was_forgotten_is_added_to_the_team_they_met_with(enter, org):
    """T4: if they were at a meeting of it."""
    enter()
    gus = factories.person("Gus", email="gus@example.org", unit=org.unit)
    with pytest.raises(FileRefused, match="line 8, team: Gus was at none of its meetings"):
        enter(text(gus="1,,A,2027-02-17,,A,2027-03-17,,A,2027-04-21,"))
    report = enter(text(gus="1,Bees,P,2027-02-17,,A,2027-03-17,,P,2027-04-21,"))
    assert (report.participants, report.teams, report.meetings, report.marks) == (1, 0, 0, 3)
    assert who("gus").memberships.get().team.number == 1
    assert Message.objects.filter(recipient=gus).count() == 1
    assert AuditEvent.objects.filter(action="team.members_entered").count() == 1
    assert not enter(text(gus="1,Bees,P,2027-02-17,,A,2027-03-17,,P,2027-04-21,")).is_new


def test_a_team_that_is_here_is_named_with_its_members(enter):
    enter()
    with pytest.raises(FileRefused) as refusal:
        enter(text(ed="", flo=""))
    assert refusal.value.problems[-1].reason == "Team 2 has 1 in the file; a team has 2 to 4."
    with pytest.raises(FileRefused) as refusal:
        enter(text(flo=""))
    (problem,) = refusal.value.problems
    assert str(problem) == (
        "line 5, team: Team 2 is here already, with Di, Ed, Flo. "
        "The file needs all of them under its number, and nobody else."
    )
    Team.objects.filter(number=2).update(status=Team.Status.ENDED)
    with pytest.raises(FileRefused, match=r"Team 2 is here already and does not meet \(ended\)"):
        enter()


def test_a_title_is_added_later_and_one_that_stands_is_not_changed(enter):
    """A14"""
    enter()
    report = enter(text(cy=ROWS["cy"].replace("1,,", "1,Late title,", 1)))
    assert (report.projects, who("cy").goal.title) == (1, "Late title")
    with pytest.raises(FileRefused, match="line 2, project: Here it is “Faster permits”"):
        enter(text(ann=ROWS["ann"].replace("Faster", "Slower")))


@pytest.mark.parametrize(
    "changes",
    [
        {"gus": ROWS["ann"]},
        {"ANN": ROWS["ann"]},
        {"ann": ROWS["ann"].replace("2027-02-17", "2027-02-18")},
        {"ann": ROWS["ann"].replace("1,F", "x,F", 1)},
        {"cy": "", "ben": "", "ann": ROWS["ann"].replace("P,2027-02-17,yes", "X,2027-02-17,")},
        {"nobody": "1,,,,,,,,,,"},
        {"nobody": "1,,P,2027-02-18,,,,,,,"},
        {"cy": "", "nobody": "1,,A,2027-02-17,,A,2027-03-17,,A,2027-04-21,"},
        {"stranger": "1,,,,,,,,,,"},
        {"cy": "", "ben": "", "ANN": ROWS["ann"]},
        {"ANN": "2,,,,,,,,,,"},
        {
            "ann": ROWS["ann"].replace("P,2027-02-17,yes", "A,2027-02-17,"),
            "ben": ROWS["ben"].replace("R,2027-02-17,Yes", "A,2027-02-17,"),
            "cy": "",
            "nobody": ROWS["cy"],  # who was the only one there
        },
    ],
)
def test_one_mistake_is_one_line(enter, changes, cohort, org):
    """Nothing follows from a row that is not theirs: no missing mark, no other day, no seat."""
    Cohort.objects.filter(pk=cohort.pk).update(seats=6)
    other = factories.unit("branch", "Other Branch", parent=org.department)
    unit = factories.unit("division", "Far Division", parent=other)
    factories.person("Stranger", email="stranger@example.org", unit=unit)
    with pytest.raises(FileRefused) as refusal:
        enter(text(**changes))
    lines = [str(each) for each in refusal.value.problems]
    assert len([each for each in lines if "Team 1 has 1" not in each]) == 1, lines


def test_months_behind_us_without_a_meeting_are_noted(enter):
    """C2: they are missed as soon as the file is entered."""
    (noted,) = [each for each in enter().warnings if "no meeting in" in each]
    assert noted == (
        "Team 2: no meeting in April 2027. That counts as missed as soon as this is entered; where there was a good reason, "
        "excuse or credit it afterwards."
    )


def test_unusual_days_are_noted(enter):
    moved = {
        name: ROWS[name].replace("2027-02-17", "2027-03-06").replace("2/17", "3/6")
        for name in ("ann", "ben", "cy")
    }
    warnings = enter(text(**moved)).warnings
    day = "Saturday, March 6, 2027"
    assert f"Team 1, month 1: {day} is not in February 2027, for which the meeting counts." in warnings
    assert f"Team 1, month 1: {day} is on a weekend." in warnings


def test_the_page_of_the_teams_says_that_they_were_entered(
    client, enter, cohort, branch_officer, time_machine
):
    time_machine.move_to(NOW)
    enter()
    client.force_login(branch_officer)
    page = client.get(reverse("cohort_teams", args=[cohort.pk]))
    assertContains(page, "entered Tuesday, May 11, 2027, by Bo Branchoffice", 2)


def test_a_file_that_is_refused_at_the_last_moment_is_not_lost(client, cohort, branch_officer, time_machine):
    time_machine.move_to(NOW)
    client.force_login(branch_officer)
    Cohort.objects.filter(pk=cohort.pk).update(seats=5)
    page = client.post(reverse("cohort_history", args=[cohort.pk]), {"text": text()})
    assertContains(page, "6 people are new")
    assertContains(page, "Try to enter it again")
    assertContains(page, "Faster permits")
