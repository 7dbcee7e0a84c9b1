"""The mails of this app, built from the state of things when they are sent."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from coaching import outbox
from coaching.days import today_of
from coaching.models import Cohort, Message, Participant, Team, User
from coaching.outbox import Mail
from coaching.permissions import officers_of
from meetings import (
    absence,
    agreement,
    attention,
    changes,
    dates,
    deadlines,
    evaluations,
    inputs,
    invitations,
    leading,
    leave,
    not_planned,
    orders,
    program,
    scheduling,
    team_space,
    waivers,
)
from meetings.deadlines import State
from meetings.models import (
    Attendance,
    EvaluationReopening,
    LegalOrder,
    Meeting,
    MeetingChange,
    Need,
    SupervisorInput,
    Waiver,
    current_memberships,
)

REMIND_DAYS = 3


def register() -> None:
    outbox.register(orders.ASKED, order_asked)
    outbox.register(orders.TOLD, order_told)
    outbox.register("meetings.laid_out", laid_out)
    outbox.register(invitations.CHANGED, changed)
    outbox.register(invitations.KIND, invitation)
    outbox.register("meetings.rhythm", rhythm)
    outbox.register("meetings.places", places)
    outbox.register("meetings.left_month", left_month)
    outbox.register("meetings.day_set", day_set)
    outbox.register("meetings.reminder", reminder)
    outbox.register(leading.PACK, pack)
    outbox.register("meetings.evaluate", evaluate)
    outbox.register("meetings.evaluate_reminder", evaluate_reminder)
    outbox.register("meetings.evaluation_reopened", evaluation_reopened)
    outbox.register("meetings.evaluation_asked", evaluation_asked)
    outbox.register("meetings.attendance_corrected", attendance_corrected)
    outbox.register("meetings.excusal_taken_back", excusal_taken_back)
    outbox.register(agreement.HELP, help_asked)
    outbox.register(attention.MAIL, attention_needed)
    outbox.register("meetings.need", need)
    outbox.register(inputs.ASKED, input_asked)
    outbox.register(inputs.GIVEN, input_given)
    outbox.register(inputs.CLOSED, input_closed)
    outbox.register(waivers.TOLD, months_recorded)
    outbox.register(waivers.AWAY, away)
    outbox.register(absence.BACK, came_back)


def laid_out(recipient: User, *, team: int) -> Mail | None:
    return _all_dates("laid_out", recipient, team)


def rhythm(recipient: User, *, team: int) -> Mail | None:
    """A member chose another weekday, week or time for all that lies ahead."""
    return _all_dates("rhythm", recipient, team)


def day_set(recipient: User, *, team: int, item: int) -> Mail | None:
    """The branch office has set when this team has a meeting, with the others or by itself."""
    if not current_memberships(recipient).filter(team=team).exists():
        return None
    found = Meeting.objects.of_team(Team.objects.get(pk=team)).filter(item=item)
    meeting = found.filter(status=Meeting.Status.PLANNED).select_related("item", "cohort").first()
    if meeting is None:
        return None
    others = meeting.teams.exclude(pk=team)
    return _mail("day_set", recipient, meeting=meeting, others=others, instead=_instead(meeting, found))


def _instead(meeting: Meeting, of_team: QuerySet[Meeting]) -> str:
    """What the day that was set replaces: the meeting called off in the same moment, or an earlier time of this one."""
    gone = of_team.filter(status=Meeting.Status.CANCELLED, changed_at=meeting.changed_at)
    before = gone.exclude(pk=meeting.pk).first()
    if before:
        whose = "all teams together" if before.is_joint else "your team by itself"
        return f"Instead of {scheduling.moment_of(before)}, {whose}."
    last = meeting.changes.first()
    return last.summary if last and last.summary.startswith(scheduling.MOVED) else ""


def places(recipient: User, *, team: int) -> Mail | None:
    """The branch office gave several meetings their rooms or links."""
    return _all_dates("places", recipient, team)


def _all_dates(template: str, recipient: User, team: int) -> Mail | None:
    if not current_memberships(recipient).filter(team=team).exists():
        return None
    found = Team.objects.select_related("cohort").get(pk=team)
    meetings = Meeting.objects.of_team(found).live().select_related("item")
    if template == "laid_out":
        meetings = meetings.filter(origin=Meeting.Origin.PLANNED)
    else:
        meetings = meetings.upcoming(today_of(found.cohort, timezone.now()))
    is_from_paper = Meeting.objects.of_team(found).filter(origin=Meeting.Origin.ENTERED).exists()
    return _mail(template, recipient, team=found, meetings=meetings, is_from_paper=is_from_paper)


def changed(recipient: User, *, meeting: int, change: int) -> Mail | None:
    """One mail for all that others changed since this person was last told."""
    found = _meeting(meeting)
    news = changes.not_told(recipient, found, change)
    if not news or not team_space.is_member(recipient, found):
        return None
    is_new = found.changes.last() == news[0]
    context = {"changes": news, "last": news[-1]}
    context["replaces"] = not_planned.replaced_by(found) if is_new and found.is_live else None
    mail, now = _mail("changed", recipient, meeting=found, **context), timezone.now()
    need = invitations.for_mail(recipient, meeting, now=now)
    return _with_calendar(mail, need, now) if need else mail


def invitation(recipient: User, *, meeting: int) -> Mail | None:
    """For whoever has their meetings by mail: one that their calendar lacks, has otherwise, or should no longer have."""
    now = timezone.now()
    need = invitations.for_mail(recipient, meeting, now=now)
    if need is None:
        return None
    is_member = team_space.is_member(recipient, need.meeting)
    template = "invitation" if need.method == invitations.Method.REQUEST else "invitation_withdrawn"
    context = {
        "is_member": is_member,
        "day": need.moment[0].date(),
        "replaced_by": _replaced_by(recipient, need.meeting),
    }
    mail = _mail(template, recipient, meeting=need.meeting, **context)
    return _with_calendar(mail, need, now)


def _replaced_by(recipient: User, meeting: Meeting) -> Meeting | None:
    """What takes the place of a meeting that gave way when teams were joined or taken apart (M5, M13)."""
    if not (meeting.is_joint or meeting.joined_into_id):
        return None
    found = Meeting.objects.filter(item=meeting.item, status=Meeting.Status.PLANNED).exclude(pk=meeting.pk)
    return found.filter(meeting_teams__team__in=current_memberships(recipient).values("team")).first()


def _with_calendar(mail: Mail, need: invitations.Needed, now: datetime) -> Mail:
    part, keep = invitations.part_of(need, now=now), invitations.keeper_of(need)
    return replace(mail, calendar=part, before_sending=keep)


def left_month(recipient: User, *, meeting: int, change: int) -> Mail | None:
    """M3: the branch office hears that a month may be left without its meeting."""
    found = _meeting(meeting)
    said, teams = MeetingChange.objects.get(pk=change), list(found.teams.all())
    assert found.item is not None  # only these are told of
    cohort, month = found.cohort, found.item.month
    context = {
        "month": dates.month_name(dates.add_months(cohort.first_month, month - 1)),
        "without": not_planned.without_a_meeting(cohort, month, teams),
        "again": Meeting.objects.live().filter(item=found.item, teams__in=teams).exclude(pk=found.pk).first(),
    }
    return _mail("left_month", recipient, meeting=found, change=said, teams=teams, **context)


def reminder(recipient: User, *, meeting: int) -> Mail | None:
    found = _meeting(meeting)
    still_ahead = found.status == Meeting.Status.PLANNED and found.starts_at > timezone.now()
    if not still_ahead or not team_space.is_member(recipient, found):
        return None
    if leave.is_away(recipient, found.cohort, found.date):
        return None
    return _mail("reminder", recipient, meeting=found, to_prepare=program.to_prepare(found))


def pack(recipient: User, *, meeting: int, team: int) -> Mail | None:
    """M9: to whoever still leads a part, or would by turns, of a meeting that lies ahead."""
    found = _meeting(meeting)
    still_ahead = found.status == Meeting.Status.PLANNED and found.starts_at > timezone.now()
    place = found.teams.filter(pk=team).first()
    if not still_ahead or place is None:
        return None
    own = [
        each for each in leading.leads(found, place) if each.leader and each.leader.user_id == recipient.pk
    ]
    return _mail("pack", recipient, meeting=found, leads=own) if own else None


def evaluate(recipient: User, *, meeting: int, participant: int) -> Mail | None:
    """C1: nobody is asked who has answered."""
    return _evaluation("evaluate", recipient, _meeting(meeting))


def evaluate_reminder(recipient: User, *, meeting: int, participant: int) -> Mail | None:
    """C1: in the last days, only to who has not answered and is not on leave."""
    found = _meeting(meeting)
    if leave.is_away(recipient, found.cohort, found.local_today(timezone.now())):
        return None
    return _evaluation("evaluate_reminder", recipient, found)


def evaluation_reopened(recipient: User, *, meeting: int, participant: int) -> Mail | None:
    return _evaluation("evaluation_reopened", recipient, _meeting(meeting))


def _evaluation(template: str, recipient: User, meeting: Meeting) -> Mail | None:
    """While this person can still answer, and has not."""
    row = evaluations.attendance_of(meeting, recipient)
    if row is None or row.participant.status == Participant.Status.LEFT:
        return None
    if evaluations.has_sent(meeting, row.participant):
        return None
    window = deadlines.window(row)
    if window.state(meeting.local_today(timezone.now())) is not State.OPEN:
        return None
    return _mail(template, recipient, meeting=meeting, answer_by=window.until)


def evaluation_asked(recipient: User, *, reopening: int) -> Mail | None:
    """That somebody asks for an evaluation to be opened again; nothing of what they would write."""
    rows = EvaluationReopening.objects.select_related(
        "meeting__item", "meeting__cohort__branch", "participant__user"
    )
    found = rows.get(pk=reopening)
    cohort = found.meeting.cohort
    if not found.is_waiting or found.participant.status == Participant.Status.LEFT:
        return None
    if recipient not in officers_of(cohort, on=timezone.localdate()):
        return None
    return _mail("evaluation_asked", recipient, meeting=found.meeting, participant=found.participant)


def attendance_corrected(recipient: User, *, attendance: int) -> Mail | None:
    """As it stands now, at the meeting to which it went along with the team; None: it was taken back."""
    rows = Attendance.objects.select_related("meeting__item", "meeting__cohort__branch", "recorded_by")
    row = rows.filter(pk=attendance).first()
    if row is None:
        return None
    return _mail("attendance_corrected", recipient, meeting=row.meeting, row=row)


def excusal_taken_back(recipient: User, *, meeting: int, participant: int) -> Mail | None:
    """Unless they are excused again, or the meeting is no longer theirs."""
    found = _meeting(meeting)
    found = found.joined_into or found
    marked = Attendance.objects.filter(meeting=found, participant=participant).exists()
    if marked or not found.is_live or not team_space.is_member(recipient, found):
        return None
    return _mail("excusal_taken_back", recipient, meeting=found)


def attention_needed(recipient: User, *, cohort: int, day: int) -> Mail | None:
    """Whose certificate is in danger: names and months only. What was mended meanwhile falls out."""
    found = Cohort.objects.select_related("program", "branch").get(pk=cohort)
    if recipient not in officers_of(found, on=timezone.localdate()):
        return None
    today = today_of(found, timezone.now())
    lines = list(attention.told_on(found, date.fromordinal(day), today=today))
    return _mail("attention", recipient, cohort=found, lines=lines) if lines else None


def help_asked(recipient: User, *, team: int, by: int) -> Mail | None:
    """That a team asks for help, and by whom; nothing of what it is about, which nobody has said here."""
    found = Team.objects.select_related("cohort__branch").get(pk=team)
    if recipient not in officers_of(found.cohort, on=timezone.localdate()):
        return None
    return _mail("help", recipient, team=found, by=User.objects.get(pk=by))


def need(recipient: User, *, participant: int) -> Mail | None:
    """That somebody said what they need; not what."""
    found = Participant.objects.select_related("user", "cohort__branch").get(pk=participant)
    still_said = Need.objects.filter(participant=found).exists()
    if not still_said or recipient not in officers_of(found.cohort, on=timezone.localdate()):
        return None
    return _mail("need", recipient, participant=found)


def months_recorded(recipient: User, *, participant: int) -> Mail | None:
    """What the branch office recorded for somebody's months, without its reasons."""
    found = Participant.objects.select_related("user", "cohort__program").get(pk=participant)
    return _mail("waivers", recipient, participant=found, waivers=waivers.of(found))


