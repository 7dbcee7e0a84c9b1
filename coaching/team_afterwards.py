"""What people agree to where a small team goes on (T4): who would be in which team."""

from dataclasses import dataclass

from django.db.models import Prefetch

from coaching.models import Membership, Participant, Team, TeamChange


@dataclass(frozen=True)
class Afterwards:
    """A team as it would be; one without members ends."""

    team: Team
    members: list[Participant]


def afterwards(change: TeamChange) -> list[Afterwards]:
    """Of an open question: first the team that it is about, then those that somebody would leave.

    With what each may read of the others: division, classification, project. As many queries for any number of people.
    """
    places = Membership.objects.filter(ended_at=None, team__status=Team.Status.CONFIRMED).select_related(
        "team"
    )
    people = Participant.objects.select_related("user", "division", "classification", "goal").filter(
        consents__change=change
    )
    joining = set(change.joining.values_list("pk", flat=True))
    members: dict[Team, list[Participant]] = {change.team: []}
    for each in people.prefetch_related(Prefetch("memberships", queryset=places, to_attr="places")):
        now = next((place.team for place in each.places), change.team)
        members.setdefault(now, [])
        members[change.team if each.pk in joining else now].append(each)
    return [Afterwards(team, members[team]) for team in members]
