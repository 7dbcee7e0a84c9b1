"""The job behind “Propose teams”, “Propose again” and “Work out the change”: one at a time for a cohort."""

from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

from coaching import jobs
from coaching.jobs import Progress
from coaching.models import Cohort, Job, TeamProposal, User
from coaching.team_alternatives import propose_again
from coaching.team_formation import propose
from coaching.team_reopening import reopen
from coaching.team_solving import DEFAULT_SECONDS

KIND = "propose_teams"
REOPEN = "reopen"


def start(
    *, cohort: Cohort, by: User, now: datetime, seconds: float = DEFAULT_SECONDS, **asked: object
) -> Job:
    """Ask for a proposal: for everybody without a team, with `draft` around what is pinned in it, or with
    `what=REOPEN` and `apart` after somebody declined. While one is being made for the cohort, that one is returned instead.
    """
    arguments = {"cohort": cohort.pk, "by": by.pk, "seconds": seconds, **asked}
    return jobs.start(kind=KIND, key=str(cohort.pk), by=by, now=now, arguments=arguments)


def last(cohort: Cohort) -> Job | None:
    return Job.objects.filter(key=f"{KIND}:{cohort.pk}").first()


def run(
    progress: Progress,
    *,
    cohort: int,
    by: int,
    seed: int = 0,
    seconds: float = DEFAULT_SECONDS,
    draft: int | None = None,
    what: str = "",
    apart: Collection[tuple[int, int]] = (),
) -> dict[str, object]:
    """What a worker runs; a second run finds the draft of the first."""
    office, now = User.objects.get(pk=by), timezone.now()
    of = Cohort.objects.select_related("program").get(pk=cohort)
    if draft is not None:
        proposal = TeamProposal.objects.get(pk=draft, cohort=of)
        proposal.cohort = of
        propose_again(proposal=proposal, by=office, now=now, seed=seed, seconds=seconds, progress=progress)
    elif what == REOPEN:
        pairs = [(one, other) for one, other in apart]
        proposal = reopen(
            cohort=of, by=office, now=now, apart=pairs, seed=seed, seconds=seconds, progress=progress
        )
    else:
        proposal = propose(cohort=of, by=office, now=now, seed=seed, seconds=seconds, progress=progress)
    return {"proposal": proposal.pk}