def away(recipient: User, *, participant: int) -> Mail | None:
    """To a teammate: the leave that runs or comes; that it ended, only where they were told of one. Not why."""
    found = Participant.objects.select_related("user", "cohort").get(pk=participant)
    teams = current_memberships(recipient).filter(
        team__memberships__in=found.memberships.filter(ended_at=None)
    )
    place = teams.select_related("team").first()
    if place is None:
        return None
    leaves = leave.leaves(found.cohort, today=today_of(found.cohort, timezone.now())).get(found.pk, [])
    told = Message.objects.filter(
        kind=waivers.AWAY, recipient=recipient, ids__participant=participant, status=Message.Status.SENT
    )
    if not leaves and not told.exists():
        return None
    return _mail("away", recipient, participant=found, team=place.team, leaves=leaves)


def came_back(recipient: User, *, waiver: int) -> Mail | None:
    """Back earlier: from when, and to which meeting."""
    row = Waiver.objects.select_related("participant__cohort__branch").get(pk=waiver)
    cohort = row.participant.cohort
    today = today_of(cohort, timezone.now())
    if row.back_at is None or row.taken_back_at or row.participant.pk in leave.away(cohort, today):
        return None
    ahead = Meeting.objects.visible_to(recipient).filter(cohort=cohort).upcoming(today).select_related("item")
    return _mail(
        "came_back", recipient, waiver=row, cohort=cohort, meeting=ahead.order_by("date", "pk").first()
    )


