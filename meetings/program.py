"""A team's program as its members see it: the meetings in order, the agenda of each, who leads (M5 to M9)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any

from django.template.loader import render_to_string

from coaching import pdf, versions
from coaching.models import CurriculumItem, Participant, Team
from meetings import agenda, who
from meetings.models import Meeting, MeetingTeam

SHARED_TIME = "All teams share the time: prepare what matters most."


@dataclass(frozen=True)
class AgendaLine:
    title: str
    starts: time
    ends: time
    minutes: int
    member: str | None
    prompts: tuple[str, ...]
    turns: int = 0  # of another team several


@dataclass(frozen=True)
class Part:
    """A component that somebody facilitates. `is_for_all`: what all teams have together is the branch office's to lead."""

    key: str
    title: str
    facilitator: Participant | None
    suggested: Participant | None
    is_for_all: bool = False


def of_team(team: Team) -> list[Meeting]:
    """The whole program of a team in the order of its dates."""
    return list(Meeting.objects.of_team(team).own().select_related("item", "cohort"))


def upcoming_first(meetings: list[Meeting], today: date) -> tuple[list[Meeting], list[Meeting]]:
    """What lies ahead, soonest first, and what is over, latest first; called-off meetings ahead are left out."""
    ahead = [each for each in meetings if each.date >= today and each.status == Meeting.Status.PLANNED]
    over = [each for each in meetings if each not in ahead and (each.date < today or each.is_live)]
    return ahead, over[::-1]


def agenda_of(
    meeting: Meeting, team: Team, members: list[Participant]
) -> tuple[list[AgendaLine], tuple[str, ...]]:
    """The agenda as this team has it, with clock times, and what is tight about it (M7). Extra meetings have none.

    `members`: of the team, who is not away. At a meeting for all teams the clock times are the same for each: the
    introductions are in teams, and at the final one the outcomes of all are heard together, team by team.
    """
    if meeting.item is None or not meeting.item.components:
        return [], ()
    beside = _beside(meeting, team)
    if beside and meeting.item.kind == CurriculumItem.Kind.FINAL:
        return _heard_together(meeting, meeting.item, team, {**beside, team: members})
    fitted = agenda.fit(
        components=_components(meeting.item, skills_of(meeting)),
        members=[str(each) for each in members],
        minutes=meeting.minutes,
        turn_offset=meeting.item.position - 1,
        beside=max(map(len, beside.values()), default=0),
    )
    lines: list[AgendaLine] = []
    for item in fitted.items:
        # What a turn is made of is said once, not with every member.
        prompts = () if lines and lines[-1].title == item.title else item.prompts
        lines.append(_line(meeting, item, item.title, item.member, prompts))
    return lines, fitted.warnings


def _beside(meeting: Meeting, team: Team) -> dict[Team, list[Participant]]:
    """The other teams at a meeting for all, with who of them is there; empty for a team by itself."""
    if not meeting.is_joint:
        return {}
    teams = meeting.teams.filter(status=Team.Status.CONFIRMED).exclude(pk=team.pk)
    return {each: who.of(meeting, each).present for each in teams}


def _heard_together(
    meeting: Meeting, item: CurriculumItem, team: Team, people: dict[Team, list[Participant]]
) -> tuple[list[AgendaLine], tuple[str, ...]]:
    """One agenda for all; whose turn is when in another team is that team's (T7)."""
    order = [
        (each, str(member))
        for each in sorted(people, key=lambda one: one.number)
        for member in agenda.rotate(people[each], item.position - 1)
    ]
    numbers = [str(number) for number in range(len(order))]
    fitted = agenda.fit(
        components=_components(item, skills_of(meeting)),
        members=numbers,
        minutes=meeting.minutes,
        advice=SHARED_TIME,
    )
    lines: list[AgendaLine] = []
    for part in fitted.items:
        whose, name = order[int(part.member)] if part.member else (None, None)
        title = f"{part.title}, {whose}" if whose else part.title
        last = lines[-1] if lines else None
        if last and whose and whose != team and last.title == title:
            ends, minutes = part.ends(meeting.starts_at).time(), last.minutes + part.minutes
            lines[-1] = replace(last, ends=ends, minutes=minutes, turns=last.turns + 1)
            continue
        is_said = any(part.prompts == each.prompts for each in lines)
        prompts = () if is_said else part.prompts
        lines.append(_line(meeting, part, title, name if whose == team else None, prompts))
    return lines, fitted.warnings


