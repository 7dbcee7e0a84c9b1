"""A team's program as its members see it: the meetings in order, the agenda of each, who leads (M5 to M9)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string

from coaching import audit, pdf
from coaching.errors import Refused
from coaching.models import CurriculumItem, Participant, Team, User
from meetings import agenda, team_space, who
from meetings.models import Attendance, Facilitator, Meeting


class CannotLead(Refused):
    pass


@dataclass(frozen=True)
class AgendaLine:
    title: str
    starts: time
    ends: time
    minutes: int
    member: str | None
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A component that somebody facilitates."""

    key: str
    title: str
    facilitator: Participant | None
    suggested: Participant | None


def of_team(team: Team) -> list[Meeting]:
    """The whole program of a team in the order of its dates."""
    return list(Meeting.objects.of_team(team).own().select_related("item", "cohort"))


def upcoming_first(meetings: list[Meeting], today: date) -> tuple[list[Meeting], list[Meeting]]:
    """What lies ahead, soonest first, and what is over, latest first; called-off meetings ahead are left out."""
    ahead = [each for each in meetings if each.date >= today and each.status == Meeting.Status.PLANNED]
    over = [each for each in meetings if each not in ahead and (each.date < today or each.is_live)]
    return ahead, over[::-1]


def agenda_of(meeting: Meeting, members: list[Participant]) -> tuple[list[AgendaLine], tuple[str, ...]]:
    """The agenda with clock times, and what is tight about it (M7). Extra meetings have none."""
    if meeting.item is None or not meeting.item.components:
        return [], ()
    fitted = agenda.fit(
        components=_components(meeting.item),
        members=[str(each) for each in members],
        minutes=meeting.minutes,
        turn_offset=meeting.item.position - 1,
    )
    starts = meeting.starts_at
    lines: list[AgendaLine] = []
    for item in fitted.items:
        # What a turn is made of is said once, not with every member.
        prompts = () if lines and lines[-1].title == item.title else item.prompts
        times = item.starts(starts).time(), item.ends(starts).time()
        lines.append(AgendaLine(item.title, *times, item.minutes, item.member, prompts))
    return lines, fitted.warnings


def to_prepare(meeting: Meeting) -> tuple[str, ...]:
    """What each member thinks about before the meeting: the prompts of their turn (M15)."""
    if meeting.item is None:
        return ()
    turns = [part for part in _components(meeting.item) if part.pace is agenda.Pace.TURNS]
    return tuple(prompt for part in turns for prompt in part.prompts)


def _components(item: CurriculumItem) -> list[agenda.Component]:
    """The components of a meeting, the competency under its own name and with its skills (F1)."""
    skills = _skills(item)
    parts = []
    for part in agenda.components_from(item.components):
        if part.key == "competency" and skills:
            prompts = (f"Its skills: {', '.join(skills)}", *part.prompts[1:])
            part = replace(part, title=item.title, prompts=prompts)
        parts.append(part)
    return parts


def skills_of(meeting: Meeting) -> list[str]:
    """Of the competencies of a meeting (F1); none of an extra one."""
    return _skills(meeting.item) if meeting.item else []


def _skills(item: CurriculumItem) -> list[str]:
    return [
        skill.name for each in item.competencies.prefetch_related("skills") for skill in each.skills.all()
    ]


def parts_of(meeting: Meeting, team: Team, present: list[Participant]) -> list[Part]:
    """The components with who leads them in this team; until it has chosen, a suggestion that rotates (M9).

    Whoever is not `present` (`meetings.who`) leads nothing and is not suggested.
    """
    if meeting.item is None:
        return []
    rows = meeting.facilitators.filter(team=team).select_related("participant__user")
    chosen = {row.component: row.participant for row in rows if row.participant in present}
    parts = []
    for place, component in enumerate(_components(meeting.item)):
        suggested = present[(meeting.item.position - 1 + place) % len(present)] if present else None
        parts.append(Part(component.key, component.title, chosen.get(component.key), suggested))
    return parts


@transaction.atomic
def choose_facilitators(
    *, meeting: Meeting, team: Team, chosen: dict[str, Participant | None], by: User | None, now: datetime
) -> bool:
    """Write down who leads which component, as the team agreed; it can be swapped at any time (M9). False: it stood so."""
    meeting = Meeting.objects.select_for_update().get(pk=meeting.pk, meeting_teams__team=team)
    team_space.require_team_member(by, team)
    leaders = {each for each in chosen.values() if each}
    if not leaders <= set(team_space.members_of(team)):
        raise team_space.NotYourMeeting("Only a member of the team can lead a part of its meeting.")
    if gone := sorted(str(each) for each in leaders - set(who.of(meeting, team).present)):
        raise CannotLead(f"{' and '.join(gone)} cannot lead a part: away on that day.")
    rows = meeting.facilitators.filter(team=team)
    before = {row.component: row.participant_id for row in rows}
    wanted = {key: each.pk for key, each in chosen.items() if each}
    if wanted == before:
        return False
    rows.delete()
    Facilitator.objects.bulk_create(
        Facilitator(meeting=meeting, team=team, component=key, participant_id=pk)
        for key, pk in wanted.items()
    )
    audit.record("meeting.facilitators_chosen", by=by, obj=meeting, now=now, data=wanted)
    return True


def calendar_pdf(context: dict[str, Any]) -> bytes:
    """M4: the calendar of the whole program for the wall, as an accessible PDF (PDF/UA-1)."""
    html = render_to_string("meetings/calendar_file.html", context)
    with pdf.one_at_a_time:
        return pdf.written(pdf.laid_out(html, sheet="meetings/calendar_file.css"))


@dataclass(frozen=True)
class PastLine:
    """A meeting that is over, with what it was for one participant."""

    meeting: Meeting
    mark: str
    was_there: bool
    has_evaluated: bool


def past_lines(meetings: list[Meeting], participant: Participant) -> list[PastLine]:
    marks = {row.meeting_id: row for row in participant.attendance.filter(meeting__in=meetings)}
    evaluated = set(participant.receipts.filter(meeting__in=meetings).values_list("meeting_id", flat=True))
    lines = []
    for meeting in meetings:
        row = marks.get(meeting.pk)
        mark = (
            row.get_status_display()
            if row
            else ("Called off" if not meeting.is_live else "Attendance not taken")
        )
        lines.append(PastLine(meeting, mark, bool(row and row.was_there), meeting.pk in evaluated))
    return lines


def waiting_for_attendance(meetings: list[Meeting], team: Team) -> list[Meeting]:
    """Meetings that are over and at which nobody has said who of this team was there."""
    rows = Attendance.objects.filter(meeting__in=meetings, participant__memberships__team=team)
    marked = set(rows.values_list("meeting_id", flat=True))
    return [meeting for meeting in meetings if meeting.is_live and meeting.pk not in marked]