def input_asked(recipient: User, *, asked: int) -> Mail | None:
    """M14: that input is asked for; not the question."""
    row = _input(asked, supervisor=recipient)
    if row is None or row.answered_at or inputs.why_not_answer(row, timezone.now()):
        return None
    return _mail("input_asked", recipient, row=row, cohort=row.participant.cohort)


def input_given(recipient: User, *, given: int) -> Mail | None:
    """M14: that the supervisor answered; not what."""
    row = _input(given, participant__user=recipient)
    return _mail("input_given", recipient, row=row, cohort=row.participant.cohort) if row else None


def input_closed(recipient: User, *, closed: int) -> Mail | None:
    """M14: that another supervisor can be asked; not what was asked."""
    row = _input(closed, participant__user=recipient)
    return _mail("input_closed", recipient, row=row, cohort=row.participant.cohort) if row else None


def _input(pk: int, **whose: User) -> SupervisorInput | None:
    rows = SupervisorInput.objects.filter(pk=pk, **whose).exclude(participant__status=Participant.Status.LEFT)
    people = (
        "supervisor",
        "participant__user",
        "participant__cohort__program",
        "participant__cohort__branch",
    )
    return rows.select_related(*people).first()


def queue_reminders(*, now: datetime) -> int:
    """Remind everybody of the meetings of the next days; a meeting that moves is reminded of again. Safe to repeat."""
    today = timezone.localdate(now)
    since = now - timedelta(days=REMIND_DAYS + 1)
    queued = Message.objects.filter(kind="meetings.reminder", created_at__gte=since).values_list(
        "key", flat=True
    )
    done = {key.split(":")[1] for key in queued}
    soon = (
        Meeting.objects.upcoming(today)
        .filter(date__gt=today, date__lte=today + timedelta(days=REMIND_DAYS))
        .select_related("cohort")
    )
    waiting = [meeting for meeting in soon if f"{meeting.pk}.{meeting.date}" not in done]
    for meeting in waiting:
        present = leave.not_away(team_space.members_now(meeting), meeting.cohort, meeting.date)
        to = [each.user for each in present]
        key, ids = f"{meeting.pk}.{meeting.date}", {"meeting": meeting.pk}
        outbox.queue_many(kind="meetings.reminder", to=to, key=key, now=now, ids=ids)
    return len(waiting)


