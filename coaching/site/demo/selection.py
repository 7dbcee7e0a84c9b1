"""The demo's cohort in selection: a first round is released, a second one is being chosen, a seat became free, and some
came too late."""

from collections.abc import Iterator
from datetime import timedelta

from applications import choosing, closing, waitlist, workflow
from applications.models import Application, Outcome
from coaching.models import Cohort, User
from coaching.site import lifecycle, staging
from coaching.site.demo.scene import Demo

SEATS = 6
ADVICE = (
    (Outcome.ACCEPTED, "Knows what the eight months ask for, and the unit can spare the time."),
    (Outcome.ACCEPTED, "The project would help three divisions at once."),
    (Outcome.WAITLISTED, "A strong application; the unit is short of people until summer."),
    (Outcome.NOT_SELECTED, "The same project was finished last year by another unit."),
)


def load(demo: Demo, branch: str) -> None:
    today = demo.now.date()
    cohort = demo.open_cohort(
        branch=branch,
        name=f"{demo.month(2):%B %Y}",
        first_month=demo.month(2),
        opens=today - timedelta(days=70),
        closes=today - timedelta(days=12),
        seats=SEATS,
    )
    people = demo.colleagues(branch)
    _first_round(demo, cohort, people)
    _second_round(demo, cohort, people)
    _late(demo, cohort, people)


def _ready(demo: Demo, cohort: Cohort, people: Iterator[User], *, days: int) -> Application:
    """Submitted so many days ago, and signed up to the deputy."""
    now = demo.now - timedelta(days=days)
    application = demo.submitted(cohort, next(people), now)
    while application.current_step().office != "deputy":  # type: ignore[union-attr]
        now += timedelta(days=2)
        application = staging.sign(application, now=now)
    return application


def _first_round(demo: Demo, cohort: Cohort, people: Iterator[User]) -> None:
    """All seats are given, three people wait; then somebody leaves, and the office has put the three in order."""
    chosen = demo.now - timedelta(days=10)
    ready = [_ready(demo, cohort, people, days=40 - number) for number in range(SEATS + 3)]
    for application in ready[:SEATS]:
        staging.choose(application, Outcome.ACCEPTED, now=chosen)
    for application in ready[SEATS:]:
        reason = "All seats are taken. Your project fits the program well."
        staging.choose(application, Outcome.WAITLISTED, now=chosen, reason=reason)
    staging.release(cohort, by=staging.decider(ready[0]), now=chosen + timedelta(days=1))
    leaving = cohort.participants.order_by("pk")[0]
    lifecycle.leave(
        participant=leaving, by=leaving.user, reason="A new assignment.", now=demo.now - timedelta(days=2)
    )
    last = list(waitlist.waitlisted(cohort))[-1]
    waitlist.move(application=last, up=True, by=demo.user("branch.office"), now=demo.now - timedelta(days=8))


def _second_round(demo: Demo, cohort: Cohort, people: Iterator[User]) -> None:
    """Signed later: each is recommended, two are chosen and not released."""
    for number, (outcome, sentence) in enumerate(ADVICE):
        application = _ready(demo, cohort, people, days=16 - number)
        now = demo.now - timedelta(days=4)
        officer = demo.user("branch.office")
        choosing.recommend(application=application, by=officer, outcome=outcome, sentence=sentence, now=now)
        if outcome != Outcome.ACCEPTED:
            staging.choose(application, outcome, now=now + timedelta(days=1), reason=sentence)


def _late(demo: Demo, cohort: Cohort, people: Iterator[User]) -> None:
    """One waits on a supervisor, one was returned, one is closed."""
    _, returned, closed = (
        demo.submitted(cohort, next(people), demo.now - timedelta(days=14)) for _ in range(3)
    )
    workflow.return_for_changes(
        application=returned,
        by=staging.waits_on(returned),
        comment="Please say who of the division will help with the project.",
        now=demo.now - timedelta(days=13),
    )
    closing.close(
        applications=[closed],
        reason="Your supervisor is on leave until the meetings begin. Please apply again in the fall.",
        by=demo.user("branch.office"),
        now=demo.now - timedelta(days=5),
    )
