"""Who belongs to a meeting: its teams' members, and the people its mail goes to (T7, M14)."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from coaching import permissions
from coaching.errors import Refused
from coaching.models import Cohort, Membership, Participant, Team, User
from meetings.models import Meeting, current_memberships


class NotYourMeeting(Refused):
    pass


def is_member(user: User, meeting: Meeting) -> bool:
    return current_memberships(user).filter(team__meeting_teams__meeting=meeting).exists()


def place_at(user: User, meeting: Meeting) -> Membership:
    """The team as whose member this person is at the meeting; others may be there too (M5, M14)."""
    mine = current_memberships(user).filter(team__meeting_teams__meeting=meeting)
    return mine.select_related("team__cohort__program", "participant__user").get()


def require_member(user: User | None, meeting: Meeting) -> None:
    """Any member may, and nobody else (T7). None is the system itself."""
    if user is not None and not is_member(user, meeting):
        raise NotYourMeeting("Only members of the team can change its meetings. Ask one of them.")


def require_team_member(user: User | None, team: Team) -> None:
    if user is not None and not current_memberships(user).filter(team=team).exists():
        raise NotYourMeeting("Only members of the team can plan its meetings. Ask one of them.")


def require_office(user: User, cohort: Cohort, *, on: date) -> None:
    """T10: an officer who applied to this cohort has no office rights over it."""
    if not permissions.office_cohorts(user, on=on).filter(pk=cohort.pk).exists():
        raise NotYourMeeting("Only the branch office of this program can do this.")


def members_now(meeting: Meeting) -> QuerySet[Participant]:
    """Who is expected at a meeting that lies ahead, by name."""
    return Participant.objects.filter(
        memberships__ended_at=None, memberships__team__meeting_teams__meeting=meeting
    ).select_related("user")


def members_on_the_day(meeting: Meeting, team: Team | None = None) -> QuerySet[Participant]:
    """Who belonged to the meeting's teams, or to one of them, when it took place; not who left before or joined later."""
    next_day = datetime.combine(meeting.date + timedelta(days=1), time(), tzinfo=meeting.zone)
    then = Membership.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=meeting.starts_at),
        team__meeting_teams__meeting=meeting,
        joined_at__lt=next_day,
    )
    if team:
        then = then.filter(team=team)
    return Participant.objects.filter(memberships__in=then).select_related("user").distinct()


def members_of(team: Team) -> QuerySet[Participant]:
    return Participant.objects.filter(memberships__team=team, memberships__ended_at=None).select_related(
        *Participant.NOW, "user__unit", "classification"
    )


def others(participants: Iterable[Participant], by: User | None) -> list[User]:
    """Everybody but the one who did it, for mail."""
    return [each.user for each in participants if by is None or each.user_id != by.pk]