def queue_evaluation_reminders(*, now: datetime) -> int:
    """Ask once more whoever was there and has not answered, in the last days in which they can (C1).

    Nobody is reminded of a meeting that was entered with the history of a cohort.
    Each person is reminded once of a meeting, and once more where the branch office opened it again and they had
    longer than that; safe to run at any time. Returns how many have not answered.
    """
    asked = evaluations.unanswered().exclude(meeting__origin=Meeting.Origin.ENTERED)
    rows = list(asked.select_related("meeting__cohort", "participant__user"))
    windows = deadlines.windows(rows)
    reopened = {
        (row.meeting_id, row.participant_id): row
        for row in EvaluationReopening.objects.filter(meeting__in={row.meeting_id for row in rows})
    }
    cohorts = {row.meeting.cohort for row in rows}
    away = {each: leave.away(each, now.astimezone(each.zone).date()) for each in cohorts}
    number = 0
    for row in rows:
        until, today = windows[row.pk].until, row.meeting.local_today(now)
        first = until - timedelta(days=REMIND_DAYS)
        again = reopened.get((row.meeting_id, row.participant_id))
        told = again.reopened_at if again and again.until_date == until else None
        just_told = told and told.astimezone(row.meeting.zone).date() >= first
        if first <= today <= until and not just_told and row.participant_id not in away[row.meeting.cohort]:
            ids = {"meeting": row.meeting_id, "participant": row.participant_id}
            key = f"{row.meeting_id}.{until}" if told else f"{row.meeting_id}"
            to = row.participant.user
            outbox.queue(kind="meetings.evaluate_reminder", to=to, key=key, now=now, ids=ids)
            number += 1
    return number


def _meeting(pk: int) -> Meeting:
    return Meeting.objects.select_related("item", "cohort__branch").get(pk=pk)


def _mail(template: str, recipient: User, **context: object) -> Mail:
    return outbox.render_mail(f"meetings/mail/{template}.txt", {"recipient": recipient, **context})


def _order(pk: int) -> LegalOrder:
    return LegalOrder.objects.select_related("team__cohort__branch", "asked_by", "approved_by").get(pk=pk)


def order_asked(recipient: User, order: int) -> Mail | None:
    row = _order(order)
    if row.state(timezone.now()) != "waiting":
        return None
    return outbox.render_mail("meetings/mail/legal_order_asked.txt", {"recipient": recipient, "order": row})


def order_told(recipient: User, order: int) -> Mail | None:
    """Nothing of what they wrote."""
    return outbox.render_mail(
        "meetings/mail/legal_order.txt", {"recipient": recipient, "order": _order(order)}
    )
