"""The day by which people are asked whether they agree to a team, and its reminders: T4."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail

from coaching import outbox, team_agreement, team_changes, team_dates, team_formation
from coaching.models import AuditEvent, Consent, Message, Team, TeamChange
from coaching.permissions import NotYourCohort
from coaching.site import due
from tests import factories
from tests.clock import NOW, TODAY

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("America/Los_Angeles")
WEEK_LATER = date(2026, 11, 30)


def at(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).astimezone(UTC)


@pytest.fixture
def publish(cohort, org, branch_officer) -> Callable[..., TeamChange]:
    """Asks three people on Monday, November 23, and delivers."""

    def publish(answer_by: date | None = None) -> TeamChange:
        people = [
            factories.participant(cohort, factories.person(f"P{n} Person", unit=org.unit)) for n in range(3)
        ]
        with time_machine.travel(NOW, tick=False):
            draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
            draft.document = {"teams": [[each.pk for each in people]]}
            draft.save()
            [team] = team_formation.publish(
                proposal=draft, by=branch_officer, now=NOW, reasons={1: "One site."}, answer_by=answer_by
            )
            outbox.deliver_due(now=NOW)
        mail.outbox.clear()
        return team.changes.get()

    return publish


@pytest.fixture
def question(publish) -> TeamChange:
    return publish()


def run(now: datetime) -> list[tuple[str, str]]:
    """To whom, and the subject, of what this run sends."""
    with time_machine.travel(now, tick=False):
        before = len(mail.outbox)
        team_dates.do_due(now=now)
        outbox.deliver_due(now=now)
        return sorted((letter.to[0].split("@")[0], letter.subject) for letter in mail.outbox[before:])


def sent_on(*days: date) -> dict[str, list[tuple[str, str]]]:
    """What several runs of each of these days send."""
    found = {}
    for day in days:
        found[str(day)] = [each for hour in (3, 8, 9, 23) for each in run(at(day, hour))]
    return {day: sent for day, sent in found.items() if sent}


def days_from(first: date, number: int) -> list[date]:
    return [first + timedelta(days=each) for each in range(number)]


def answer(consent: Consent, *, agree: bool = True, now: datetime = NOW) -> None:
    team_agreement.answer(consent=consent, agree=agree, by=consent.participant.user, now=now)


def move(change: TeamChange, by, day: date, now: datetime = NOW) -> TeamChange:
    return team_dates.move(change=change, answer_by=day, by=by, now=now)


def names(sent: list[tuple[str, str]]) -> list[str]:
    return [name for name, _ in sent]


def mailbox(user) -> str:
    return user.email.split("@")[0]


def members(change: TeamChange) -> list[str]:
    return sorted(mailbox(consent.participant.user) for consent in change.consents.all())


# The day


def test_people_are_asked_to_answer_within_a_week(question):
    assert question.answer_by == WEEK_LATER


def test_the_cohort_says_how_many_days(publish, cohort):
    """Thanksgiving, the day after it, and the weekend are passed over."""
    cohort.agreement_days = 3
    cohort.save()
    assert publish().answer_by == date(2026, 11, 30)


@pytest.mark.parametrize("days", [0, 1, 60])
def test_the_office_chooses_the_day(publish, days):
    assert publish(TODAY + timedelta(days=days)).answer_by == TODAY + timedelta(days=days)


@pytest.mark.parametrize("days", [-1, 61])
def test_a_day_that_is_over_or_far_away_asks_nobody(publish, days):
    with pytest.raises(team_dates.WrongDay):
        publish(TODAY + timedelta(days=days))
    assert not Team.objects.exists()
    assert not Message.objects.filter(kind="team_proposed").exists()


def test_today_is_where_the_cohort_is(cohort):
    """Late on November 23 it is the next day in Greenwich already."""
    late = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    assert team_dates.chosen(cohort, TODAY, now=late) == TODAY


def test_the_day_stands_in_the_trail_of_a_new_team(question):
    event = AuditEvent.objects.get(action="team.proposed")
    assert event.payload.data["answer_by"] == "2026-11-30"


def test_a_small_team_is_asked_by_a_day_too(frozen, cohort, branch_officer):
    small = factories.small_team(cohort, "Ann", "Ben", "Cy", by=branch_officer)

    def ask(day=None):
        return team_changes.ask(
            team=small, kind="go_on", joining=(), reason="x", answer_by=day, by=branch_officer, now=NOW
        )

    with pytest.raises(team_dates.WrongDay, match="is over"):
        ask(TODAY - timedelta(days=1))
    change = ask(TODAY + timedelta(days=4))
    assert (change.answer_by, ask(WEEK_LATER)) == (TODAY + timedelta(days=4), change)
    event = AuditEvent.objects.get(action="team_change.asked")
    assert event.payload.data["answer_by"] == "2026-11-27"
    user = change.consents.first().participant.user
    body = outbox._builders["team_change_asked"](user, consent=change.consents.first().pk).body
    assert "Please answer by Friday, November 27, 2026." in body


def test_an_answer_after_the_day_counts(question, branch_officer):
    late = at(date(2026, 12, 20))
    for consent in question.consents.all():
        answer(consent, now=late)
    team = team_agreement.confirm(team=question.team, by=branch_officer, now=late)
    assert team.status == "confirmed"


# Moving it


def test_a_moved_day_is_told_once_to_whoever_has_not_answered(question, branch_officer):
    first, *others = question.consents.all()
    answer(first)
    later = at(date(2026, 11, 25))
    for _ in range(2):
        moved = move(question, branch_officer, date(2026, 12, 8), later)
        assert (moved.answer_by, moved.date_moved_at) == (date(2026, 12, 8), later)
    event = AuditEvent.objects.get(action="team_change.date_moved")
    assert (event.actor, event.payload.data) == (branch_officer, {"from": "2026-11-30", "to": "2026-12-08"})
    subject = f"Team 1 of the {question.team.cohort}: please answer by December 8, 2026"
    told = [(name, text) for name, text in run(later) if "please answer" in text]
    assert told == sorted((mailbox(each.participant.user), subject) for each in others)
    assert "please answer by Tuesday, December 8, 2026." in mail.outbox[-1].body


def test_only_the_day_that_is_asked_for_now_is_told(question, branch_officer):
    for number, day in enumerate((date(2026, 12, 8), date(2026, 12, 3), date(2026, 12, 8))):
        move(question, branch_officer, day, at(date(2026, 11, 25)) + timedelta(seconds=number))
    sent = run(at(date(2026, 11, 25), 11))
    assert {text.rpartition(": ")[2] for _, text in sent} == {"please answer by December 8, 2026"}
    assert names(sent) == members(question)


def test_a_day_moved_before_people_were_asked_is_in_the_first_mail(publish, branch_officer, monkeypatch):
    with monkeypatch.context() as down:
        down.setattr(outbox, "deliver_due", lambda now: {})
        change = publish()
    move(change, branch_officer, date(2026, 12, 8), NOW)
    sent = run(at(TODAY, 11))
    assert [text for _, text in sent] == ["Your team in the Peer Coaching Program: do you agree?"] * 3
    assert "Please answer by Tuesday, December 8, 2026." in mail.outbox[-1].body


@pytest.mark.parametrize("day", [TODAY - timedelta(days=1), TODAY + timedelta(days=61)])
def test_the_day_is_not_moved_where_it_cannot_be(question, branch_officer, day):
    with pytest.raises(team_dates.WrongDay):
        move(question, branch_officer, day)
    question.refresh_from_db()
    assert (question.answer_by, question.date_moved_at) == (WEEK_LATER, None)


def test_a_settled_question_has_no_day_to_move(question, branch_officer):
    team_agreement.dissolve(team=question.team, by=branch_officer, reason="x", now=NOW)
    with pytest.raises(team_agreement.AlreadySettled):
        move(question, branch_officer, date(2026, 12, 8))


def test_only_the_branch_office_moves_the_day(question, outsider, deputy, branch_officer, cohort):
    """F5, T10: nor an officer who takes part."""
    member = question.consents.first().participant.user
    factories.participant(cohort, branch_officer)
    for somebody in (outsider, deputy, member, branch_officer):
        with pytest.raises(NotYourCohort):
            move(question, somebody, date(2026, 12, 8))
    question.refresh_from_db()
    assert question.answer_by == WEEK_LATER


# Reminders


def test_who_has_not_answered_is_reminded_two_days_before_and_the_day_after(question, branch_officer):
    first, *others = question.consents.all()
    answer(first)
    rest = sorted(mailbox(each.participant.user) for each in others)
    cohort = question.team.cohort
    soon, late = (f"{word}: do you agree to Team 1 of the {cohort}?" for word in ("Reminder", "Overdue"))
    sent = sent_on(*days_from(TODAY + timedelta(days=1), 40))
    told = (mailbox(branch_officer), f"Team 1 of the {cohort}: 2 answers are missing")
    assert {day: sorted(rows) for day, rows in sent.items()} == {
        "2026-11-28": [(name, soon) for name in rest],
        "2026-12-01": sorted([*((name, late) for name in rest), told]),
    }


def test_beat_reminds(question):
    due.send_due(now=at(date(2026, 11, 28)))
    assert sorted(letter.to[0].split("@")[0] for letter in mail.outbox) == members(question)


def test_reminder_says_by_when_and_that_a_late_answer_counts(question):
    run(at(date(2026, 11, 28)))
    assert "Please answer by Monday, November 30, 2026." in mail.outbox[-1].body
    run(at(date(2026, 12, 1)))
    late = next(each.body for each in mail.outbox if each.subject.startswith("Overdue"))
    assert "asked for your answer by Monday, November 30, 2026. An answer still counts" in late


def test_office_reads_who_has_not_answered(question, branch_officer):
    first, second, _ = question.consents.all()
    answer(first)
    answer(second)
    run(at(date(2026, 12, 1)))
    [body] = [each.body for each in mail.outbox if "missing" in each.subject]
    assert "- P2 Person" in body
    for words in ("P0 Person", "P1 Person"):
        assert words not in body


def test_after_a_no_nobody_is_reminded_until_it_is_taken_back(question, branch_officer):
    first, *others = question.consents.all()
    answer(first, agree=False)
    assert names(run(at(date(2026, 11, 28)))) == [mailbox(branch_officer)]
    answer(first)
    rest = sorted(mailbox(each.participant.user) for each in others)
    assert names(run(at(date(2026, 11, 28), 12))) == rest


def test_a_no_before_the_mail_leaves_stops_it(question, branch_officer):
    team_dates.do_due(now=at(date(2026, 11, 28)))
    answer(question.consents.first(), agree=False)
    assert names(run(at(date(2026, 11, 28)))) == [mailbox(branch_officer)]


def test_nobody_is_written_to_in_the_night(question):
    assert run(at(date(2026, 11, 28), 6)) == []
    assert names(run(at(date(2026, 11, 28), 7))) == members(question)


def test_whoever_was_asked_today_is_not_reminded_today(publish):
    change = publish(TODAY + timedelta(days=2))
    sent = sent_on(*days_from(TODAY, 5))
    assert list(sent) == ["2026-11-26"]
    assert len([each for each in sent["2026-11-26"] if each[1].startswith("Overdue")]) == 3
    assert change.consents.count() == 3


def test_whoever_was_told_of_a_moved_day_is_not_reminded_on_that_day(question, branch_officer):
    with time_machine.travel(at(date(2026, 11, 27), 5), tick=False):
        move(question, branch_officer, date(2026, 11, 29), at(date(2026, 11, 27), 5))
        assert team_dates.do_due(now=at(date(2026, 11, 27), 8)) == {"team_questions_reminded": 0}
    sent = sent_on(date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 30))
    assert [len(rows) for rows in sent.values()] == [3, 4]
    assert list(sent) == ["2026-11-27", "2026-11-30"]


def test_a_moved_day_is_reminded_of_again_and_the_office_told_again(question, branch_officer):
    run(at(date(2026, 12, 1)))
    move(question, branch_officer, date(2026, 12, 8), at(date(2026, 12, 2)))
    sent = sent_on(*days_from(date(2026, 12, 3), 30))
    assert {day: len(rows) for day, rows in sent.items()} == {
        "2026-12-03": 3,
        "2026-12-06": 3,
        "2026-12-09": 4,
    }


def test_one_mail_a_day_when_the_first_one_left_late(publish, monkeypatch):
    """The mail server was down from the asking to the first reminder."""
    with monkeypatch.context() as down:
        down.setattr(outbox, "deliver_due", lambda now: {})
        change = publish()
        with time_machine.travel(at(date(2026, 11, 28)), tick=False):
            team_dates.do_due(now=at(date(2026, 11, 28)))
    sent = run(at(date(2026, 11, 28), 12))
    assert (names(sent), len(sent)) == (members(change), 3)
    assert {text for _, text in sent} == {"Your team in the Peer Coaching Program: do you agree?"}


def test_a_reminder_that_left_late_makes_room_for_the_next(question):
    with time_machine.travel(at(date(2026, 11, 28)), tick=False):
        team_dates.do_due(now=at(date(2026, 11, 28)))
    sent = [text for _, text in run(at(date(2026, 12, 1))) if "missing" not in text]
    assert len(sent) == 3
    assert all(text.startswith("Overdue") for text in sent)


def test_a_run_that_was_missed_is_not_made_up_for_after_two_weeks(question):
    assert run(at(date(2026, 12, 15))) == []


def test_the_next_run_finds_what_the_one_before_asked_for(question):
    now = at(date(2026, 11, 28))
    assert team_dates.do_due(now=now) == {"team_questions_reminded": 1}
    assert team_dates.do_due(now=now + timedelta(minutes=1)) == {"team_questions_reminded": 0}


def test_a_reminder_that_waits_while_the_day_is_moved_is_not_sent(question, branch_officer):
    now = at(date(2026, 11, 28))
    team_dates.do_due(now=now)
    move(question, branch_officer, date(2026, 12, 8), now)
    assert {text.partition(": ")[2] for _, text in run(now)} == {"please answer by December 8, 2026"}


def test_two_workers_ask_for_one_reminder(question):
    now = at(date(2026, 11, 28))
    found = list(team_dates._due(now))
    for change, came in found * 2:
        team_dates._remind(change, came, now)
    assert Message.objects.filter(kind="team_answer_reminder").count() == 3


def test_who_answers_before_the_mail_leaves_is_left_alone(question, branch_officer):
    for day in (date(2026, 11, 28), date(2026, 12, 1)):
        team_dates.do_due(now=at(day))
    for consent in question.consents.all():
        answer(consent, now=at(date(2026, 12, 1)))
    assert {text for _, text in run(at(date(2026, 12, 1)))} == {
        f"Team 1 of the {question.team.cohort}: everybody agreed"
    }


def test_a_settled_question_reminds_nobody(question, branch_officer):
    team_dates.do_due(now=at(date(2026, 12, 1)))
    team_agreement.dissolve(team=question.team, by=branch_officer, reason="x", now=NOW)
    assert {text for _, text in run(at(date(2026, 12, 1)))} == {
        f"Team 1 of the {question.team.cohort} will not be formed"
    }


def test_officer_who_takes_part_hears_nothing(question, cohort, branch_officer):
    """T10"""
    factories.participant(cohort, branch_officer)
    assert mailbox(branch_officer) not in names(run(at(date(2026, 12, 1))))


def test_mails_name_neither_reasons_nor_addresses(question, branch_officer):
    """T4: what a member is asked by has names alone; the reason of a decline is in no mail."""
    first, *_ = question.consents.select_related("participant__user")
    for day in (date(2026, 11, 28), date(2026, 12, 1)):
        run(at(day))
    given = {"agree": False, "reason": "We share an office", "by": first.participant.user}
    team_agreement.answer(consent=first, now=at(date(2026, 12, 2)), **given)
    move(question, branch_officer, date(2026, 12, 8), at(date(2026, 12, 2)))
    run(at(date(2026, 12, 2)))
    assert len(mail.outbox) == 3 + (3 + 1) + (1 + 2)
    addresses = {consent.participant.user.email for consent in question.consents.all()}
    for letter in mail.outbox:
        text = letter.body + str(letter.alternatives)
        assert "share an office" not in text
        assert not any(address in text for address in addresses - {letter.to[0].split("<")[-1].strip(">")})
