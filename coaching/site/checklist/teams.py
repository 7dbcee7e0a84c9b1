"""Teams, from the proposal to the answer of the last member (T4)."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q
from django.urls import reverse

from coaching.in_words import counted
from coaching.models import Cohort, Consent, Team, TeamChange
from coaching.site.checklist.step import NAMED, Step, named, sentences, state_of
from coaching.site.year import Year


@dataclass(frozen=True)
class Teams:
    """How many there are of a cohort. `loose`: people in none of them; `ever`: those that ended included."""

    loose: int
    asked: int
    confirmed: int
    ever: int

    @classmethod
    def of(cls, cohort: Cohort) -> "Teams":
        numbers = cohort.teams.aggregate(
            asked=Count("pk", filter=Q(status=Team.Status.AWAITING_AGREEMENT)),
            confirmed=Count("pk", filter=Q(status=Team.Status.CONFIRMED)),
            ever=Count("pk"),
        )
        return cls(loose=cohort.participants.active().without_team().count(), **numbers)

    @property
    def nobody_yet(self) -> bool:
        return not self.loose and not self.ever

    @property
    def wait(self) -> bool:
        """Whether some are still to stand: not where all who had one have left."""
        return bool(self.loose or self.asked or self.nobody_yet)


def steps(cohort: Cohort, year: Year, today: date, teams: Teams) -> list[Step]:
    address = reverse("cohort_teams", args=[cohort.pk])
    without = f"{counted(teams.loose, 'participant has', 'participants have')} no team" if teams.loose else ""
    asked = f"{counted(teams.asked, 'team is', 'teams are')} being agreed to" if teams.asked else ""
    return [
        Step(
            "Teams proposed to their members",
            year.proposed,
            state_of(today, begins=year.decided, due=year.proposed, waits=teams.loose or teams.nobody_yet),
            sentences("nobody takes part yet" if teams.nobody_yet else without),
            address,
            "Form the teams",
        ),
        Step(
            "Teams confirmed",
            year.confirmed,
            state_of(today, begins=year.proposed, due=year.confirmed, waits=teams.wait),
            sentences(
                f"{counted(teams.confirmed, 'team is', 'teams are')} confirmed",
                asked,
                _unanswered(cohort) if asked else "",
                without,
            ),
            address,
            "See the teams",
        ),
    ]


def _unanswered(cohort: Cohort) -> str:
    """Whose answer a team that is asked still waits for."""
    asked = TeamChange.objects.filter(team__cohort=cohort, status=TeamChange.Status.OPEN)
    pending = Consent.objects.filter(change__in=asked, answer=Consent.Answer.PENDING)
    number = pending.count()
    names = pending.order_by("change__answer_by", "participant__user__name")
    who = names.values_list("participant__user__name", flat=True)[:NAMED]
    return f"not answered yet: {named(who, number)}" if number else ""
