import math
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from coaching import team_formation, team_solving
from coaching.errors import Refused
from coaching.models import Cohort, TeamProposal
from coaching.typed import number_of


class Command(BaseCommand):
    help = (
        "Proposes teams for a cohort, prints score, bound and reasons, and keeps the proposal as its draft."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cohort", metavar="COHORT", help="Number of the cohort, or its name.")
        parser.add_argument("--seconds", type=_seconds, default=team_solving.DEFAULT_SECONDS)
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--replace", action="store_true", help="Put away the draft that is there.")

    def handle(self, *args: Any, **options: Any) -> None:
        cohort = cohort_named(options["cohort"])
        try:
            proposal = team_formation.propose(
                cohort=cohort,
                by=None,
                now=timezone.now(),
                seed=options["seed"],
                seconds=options["seconds"],
                replace=options["replace"],
            )
        except team_formation.DraftExists as refusal:
            raise CommandError(f"{refusal} Or add --replace.") from None
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        for line in _lines(proposal):
            self.stdout.write(line)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds) or not 0 <= seconds <= team_solving.MOST_SECONDS:
        raise ValueError(text)
    return seconds


def cohort_named(text: str) -> Cohort:
    cohorts = Cohort.objects.select_related("program")
    found = list(cohorts.filter(pk=number_of(text)))
    found = found or list(cohorts.filter(name=text))
    if not found:
        known = ", ".join(f"{cohort.pk} ({cohort})" for cohort in cohorts) or "none yet"
        raise CommandError(f"There is no cohort {text}. Cohorts: {known}.")
    if len(found) > 1:
        numbers = ", ".join(f"{cohort.pk} ({cohort.branch})" for cohort in found)
        raise CommandError(f"Several cohorts are named {text}. Give the number of one: {numbers}.")
    return found[0]


def _lines(proposal: TeamProposal) -> list[str]:
    result = proposal.result
    names = {each.pk: each.user.name for each in proposal.cohort.participants.select_related("user")}
    lines = [
        f"{proposal.cohort}: draft {proposal.pk}",
        f"Score {result['score']}, at most {result['bound']} ({result['bound_by']})",
        f"{result['status'].capitalize()}, {result['seconds']} seconds",
    ]
    for number, (team, reasons) in enumerate(zip(result["teams"], result["reasons"], strict=True), start=1):
        lines += ["", f"Team {number}: {', '.join(names[pk] for pk in team)}"]
        lines += [f"  {each['title']} ({each['label']}): {each['words']}" for each in reasons]
    if result["left_out"]:
        lines += ["", "Without a team:"]
        lines += [f"  {names[pk]}: {reason}" for pk, reason in result["left_out"]]
    return lines
