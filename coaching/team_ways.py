"""How a small team could go on (T1): every way the rules allow, what it does to the points, and who would be asked (T4)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from coaching.errors import Refused
from coaching.formation import Finding, score_team
from coaching.models import Cohort, Consent, Participant, Team, TeamChange
from coaching.team_problem import available, explain, explain_standing, study

Kind = TeamChange.Kind
FEWEST = 2  # one person alone is no team


class AskedAlready(Refused):
    pass


@dataclass(frozen=True)
class Way:
    """`points`: how many more all teams it touches have together afterwards; `asked`: everybody concerned."""

    kind: str
    joining: tuple[Participant, ...]
    words: str
    asked: tuple[Participant, ...]
    points: int = 0

    @property
    def key(self) -> str:
        return "-".join([self.kind, *(str(each.pk) for each in self.joining)])

    @property
    def facts(self) -> str:
        """ "12 points more. Asked: Ana Reyes, Ben Okafor (2 people)." """
        more = f"{abs(self.points)} point{'' if abs(self.points) == 1 else 's'} {'more' if self.points > 0 else 'less'}"
        names = ", ".join(str(each) for each in self.asked)
        return (
            f"{more if self.points else 'As many points as now'}. Asked: {names} ({len(self.asked)} people)."
        )


def besides_size(findings: Sequence[Finding]) -> list[Finding]:
    """What the rules say of a team that goes on as it is: that it is small is what everybody agrees to."""
    return [finding for finding in findings if finding.label != "T1"]


def open_questions(cohort: Cohort) -> dict[int, Consent]:
    """By participant, the answer they are asked for about how a small team goes on: nobody is asked two at once (T4)."""
    rows = Consent.objects.filter(change__team__cohort=cohort, change__status=TeamChange.Status.OPEN)
    rows = rows.exclude(change__kind=Kind.FORM).select_related("change__team", "participant__user")
    return {row.participant_id: row for row in rows}


def refuse_asked(cohort: Cohort, people: Collection[int]) -> None:
    """Raises AskedAlready where one of these participants is in a question that is open."""
    asked = [consent for pk, consent in open_questions(cohort).items() if pk in people]
    if asked:
        names = ", ".join(str(each.participant) for each in asked)
        teams = " and ".join(sorted({str(each.change.team) for each in asked}))
        verb = "is" if len(asked) == 1 else "are"
        raise AskedAlready(
            f"{names} {verb} being asked already how {teams} goes on. Confirm that question or take it back first."
        )


def ways(team: Team) -> list[Way]:
    """Of a whole team, who of those without one could join. Of a small one, going on as it is first; the others with the
    most points first, and of those the ones that ask the fewest.

    Nobody who is being asked already is in one (T4). As many queries for any number of people.
    """
    cohort = team.cohort
    teams = list(cohort.teams.filter(status=Team.Status.CONFIRMED))
    asked = open_questions(cohort).keys()
    explained = explain_standing(cohort, teams)
    members = explained[team.pk].members
    if any(each.pk in asked for each in members):
        return []
    loose = [each for each in available(cohort) if each.pk not in asked]
    people = [each for standing in explained.values() for each in standing.members]
    case = study(cohort, [*people, *loose])

    def points(of: Sequence[Participant]) -> int:
        return score_team(case.problem, [each.pk for each in of]) if of else 0

    def joined(
        kind: str, joining: Sequence[Participant], words: str, source: Sequence[Participant]
    ) -> Way | None:
        """None: a rule forbids it."""
        whole = [*members, *joining]
        if any(each.hard and not each.ok for each in explain(case, [each.pk for each in whole])):
            return None
        staying = [each for each in source if each not in joining]
        more = points(whole) + points(staying) - points(members) - points(source)
        return Way(kind, tuple(joining), words, (*whole, *staying), more)

    found: list[Way | None] = [
        joined(Kind.JOIN, [each], f"{each} joins; has no team yet", []) for each in loose
    ]
    if len(members) >= cohort.program.min_team_size:
        return sorted((way for way in found if way), key=lambda way: -way.points)
    for other in teams:
        there = explained[other.pk].members
        active = all(each.status == Participant.Status.ACTIVE for each in there)
        free = not any(each.pk in asked for each in there)
        if other == team or not there or not active or not free:
            continue
        for each in there if len(there) > cohort.program.min_team_size else ():
            words = f"{each} moves here from {other}, which keeps {len(there) - 1}"
            found.append(joined(Kind.JOIN, [each], words, there))
        names = ", ".join(str(each) for each in there)
        words = f"{other} joins and ends as a team of its own: {names}"
        found.append(joined(Kind.MERGE, there, words, there))
    go_on = []
    findings = besides_size(explain(case, [each.pk for each in members]))
    if len(members) >= FEWEST and not any(each.hard and not each.ok for each in findings):
        names = ", ".join(str(each) for each in members)
        go_on = [Way(Kind.GO_ON, (), f"Go on with {len(members)}: {names}", tuple(members))]
    allowed = sorted((way for way in found if way), key=lambda way: (-way.points, len(way.asked)))
    return [*go_on, *allowed]
