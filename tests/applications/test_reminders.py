"""Reminders: whom, when, once; nothing repeats them, and nothing is said that is no longer true (A9, A11)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, transaction

from applications import choosing, drafting, reminders, workflow
from applications.models import Application, Reminder, ReviewStep
from coaching import outbox
from coaching.models import Delegation, Message, RoleAssignment
from coaching.site import due
from tests import factories
from tests.applications.factories import CRITERIA, at_deputy, draft, sign, submit, submitted
from tests.clock import NOW

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("America/Los_Angeles")


def at(month: int, day: int, hour: int = 10, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZONE).astimezone(UTC)


def run(now: datetime) -> list[tuple[str, str]]:
    """To whom, and the subject, of what this run sends."""
    with time_machine.travel(now, tick=False):
        before = len(mail.outbox)
        reminders.do_due(now=now)
        outbox.deliver_due(now=now)
        return sorted((letter.to[0].split(".")[0], letter.subject) for letter in mail.outbox[before:])


def last() -> str:
    return mail.outbox[-1].body


@pytest.fixture
def waiting(applicant, cohort) -> Application:
    """Submitted on Monday, November 23; the supervisor is asked to sign by November 30."""
    with time_machine.travel(NOW, tick=False):
        application = submitted(applicant, cohort)
        outbox.deliver_due(now=NOW)
    return application


SOON = "Reminder: Ana Applicant's application to the 2027-11 program waits for your signature"
LATE = "Overdue: Ana Applicant's application to the 2027-11 program waits for your signature"
LIST = "1 application waits longer than asked"


# Signers


def test_a_signer_is_reminded_before_the_day_after_and_then_weekly_four_times_in_all(waiting):
    sent = {}
    for days in range(60):
        now = NOW + timedelta(days=days)
        subjects = [subject for who, subject in run(now) if who == "sam"]
        if subjects:
            sent[f"{now:%m-%d}"] = subjects
    assert sent == {"11-28": [SOON], "12-01": [LATE], "12-08": [LATE], "12-15": [LATE]}


def test_a_reminder_says_since_when_it_waits_and_by_when(waiting):
    assert run(at(11, 28)) == [("sam", SOON)]
    assert "has waited at the step “Supervisor” since Monday, November 23, 2026." in last()
    assert "by Monday, November 30, 2026." in last()
    assert f"Read the application:\nhttp://127.0.0.1:8000/approvals/{waiting.pk}/" in last()
    assert "nothing is signed by following it" in last()
    assert "Questions? Program coordinator" in last()


def test_running_again_reminds_nobody_twice(waiting):
    assert run(at(11, 28)) == [("sam", SOON)]
    assert [run(at(11, 28)), run(at(11, 28, 23)), run(at(11, 29))] == [[], [], []]


def test_a_clock_that_steps_back_reminds_nobody_again(waiting):
    assert ("sam", LATE) in run(at(12, 8))
    for day in (1, 2, 7, 8):
        assert run(at(12, day)) == []
    assert run(at(11, 28)) == []
    assert ("sam", LATE) in run(at(12, 15))


def test_what_was_missed_for_weeks_is_one_reminder(waiting):
    assert run(at(12, 20)) == [("bo", LIST), ("sam", LATE)]
    assert run(at(12, 20)) == []


def test_nobody_is_written_to_in_the_night(waiting):
    assert run(at(11, 28, 0)) == []
    assert run(at(11, 28, 6)) == []
    assert run(at(11, 28, 7)) == [("sam", SOON)]


def test_days_are_counted_where_the_cohort_is_across_a_change_of_clocks(applicant, cohort):
    """Submitted on October 28 in summer time, due on November 4 in winter time."""
    cohort.applications_open_date = date(2026, 10, 1)
    cohort.save()
    start = at(10, 28, 23)
    with time_machine.travel(start, tick=False):
        early = {"concept_supervisor_date": date(2026, 10, 5), "concept_director_date": date(2026, 10, 6)}
        submitted(applicant, cohort, now=start, **early)
        outbox.deliver_due(now=start)
    sent = [
        f"{day}"
        for day in range(1, 8)
        if ("sam", SOON) in run(at(11, day)) or ("sam", LATE) in run(at(11, day))
    ]
    assert sent == ["2"]
    assert Reminder.objects.filter(kind="sign").get().for_date == date(2026, 11, 5)


def test_a_step_that_is_short_is_not_reminded_of_on_its_first_day(applicant, cohort):
    cohort.program.route.update(days_to_sign=2)
    with time_machine.travel(NOW, tick=False):
        submitted(applicant, cohort)
    assert [who for who, subject in run(NOW + timedelta(hours=1)) if "Reminder" in subject] == []
    assert run(at(11, 26)) == [("bo", LIST), ("sam", LATE)]


def test_who_stands_in_is_reminded_too(waiting, supervisor, outsider):
    """A9."""
    Delegation.objects.create(
        kind="delegate",
        principal=supervisor,
        person=outsider,
        reason="x",
        start_date=date(2026, 11, 20),
        end_date=date(2026, 11, 29),
        recorded_at=NOW - timedelta(days=3),
    )
    assert [who for who, _ in run(at(11, 28))] == ["otto", "sam"]
    to_delegate = next(letter for letter in mail.outbox if letter.to[0].startswith("otto"))
    assert "It waits on Sam Supervisor. You may sign too" in to_delegate.body
    assert "waits for a signature" in to_delegate.subject
    assert "otto" not in [who for who, _ in run(at(12, 1))]


@pytest.fixture
def three_waiting(applicant, supervisor, cohort):
    """The first since Monday, the others since Wednesday."""
    people = [
        applicant,
        *(factories.person(f"P{n} Person", unit=applicant.unit, supervisor=supervisor) for n in (1, 2)),
    ]
    for person, start in zip(people, (NOW, NOW + timedelta(days=2), NOW + timedelta(days=2)), strict=True):
        with time_machine.travel(start, tick=False):
            submitted(person, cohort, now=start)
            outbox.deliver_due(now=start)


def test_several_of_one_day_are_one_mail(three_waiting, supervisor):
    assert run(at(11, 28)) == [("sam", SOON)]
    assert run(at(11, 30)) == [("sam", "Reminder: 2 applications wait for a signature")]
    assert "- P1 Person (Supervisor): by Wednesday, December 2, 2026\n- P2 Person (Supervisor): by" in last()
    assert "http://127.0.0.1:8000/approvals/\n" in last()


@pytest.mark.parametrize(
    ("signed", "subject"),
    [
        ([], "Overdue: 3 applications wait for a signature"),
        (["P1 Person"], "Overdue: 2 applications wait for a signature"),
        (["P1 Person", "P2 Person"], LATE),
        (["P1 Person", "P2 Person", "Ana Applicant"], None),
    ],
)
def test_a_list_has_what_is_left_when_it_is_sent(three_waiting, supervisor, signed, subject):
    reminders.do_due(now=at(12, 3))
    with time_machine.travel(at(12, 3), tick=False):
        for name in signed:
            sign(Application.objects.get(applicant__name=name), supervisor, now=at(12, 3))
    subjects = [found for who, found in run(at(12, 3)) if who == "sam"]
    assert subjects == ([subject] if subject else [])


def test_a_list_says_what_is_overdue_and_for_whom_else(three_waiting, supervisor, outsider):
    Delegation.objects.create(
        kind="delegate",
        principal=supervisor,
        person=outsider,
        reason="x",
        start_date=date(2026, 12, 1),
        end_date=date(2026, 12, 31),
    )
    sent = dict(run(at(12, 8)))
    assert sent["otto"] == sent["sam"] == "Overdue: 3 applications wait for a signature"
    body = next(letter.body for letter in mail.outbox if letter.to[0].startswith("otto"))
    assert "; 3 are overdue." in body
    assert "overdue since Monday, November 30, 2026; it waits on Sam Supervisor" in body


def test_nobody_is_reminded_of_what_is_chosen_and_waits_for_the_release(applicant, deputy, cohort):
    with time_machine.travel(NOW, tick=False):
        application = at_deputy(applicant, cohort)
        outbox.deliver_due(now=NOW)
        choosing.choose(application=application, by=deputy, outcome="accepted", criteria=CRITERIA, now=NOW)
    due_date = application.current_step().due_date
    late = datetime(due_date.year, due_date.month, due_date.day, 10, tzinfo=ZONE) + timedelta(days=1)
    assert [who for who, _ in run(late)] == ["bo"]
    with time_machine.travel(late, tick=False):
        choosing.take_back(application=application, by=deputy, now=late)
    assert [who for who, _ in run(late)] == ["derek"]


def test_each_step_has_reminders_of_its_own(waiting, supervisor):
    run(at(11, 28))
    with time_machine.travel(at(11, 30), tick=False):
        sign(waiting, supervisor, now=at(11, 30))
    run(at(11, 30))
    assert run(at(12, 1)) == []
    assert run(at(12, 5)) == [("dana", SOON)]


@pytest.mark.parametrize("turn", ["signed", "returned", "withdrawn"])
def test_nobody_is_reminded_of_what_has_moved_on(waiting, applicant, supervisor, turn):
    """Neither by a new reminder nor by one that was queued before."""
    reminders.do_due(now=at(11, 28))
    assert Message.objects.filter(kind="application_reminder", status="pending").count() == 1
    with time_machine.travel(at(11, 28), tick=False):
        if turn == "signed":
            sign(waiting, supervisor, now=at(11, 28))
        elif turn == "returned":
            workflow.return_for_changes(application=waiting, by=supervisor, comment="Change.", now=at(11, 28))
        else:
            workflow.withdraw(application=waiting, by=applicant, now=at(11, 28))
    assert SOON not in [subject for _, subject in run(at(11, 28))]
    assert Message.objects.get(kind="application_reminder").status == "dropped"
    assert LATE not in [subject for _, subject in run(at(12, 1))]


def test_another_worker_at_the_same_moment_finds_it_done(waiting):
    step = ReviewStep.objects.current().get()
    assert reminders._claim("sign", step.pk, date(2026, 11, 28), NOW)
    assert not reminders._claim("sign", step.pk, date(2026, 11, 28), NOW)
    assert not reminders._claim("sign", step.pk, date(2026, 11, 27), NOW)
    assert reminders._claim("sign", step.pk, date(2026, 12, 1), NOW)


# Who takes a place later (A9)


def order_for(principal, person, first, last=date(2026, 12, 31), *, recorded_at=None, **fields) -> Delegation:
    return Delegation.objects.create(
        kind="delegate",
        principal=principal,
        person=person,
        reason="x",
        start_date=first,
        end_date=last,
        recorded_at=recorded_at or NOW,
        **fields,
    )


def of_otto(now: datetime) -> list[str]:
    return [subject for who, subject in run(now) if who == "otto"]


TAKEN_OVER = "signatures wait where you sign for Sam Supervisor"


def test_who_takes_a_place_hears_once_what_waits_there(three_waiting, supervisor, outsider):
    order_for(supervisor, outsider, date(2026, 11, 27))
    assert of_otto(at(11, 26)) == []
    assert of_otto(at(11, 27, 6)) == []
    assert of_otto(at(11, 27)) == [f"3 {TAKEN_OVER}"]
    body = mail.outbox[-1].body
    assert "From November 27, 2026 until December 31, 2026 you may sign for Sam Supervisor." in body
    assert "- Ana Applicant's application (Supervisor): by Monday, November 30, 2026\n- P1 Person's" in body
    assert "http://127.0.0.1:8000/approvals/\n" in body
    assert of_otto(at(11, 27, 12)) == []


def test_a_stand_in_is_not_reminded_in_the_same_run_of_what_they_are_told(
    three_waiting, supervisor, outsider
):
    """On November 28 the first is reminded of: the signer, and not who hears of it for the first time."""
    order_for(supervisor, outsider, date(2026, 11, 28))
    assert run(at(11, 28)) == [("otto", f"3 {TAKEN_OVER}"), ("sam", SOON)]
    assert of_otto(at(11, 30)) == ["Reminder: 2 applications wait for a signature"]


def test_who_stands_in_two_places_is_reminded_in_one_mail(applicant, supervisor, director, cohort, org):
    """Otto signs for the supervisor and for the director; an application waits at each."""
    other = factories.person("Olive Other", unit=applicant.unit, supervisor=supervisor)
    otto = factories.person("Otto Everywhere")
    for principal in (supervisor, director):
        order_for(principal, otto, date(2026, 11, 20), recorded_at=NOW - timedelta(days=3))
    with time_machine.travel(NOW, tick=False):
        submitted(applicant, cohort)
        sign(submitted(other, cohort), supervisor, now=NOW)
        outbox.deliver_due(now=NOW)
    assert of_otto(at(11, 28)) == ["Reminder: 2 applications wait for a signature"]


def test_what_came_after_the_order_is_told_as_it_comes(supervisor, outsider, applicant, cohort):
    order_for(supervisor, outsider, date(2026, 11, 23), recorded_at=NOW - timedelta(hours=1))
    with time_machine.travel(NOW, tick=False):
        submitted(applicant, cohort)
    assert of_otto(NOW) == ["Ana Applicant's application to the 2027-11 program waits for a signature"]


def test_an_order_recorded_on_its_first_day_tells_of_what_came_that_morning(waiting, supervisor, outsider):
    order_for(supervisor, outsider, date(2026, 11, 23), recorded_at=NOW + timedelta(minutes=5))
    assert of_otto(NOW + timedelta(minutes=10)) == ["1 signature waits where you sign for Sam Supervisor"]


def test_the_next_who_acts_in_a_vacant_post_hears_what_waits_in_it(
    org, outsider, applicant, supervisor, cohort
):
    org.division.head = None
    org.division.save()
    for person, first, last in ((org.other_director, 23, 24), (outsider, 25, 30)):
        Delegation.objects.create(
            kind="acting",
            unit=org.division,
            person=person,
            reason="The post is vacant.",
            start_date=date(2026, 11, first),
            end_date=date(2026, 11, last),
            recorded_at=NOW,
        )
    with time_machine.travel(NOW, tick=False):
        sign(submitted(applicant, cohort), supervisor, now=NOW)
        outbox.deliver_due(now=NOW)
    assert of_otto(at(11, 25)) == ["1 signature waits where you sign now"]
    assert (
        "until November 30, 2026 you may sign in the post Division Director, Nutrition Division. This"
        in mail.outbox[-1].body
    )


@pytest.mark.parametrize("change", ["signed", "ended", "ages ago", "nothing waits"])
def test_nothing_is_told_to_a_stand_in_that_is_no_longer_true(waiting, supervisor, outsider, change):
    order = order_for(supervisor, outsider, date(2026, 11, 10 if change == "ages ago" else 27))
    if change == "nothing waits":
        ReviewStep.objects.update(signer=outsider)
    reminders.do_due(now=at(11, 27))
    with time_machine.travel(at(11, 27), tick=False):
        if change == "signed":
            sign(waiting, supervisor, now=at(11, 27))
        if change == "ended":
            order.ended_at, order.ended_by = at(11, 27), supervisor
            order.save()
    assert not [subject for subject in of_otto(at(11, 27)) if "where you sign" in subject]


# The branch office


def test_the_office_hears_once_of_each_and_then_weekly_of_all(applicant, outsider, supervisor, cohort):
    outsider.supervisor = supervisor
    outsider.save()
    for person, start in ((applicant, NOW), (outsider, NOW + timedelta(days=3))):
        with time_machine.travel(start, tick=False):
            submitted(person, cohort, now=start)
            outbox.deliver_due(now=start)
    sent = {}
    for days in range(4, 30):
        now = NOW + timedelta(days=days)
        subjects = [subject for who, subject in run(now) if who == "bo"]
        if subjects:
            sent[f"{now:%m-%d}"] = subjects
    two = "2 applications wait longer than asked"
    assert sent == {"12-01": [LIST], "12-04": [two], "12-11": [two], "12-18": [two]}


def test_the_list_says_with_whom_since_when_and_where_to_look(waiting, cohort):
    assert ("bo", LIST) in run(at(12, 1))
    body = next(letter.body for letter in mail.outbox if letter.subject == LIST)
    assert "- Ana Applicant: waits on Sam Supervisor (Supervisor), due November 30, 2026, 1 day late" in body
    assert (
        f"Applications of the 2027-11 program:\nhttp://127.0.0.1:8000/applications/cohort/{cohort.pk}/"
        in body
    )


def test_the_list_names_who_can_sign_today(waiting, supervisor, outsider):
    """A9: with an order, somebody else can too; without anybody, the list says so."""
    Delegation.objects.create(
        kind="delegate",
        principal=supervisor,
        person=outsider,
        reason="x",
        start_date=date(2026, 12, 1),
        end_date=date(2026, 12, 5),
    )
    run(at(12, 1))
    assert any("waits on Sam Supervisor or Otto Outsider" in letter.body for letter in mail.outbox)
    supervisor.is_active = False
    supervisor.save()
    run(at(12, 8))
    assert any("waits on nobody who could sign now" in letter.body for letter in mail.outbox)


def test_many_overdue_are_one_mail_that_ends(applicant, supervisor, cohort, monkeypatch):
    monkeypatch.setattr("applications.reminder_mails.MOST_LISTED", 2)
    with time_machine.travel(NOW, tick=False):
        for number in range(4):
            person = factories.person(f"Person {number}", unit=applicant.unit, supervisor=supervisor)
            submitted(person, cohort)
        outbox.deliver_due(now=NOW)
    assert [subject for who, subject in run(at(12, 1)) if who == "bo"] == [
        "4 applications wait longer than asked"
    ]
    body = next(letter.body for letter in mail.outbox if "longer" in letter.subject)
    assert (body.count("waits on"), "And 2 more" in body) == (2, True)


def test_an_officer_who_applied_reads_nothing_about_that_cohort(waiting, branch_officer, supervisor, cohort):
    """T10."""
    factories.officer(cohort.branch, "Bea Branchoffice")
    branch_officer.supervisor = supervisor
    branch_officer.save()
    with time_machine.travel(NOW, tick=False):
        draft(branch_officer, cohort)
    assert [who for who, subject in run(at(12, 1)) if subject == LIST] == ["bea"]


def test_a_list_of_what_was_signed_meanwhile_is_not_sent(waiting, supervisor):
    reminders.do_due(now=at(12, 1))
    with time_machine.travel(at(12, 1), tick=False):
        sign(waiting, supervisor, now=at(12, 1))
    assert LIST not in [subject for _, subject in run(at(12, 1))]


def test_without_an_office_nothing_breaks(waiting):
    RoleAssignment.objects.all().delete()
    assert run(at(12, 1)) == [("sam", LATE)]


def test_a_clock_that_steps_back_repeats_no_list(waiting):
    assert ("bo", LIST) in run(at(12, 8))
    assert [run(at(12, day)) for day in (1, 5, 7, 8, 14)] == [[], [], [], [], []]
    assert ("bo", LIST) in run(at(12, 15))


# Applicants


@pytest.fixture
def closing(cohort):
    """Applications close on December 14."""
    cohort.applications_close_date = date(2026, 12, 14)
    cohort.save()
    return cohort


def of_drafts(days: range) -> dict[str, list[tuple[str, str]]]:
    return {f"12-{day:02}": found for day in days if (found := run(at(12, day)))}


def test_a_draft_is_reminded_of_a_week_and_a_day_before_the_end(applicant, closing):
    draft(applicant, closing)
    subject = "Your application to the 2027-11 program is not sent yet: applications close"
    assert of_drafts(range(1, 20)) == {
        "12-07": [("ana", f"{subject} on December 14")],
        "12-13": [("ana", f"{subject} tomorrow")],
    }
    assert "Nothing is missing: read it once more, then sign and submit it." in last()
    assert "Applications close on Monday, December 14, 2026." in last()


def test_what_is_missing_is_said(applicant, closing):
    draft(applicant, closing, why="", role_aimed_for="", project_title="")
    run(at(12, 7))
    assert last().count("\n- ") == 3
    drafting.save_answers(
        application=Application.objects.get(),
        by=applicant,
        answers={"development": "", "project_outcome": "", "project_measure": "", "ultimate_position": ""},
        now=at(12, 8),
    )
    run(at(12, 13))
    assert last().count("\n- ") == 6
    assert "more" in last()


def test_a_draft_begun_in_the_last_week_is_reminded_of_once(applicant, closing):
    draft(applicant, closing, now=at(12, 9))
    assert list(of_drafts(range(9, 20))) == ["12-13"]


def test_more_time_brings_another_reminder(applicant, closing):
    draft(applicant, closing)
    run(at(12, 13))
    closing.applications_close_date = date(2026, 12, 24)
    closing.save()
    assert list(of_drafts(range(13, 30))) == ["12-17", "12-23"]


@pytest.mark.parametrize("step_back", [7, 12])
def test_a_clock_that_steps_back_repeats_no_reminder_of_a_draft(applicant, closing, step_back):
    draft(applicant, closing)
    assert len(run(at(12, 13))) == 1
    assert run(at(12, step_back)) == []


def test_a_draft_that_was_sent_is_not_reminded_of(applicant, closing):
    application = draft(applicant, closing)
    reminders.do_due(now=at(12, 13))
    with time_machine.travel(at(12, 13), tick=False):
        submit(application, now=at(12, 13))
    assert not [subject for _, subject in run(at(12, 13)) if "not sent yet" in subject]


def test_after_the_end_no_draft_is_reminded_of(applicant, closing):
    draft(applicant, closing)
    assert run(at(12, 15)) == []


def test_a_returned_application_is_reminded_of_three_times(waiting, supervisor):
    with time_machine.travel(at(11, 24), tick=False):
        workflow.return_for_changes(application=waiting, by=supervisor, comment="Say more.", now=at(11, 24))
        outbox.deliver_due(now=at(11, 24))
    sent = {}
    for days in range(60):
        now = at(11, 24) + timedelta(days=days)
        if found := run(now):
            sent[f"{now:%m-%d}"] = found
    again = ("ana", "Your application to the 2027-11 program still waits for your change")
    assert sent == {"12-01": [again], "12-08": [again], "12-22": [again]}
    assert "Say more." in last()


def test_a_returned_application_that_was_sent_again_is_not_reminded_of(waiting, supervisor):
    with time_machine.travel(at(11, 24), tick=False):
        workflow.return_for_changes(application=waiting, by=supervisor, comment="Say more.", now=at(11, 24))
    reminders.do_due(now=at(12, 1))
    with time_machine.travel(at(12, 1), tick=False):
        submit(Application.objects.get(), now=at(12, 1))
    assert not [subject for _, subject in run(at(12, 1)) if "still waits" in subject]


# How much it takes, and what the database holds


def test_looking_takes_the_same_for_any_number(applicant, supervisor, cohort, django_assert_max_num_queries):
    with time_machine.travel(NOW, tick=False):
        for number in range(3):
            person = factories.person(f"Person {number}", unit=applicant.unit, supervisor=supervisor)
            submitted(person, cohort)
    reminders.do_due(now=at(12, 1))
    with django_assert_max_num_queries(12):
        reminders.do_due(now=at(12, 1))


def test_one_reminder_a_matter(db):
    Reminder.objects.create(kind="sign", object_id=1, for_date=date(2026, 12, 1), at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.create(kind="sign", object_id=1, for_date=date(2026, 12, 2), at=NOW)


def test_a_reminder_is_of_a_known_kind(db):
    with pytest.raises(IntegrityError, match="reminder_is_of_a_kind"), transaction.atomic():
        Reminder.objects.create(kind="other", object_id=1, for_date=date(2026, 12, 1), at=NOW)


def test_a_part_that_breaks_does_not_hold_up_the_mail(waiting, monkeypatch):
    monkeypatch.setattr(reminders, "remind_of_drafts", lambda now: 1 / 0)
    with time_machine.travel(at(11, 28), tick=False), pytest.raises(ZeroDivisionError):
        due.send_due(now=at(11, 28))
    assert [letter.subject for letter in mail.outbox][-1] == SOON