def _line(
    meeting: Meeting, item: agenda.AgendaItem, title: str, member: str | None, prompts: tuple[str, ...]
) -> AgendaLine:
    starts = meeting.starts_at
    times = item.starts(starts).time(), item.ends(starts).time()
    return AgendaLine(title, *times, item.minutes, member, prompts, int(item.member is not None))


def tight_together(item: CurriculumItem, number: int) -> tuple[str, ...]:
    """What is tight about the outcomes of so many people in one meeting, for whoever plans it (M7)."""
    numbers = [str(each) for each in range(number)]
    advice = (
        f"{number} people would share {item.minutes} minutes; a meeting for all is as long as the curriculum has it. "
        "One team after another leaves more for each."
    )
    return agenda.fit(
        components=_components(item, ()), members=numbers, minutes=item.minutes, advice=advice
    ).warnings


def turn_of(lines: list[AgendaLine]) -> int:
    """Minutes that each member of the team has; 0 without turns."""
    return min((line.minutes for line in lines if line.member), default=0)


def to_prepare(meeting: Meeting) -> tuple[str, ...]:
    """What each member thinks about before the meeting: the prompts of their turn (M15)."""
    if meeting.item is None:
        return ()
    turns = [part for part in _components(meeting.item, skills_of(meeting)) if part.pace is agenda.Pace.TURNS]
    return tuple(prompt for part in turns for prompt in part.prompts)


def _components(item: CurriculumItem, skills: Sequence[str]) -> list[agenda.Component]:
    """The components of a meeting, the competency under its own name and with its skills (F1)."""
    parts = []
    for part in agenda.components_from(item.components):
        if part.key == "competency" and skills:
            prompts = (f"Its skills: {', '.join(skills)}", *part.prompts[1:])
            part = replace(part, title=item.title, prompts=prompts)
        parts.append(part)
    return parts


def skills_of(meeting: Meeting) -> list[str]:
    """Of the competencies of a meeting, in the version of its cohort (F1); none of an extra one."""
    served = versions.of_cohort(meeting.item, meeting.cohort) if meeting.item else []
    return [skill.name for each in served for skill in each.skills.all()]


def parts_of(meeting: Meeting, team: Team, present: list[Participant]) -> list[Part]:
    """The components with who leads them in this team; until it has chosen, a suggestion that rotates (M9).

    Whoever is not `present` (`meetings.who`) leads nothing and is not suggested.
    """
    if meeting.item is None:
        return []
    rows = meeting.facilitators.filter(team=team).select_related("participant__user")
    chosen = {row.component: row.participant for row in rows if row.participant in present}
    parts = []
    for place, component in enumerate(_components(meeting.item, skills_of(meeting))):
        if meeting.is_joint and component.pace is not agenda.Pace.TURNS:
            parts.append(Part(component.key, component.title, None, None, is_for_all=True))
            continue
        suggested = present[(meeting.item.position - 1 + place) % len(present)] if present else None
        parts.append(Part(component.key, component.title, chosen.get(component.key), suggested))
    return parts


def calendar_pdf(context: dict[str, Any]) -> bytes:
    """M4: the calendar of the whole program for the wall, as an accessible PDF (PDF/UA-1)."""
    html = render_to_string("meetings/calendar_file.html", context)
    with pdf.one_at_a_time:
        return pdf.written(pdf.laid_out(html, "meetings/file.css", "meetings/calendar_file.css"))


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
    rows = MeetingTeam.objects.filter(meeting__in=meetings, team=team).without_attendance()
    waiting = set(rows.values_list("meeting", flat=True))
    return [meeting for meeting in meetings if meeting.is_live and meeting.pk in waiting]
