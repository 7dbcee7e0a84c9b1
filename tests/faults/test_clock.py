"""The clock steps back and forth, its hours change, a day more comes: no reminder twice, none and no meeting lost."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
import time_machine
from django.core import mail
from django.db import transaction

from coaching.models import Message, Team
from coaching.site import due
from meetings import laying_out
from meetings.models import Meeting
from tests import factories
from tests.applications import factories as papers

DAYS = {
    "hours go forward": date(2027, 3, 14),
    "hours go back": date(2027, 11, 7),
    "leap day": date(2028, 2, 29),
}
AROUND = timedelta(days=4)
EVERY = timedelta(hours=12)


def at(day: date, hour: int = 20) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.fixture(params=list(DAYS.values()), ids=list(DAYS))
def day(request, cast) -> date:
    """Two teams that meet on that day and on the next one, a step that waits, a draft, all with reminders around it."""
    day: date = request.param
    begin = day - AROUND
    with time_machine.travel(at(begin, 0), tick=False):
        now = at(begin, 0)
        running = factories.cohort(
            cast.program, cast.org.branch, by=cast.branch_officer, first_month=day.replace(day=1)
        )
        for number in range(2):
            _team_that_meets(running, day + timedelta(days=number), cast)
        open_one = factories.cohort(
            cast.program, cast.org.branch, by=cast.branch_officer,
            applications_open_date=begin - timedelta(days=30),
            applications_close_date=day + timedelta(days=4),
            first_month=(day + timedelta(days=62)).replace(day=1),
        )  # fmt: skip
        papers.draft(cast.applicant, open_one, now=now)
        other = factories.person(unit=cast.org.unit, supervisor=cast.supervisor)
        papers.submitted(other, open_one, now=now - timedelta(days=4))
    return day


def _team_that_meets(cohort, day: date, cast) -> Team:
    people = [factories.participant(cohort) for _ in range(3)]
    team = factories.confirmed_team(cohort, people, by=cast.branch_officer)
    first, *_ = laying_out.lay_out_meetings(team=team, by=None, now=at(day - AROUND, 0))
    Meeting.objects.filter(pk=first.pk).update(date=day)
    return team


def straight(day: date) -> list[datetime]:
    first = at(day - AROUND, 0)
    return [first + EVERY * number for number in range(2 * AROUND // EVERY)]


def stepping(moments: list[datetime], seed: int) -> list[datetime]:
    """The same moments, and now and then one that was before: by an hour, a night, or some days."""
    chance, told = Random(seed), []
    for moment in moments:
        told.append(moment)
        if chance.random() < 0.3:
            back = chance.choice([timedelta(hours=1), timedelta(hours=14), timedelta(days=2, hours=5)])
            told.append(max(moments[0], moment - back))
    return told


def told(moments: list[datetime]) -> tuple[list[tuple], list[tuple]]:
    """What was asked for and what left, when everything that is due is done at each of these moments."""
    before = transaction.savepoint()
    mail.outbox.clear()
    for moment in moments:
        with time_machine.travel(moment, tick=False):
            due.send_due(now=moment)
    asked = sorted(Message.objects.values_list("kind", "recipient", "key"))
    left = sorted((letter.to[0], letter.subject) for letter in mail.outbox)
    transaction.savepoint_rollback(before)
    return asked, left


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.deep) for n in range(2, 12))])
def test_a_clock_that_steps_back_tells_everybody_the_same_and_once(day, seed):
    moments = straight(day)
    asked, left = told(moments)
    assert told(stepping(moments, seed)) == (asked, left)
    reminded = Counter(recipient for kind, recipient, _ in asked if kind == "meetings.reminder")
    assert sorted(reminded.values()) == [1] * 6  # of the one meeting that everybody has in these days
    others = {"application_draft_reminder", "application_reminder", "meetings.pack"}
    assert others <= {kind for kind, *_ in asked}


def test_meetings_stay_at_their_hour_and_their_day(day):
    for meeting in Meeting.objects.all():
        begins = meeting.starts_at.astimezone(meeting.cohort.zone)
        assert (begins.date(), begins.time()) == (meeting.date, meeting.start_time)
        assert meeting.ends_at - meeting.starts_at == timedelta(minutes=meeting.minutes)
    assert Meeting.objects.filter(date=day).count() == 1
