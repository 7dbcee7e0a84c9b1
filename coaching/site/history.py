"""Entering the history of a cohort that began on paper: participants, teams, and the meetings held so far.

All of it or nothing, and again without a second trace. Nobody is written to about the past; each member gets one mail with
the meetings that lie ahead.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time

from django.db import transaction

from coaching import audit, outbox, team_draft
from coaching.csv_file import FileRefused, Problem
from coaching.days import today_of
from coaching.enrollment import Project, Snapshot, change_project, enroll, seats_taken
from coaching.models import Cohort, CurriculumItem, Membership, Participant, Team, User
from coaching.permissions import require_office
from coaching.site.history_file import Held, HistoryFile, Row, of_teams
from coaching.team_problem import explain_members
from meetings import dates, invitations, laying_out
from meetings.models import Attendance, EvaluationReceipt, Meeting, MeetingTeam
from meetings.team_space import members_of

EXCUSED_BEFORE = "Excused before the history was entered here."


@dataclass
class Report:
    """What was entered, or would be; all zero: it was here already."""

    participants: int = 0
    teams: int = 0
    meetings: int = 0
    marks: int = 0
    evaluations: int = 0
    ahead: int = 0
    projects: int = 0  # titles of people who were here already
    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        return any(self.counts.values())

    @property
    def counts(self) -> dict[str, int]:
        return {
            "participants": self.participants,
            "teams": self.teams,
            "meetings": self.meetings,
            "marks": self.marks,
            "evaluations": self.evaluations,
            "ahead": self.ahead,
            "projects": self.projects,
        }


@transaction.atomic
def enter(
    *, cohort: Cohort, history: HistoryFile, by: User | None, now: datetime, dry_run: bool = False
) -> Report:
    """Write what the file says. Raises NotYourCohort (T10), and FileRefused with every bad row, and writes nothing then.

    A dry run does all of it and takes it back, so that it reports exactly what would happen.
    """
    require_office(cohort=cohort, by=by, now=now)
    cohort = (
        Cohort.objects.select_for_update(of=("self",)).select_related("program", "branch").get(pk=cohort.pk)
    )
    entry = _Entry(cohort, history, by, now)
    if problems := history.problems + entry.problems():
        raise FileRefused(problems)
    report = entry.write()
    if report.is_new:
        data = {"file": history.digest, **report.counts}
        audit.record("cohort.history_entered", by=by, obj=cohort, now=now, data=data)
    if dry_run:
        transaction.set_rollback(True)
    return report


class _Entry:
    """One run: the file, what the database has, and the way from the latter to the former."""

    def __init__(self, cohort: Cohort, history: HistoryFile, by: User | None, now: datetime) -> None:
        self.cohort, self.history, self.by, self.now = cohort, history, by, now
        self.report = Report(warnings=list(history.warnings))
        emails = [row.email for row in history.rows]
        users = User.objects.filter(email__in=emails).select_related("unit__parent__parent__parent")
        self.users = {user.email: user for user in users}
        self.known: dict[str, Participant] = {}
        for each in cohort.participants.filter(user__email__in=emails).select_related("user", "goal"):
            here = self.known.get(each.user.email)
            if here is None or here.status == Participant.Status.LEFT:
                self.known[each.user.email] = each
        places = Membership.objects.filter(participant__cohort=cohort, ended_at=None)
        self.places = {each.participant_id: each.team for each in places.select_related("team")}
        self.standing = {team.number: team for team in cohort.teams.all()}
        items: dict[int, CurriculumItem] = {}
        for item in cohort.program.curriculum.all():
            items.setdefault(item.month, item)
        self.items = items
        self.since = datetime.combine(cohort.first_month, time(), tzinfo=cohort.zone)

    # What is wrong

    def problems(self) -> list[Problem]:
        if self.today < self.cohort.first_month:  # T4: only what has met was agreed to
            begins = dates.long_date(self.cohort.first_month)
            reason = f"It begins on {begins}, so it has no history. Form its teams here, with everybody’s agreement."
            return [Problem(0, "", reason)]
        rows = [row for row in self.history.rows if row.line not in self.history.doubled]
        found = [problem for row in rows for problem in self._of_person(row)]
        strangers = {problem.line for problem in found if problem.column == "email"}
        teams = of_teams(self.history, self.cohort, strangers=strangers, today=self.today)
        found += teams.problems
        self.report.warnings += teams.warnings
        named = {problem.line for problem in (*self.history.problems, *found)}
        self.report.warnings += [
            f"{user} is deactivated here, and gets no mail."
            for user in self.users.values()
            if not user.is_active
        ]
        new = sum(row.email not in self.known for row in rows if row.line not in strangers)
        free = self.cohort.seats - seats_taken(self.cohort)
        if new > free:
            reason = f"{new} people are new, and {free} of {self.cohort.seats} seats are free. Give it more seats first."
            found.append(Problem(0, "", reason))
        for number, rows in self.history.teams.items():
            if not any(row.line in named for row in rows):  # or one mistake would be named twice
                found += self._of_team(number, rows)
        self._note_what_is_unusual()
        return found

    def _note_what_is_unusual(self) -> None:
        note = self.report.warnings.append
        for user in self.users.values():
            if user.unit is None:
                note(f"No unit is on record for {user}, so they take part without a division.")
        elsewhere = Participant.objects.active().filter(
            user__in=self.users.values(), cohort__program=self.cohort.program_id
        )
        for each in elsewhere.exclude(cohort=self.cohort).select_related("user", "cohort"):
            note(f"{each} takes part in the {each.cohort} too.")

    def _of_person(self, row: Row) -> list[Problem]:
        user, participant = self.users.get(row.email), self.known.get(row.email)
        reason = ""
        if row.email and user is None:
            reason = "Nobody here has this mail address. Bring them in with the staff file, or correct it."
        elif user and user.branch and user.branch != self.cohort.branch:
            reason = (
                f"{user} works in the {user.branch}, and the {self.cohort} is of the {self.cohort.branch}."
            )
        elif user and user == self.by:
            reason = "You take part yourself, so a colleague enters it."  # T10
        elif participant and participant.status == Participant.Status.LEFT:
            reason = f"{user} left this program. Leave the row out, or take them in again first."
        elif participant and participant.pk in self.places:
            team = self.places[participant.pk]
            if team.number != row.team:
                reason = f"{user} is in {team}. Correct the number, or leave the row out."
        if reason:
            return [Problem(row.line, "email", reason)]
        goal = getattr(participant, "goal", None)
        if goal and row.project and goal.title != row.project:
            reason = (
                f"Here it is “{goal.title}”. Leave it so or empty; {user} changes it on the project’s page."
            )
            return [Problem(row.line, "project", reason)]
        return []

    def _of_team(self, number: int, rows: list[Row]) -> list[Problem]:
        team = self.standing.get(number)
        if team is None:
            if any(row.held for row in rows):
                return []
            reason = f"Team {number} has not met. Form it here, with everybody’s agreement."
            return [Problem(rows[0].line, "team", reason)]
        there = {pk for pk, other in self.places.items() if other == team}
        named = {self.known[row.email].pk for row in rows if row.email in self.known}
        if forgotten := self._forgotten(team, rows):
            never = [
                row for row in forgotten if not any(one.mark in Attendance.THERE for one in row.held.values())
            ]
            if never:
                reason = f"{self.users[never[0].email]} was at none of its meetings. Ask {team} whether they join it."
                return [Problem(never[0].line, "team", reason)]
        elif team.status != Team.Status.CONFIRMED:
            stands = team.get_status_display().lower()
            reason = f"{team} is here already and does not meet ({stands}). Give this one another number."
            return [Problem(rows[0].line, "team", reason)]
        elif there != named or len(named) < len(rows):
            names = ", ".join(str(each) for each in members_of(team).order_by("user__name", "pk"))
            reason = f"{team} is here already, with {names}. The file needs all of them under its number, and nobody else."
            return [Problem(rows[0].line, "team", reason)]
        return [problem for month in _months(rows) for problem in self._of_meeting(team, month, rows)]

    def _forgotten(self, team: Team, rows: list[Row]) -> list[Row]:
        """Who met with a team that was entered before, and was left out then: where the file has all its members beside."""
        there = {pk for pk, other in self.places.items() if other == team}
        known = {row.email: self.known[row.email].pk for row in rows if row.email in self.known}
        if not team.is_from_paper or team.status != Team.Status.CONFIRMED or not there <= set(known.values()):
            return []
        return [row for row in rows if known.get(row.email) not in there]

    def _of_meeting(self, team: Team, month: int, rows: list[Row]) -> list[Problem]:
        held = {row.email: row.held[month] for row in rows if month in row.held}
        meeting, item = self._meeting(team, month), self.items.get(month)
        if meeting is None:
            return []
        day = next(iter(held.values())).date
        if meeting.date != day or meeting.status != Meeting.Status.HELD:
            name = item.title if item else meeting.heading
            reason = f"“{name}” of {team} is in the calendar on {dates.long_date(meeting.date)}. Take its attendance there."
            return [Problem(rows[0].line, f"date{month}", reason)]
        marks = {row.participant_id: row for row in meeting.attendance.all()}
        return [
            Problem(
                row.line,
                f"month{month}",
                f"Recorded here as: {marks[pk].get_status_display().lower()}. Correct it on the page of the meeting.",
            )
            for row in rows
            if month in row.held
            and row.email in self.known
            and (pk := self.known[row.email].pk) in marks
            and marks[pk].status != row.held[month].mark
        ]

    def _meeting(self, team: Team, month: int) -> Meeting | None:
        """The meeting of the curriculum that this team has for the month already."""
        return Meeting.objects.of_team(team).live().filter(item=self.items.get(month), month=month).first()

    # Writing

    def write(self) -> Report:
        for number, rows in self.history.teams.items():
            members = {row.email: self._participant(row) for row in rows}
            team = self.standing.get(number)
            forgotten = self._forgotten(team, rows) if team else []
            if team is None:
                team = self._team(number, rows, list(members.values()))
            elif forgotten:
                self._join(team, rows, members, [members[row.email] for row in forgotten])
            self._name_projects(rows, members)
            for month in _months(rows):
                held = {members[row.email]: row.held[month] for row in rows if month in row.held}
                self._hold(team, month, held)
            if number not in self.standing:
                self.report.ahead += len(
                    laying_out.lay_out_meetings(team=team, by=self.by, now=self.now, since=self.today)
                )
            self.report.lines.append(self._line(team, rows, members))
        return self.report

    @property
    def today(self) -> date:
        return today_of(self.cohort, self.now)

    def _participant(self, row: Row) -> Participant:
        if known := self.known.get(row.email):
            return known
        user = self.users[row.email]
        project = Project(row.project, "", "", "") if row.project else None
        snapshot = Snapshot(
            division=user.division,
            classification=user.classification,
            career_track=user.career_track,
            project=project,
        )
        found = enroll(user=user, cohort=self.cohort, snapshot=snapshot, by=self.by, now=self.now)
        found.enrolled_at = self.since
        found.save(update_fields=["enrolled_at"])
        self.report.participants += 1
        return found

    def _team(self, number: int, rows: list[Row], members: list[Participant]) -> Team:
        """As it has met so far: everybody agreed to it before it was written down here."""
        self._check_rules(rows, members)
        team = Team.objects.create(
            cohort=self.cohort,
            number=number,
            status=Team.Status.CONFIRMED,
            confirmed_at=self.now,
            confirmed_by=self.by,
        )
        Membership.objects.bulk_create(
            Membership(team=team, participant=each, joined_at=self.since) for each in members
        )
        team_draft.take_out(self.cohort, [each.pk for each in members], now=self.now)
        data = {"participants": [each.pk for each in members]}
        audit.record("team.entered", by=self.by, obj=team, now=self.now, data=data)
        self.report.teams += 1
        return team

    def _join(
        self, team: Team, rows: list[Row], members: dict[str, Participant], new: list[Participant]
    ) -> None:
        """Whoever met with the team, and was forgotten when it was entered."""
        self._check_rules(rows, list(members.values()))
        Membership.objects.bulk_create(
            Membership(team=team, participant=each, joined_at=self.since) for each in new
        )
        team_draft.take_out(self.cohort, [each.pk for each in new], now=self.now)
        data = {"participants": [each.pk for each in new]}
        audit.record("team.members_entered", by=self.by, obj=team, now=self.now, data=data)
        to = [each.user for each in new]
        ids = {"team": team.pk}
        outbox.queue_many(kind="meetings.laid_out", to=to, key=f"{team.pk}", now=self.now, ids=ids)
        invitations.queue_needed(now=self.now)

    def _check_rules(self, rows: list[Row], members: list[Participant]) -> None:
        broken = [
            finding
            for finding in explain_members(self.cohort, members)
            if finding.hard and not finding.ok and finding.label != "T1"
        ]
        if broken:
            raise FileRefused(
                [Problem(rows[0].line, "team", f"{each.title}: {each.words}") for each in broken]
            )

    def _name_projects(self, rows: list[Row], members: dict[str, Participant]) -> None:
        """A title that was left out when its participant was entered."""
        for row in rows:
            if row.project and row.email in self.known and not hasattr(members[row.email], "goal"):
                project = Project(row.project, "", "", "")
                change_project(participant=members[row.email], project=project, by=self.by, now=self.now)
                self.report.projects += 1

    def _hold(self, team: Team, month: int, held: dict[Participant, Held]) -> None:
        meeting = self._meeting(team, month)
        if meeting is None:
            meeting = self._new_meeting(team, month, next(iter(held.values())).date)
            self.report.meetings += 1
        known = set(meeting.attendance.values_list("participant", flat=True))
        new = {each: one for each, one in held.items() if each.pk not in known}
        Attendance.objects.bulk_create(
            Attendance(
                meeting=meeting,
                participant=each,
                status=one.mark,
                reason=EXCUSED_BEFORE if one.mark == Attendance.Status.EXCUSED else "",
                by_office=one.mark == Attendance.Status.EXCUSED,
                recorded_by=self.by,
                recorded_at=self.now,
            )
            for each, one in new.items()
        )
        if new:
            marks = {str(each.pk): one.mark for each, one in new.items()}
            audit.record("attendance.entered", by=self.by, obj=meeting, now=self.now, data={"marks": marks})
        self.report.marks += len(new)
        answered = set(meeting.receipts.values_list("participant", flat=True))
        for each, one in held.items():
            if one.evaluated and each.pk not in answered:
                receipt = EvaluationReceipt.objects.create(meeting=meeting, participant=each)
                audit.record("evaluation.entered", by=self.by, obj=receipt, now=self.now)
                self.report.evaluations += 1

    def _new_meeting(self, team: Team, month: int, day: date) -> Meeting:
        item, cohort = self.items.get(month), self.cohort
        meeting = Meeting.objects.create(
            cohort=cohort,
            item=item,
            title="" if item else f"Meeting of month {month}",
            date=day,
            start_time=cohort.meeting_start_time,
            minutes=item.minutes if item else 120,
            time_zone=cohort.time_zone,
            place=cohort.meeting_place,
            month=month,
            status=Meeting.Status.HELD,
            origin=Meeting.Origin.ENTERED,
            created_by=self.by,
            created_at=self.now,
            changed_at=self.now,
        )
        MeetingTeam.objects.create(meeting=meeting, team=team)
        audit.record("meeting.entered", by=self.by, obj=meeting, now=self.now)
        return meeting

    def _line(self, team: Team, rows: list[Row], members: dict[str, Participant]) -> str:
        """ "Team 1: Ann, Ben, Cy. Held: February 17, 2027 (3 of 3 there)." """
        held = []
        for month in _months(rows):
            marks = [row.held[month] for row in rows if month in row.held]
            there = sum(each.mark in Attendance.THERE for each in marks)
            held.append(
                f"{marks[0].date:%B} {marks[0].date.day}, {marks[0].date.year} ({there} of {len(marks)} there)"
            )
        titles = {members[row.email]: row.project for row in rows if row.project}
        names = ", ".join(
            f"{each} (“{titles[each]}”)" if each in titles else str(each) for each in members.values()
        )
        return f"{team}: {names}. Held: {'; '.join(held) or 'nothing yet'}."


def _months(rows: list[Row]) -> list[int]:
    return sorted({month for row in rows for month in row.held})
