"""The demo's open cohort: drafts, and applications that wait on each signer or ended in each way."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from applications import drafting, sharing, workflow
from applications.models import Application
from coaching import delegations, directory
from coaching.models import Cohort, Delegation, OrgUnit, User
from coaching.site import staging
from coaching.site.demo import paper
from coaching.site.demo.people import address
from coaching.site.demo.scene import KNOWN, ORDER_DAYS, STUDENT_BRANCH, VACANT_DIVISION, Demo

DESIGNEE = "director.special.education"  # decides for the deputy, for two weeks


def draft(demo: Demo) -> None:
    """A cohort that takes applications: one draft is ready to sign and shared (A3), another has just begun."""
    today = demo.now.date()
    cohort = demo.open_cohort(
        branch=STUDENT_BRANCH,
        name=str(demo.month(3).year),
        first_month=demo.month(3),
        opens=today - timedelta(days=28),
        closes=today + timedelta(days=21),
    )
    applicant, written_at = demo.user("applicant"), demo.now - timedelta(days=2)
    application = staging.write_application(
        cohort=cohort, applicant=applicant, chance=demo.chance, now=written_at
    )
    sharing.share(application=application, by=applicant, person=demo.user("supervisor"), now=written_at)
    begun = next(demo.colleagues(STUDENT_BRANCH))
    drafting.start(cohort=cohort, by=begun, now=demo.now - timedelta(days=1))
    directory.report_correction(
        user=begun, field="classification", says="Staff Services Manager I", now=demo.now - timedelta(days=1)
    )


def review(demo: Demo) -> None:
    """In the cohort of the drafts: applications that wait on each signer, and one with every other outcome."""
    cohort = demo.user("applicant").applications.earliest("pk").cohort
    _name_designee(demo)
    free = list(demo.colleagues(STUDENT_BRANCH))
    staff = User.objects.filter(supervisor=demo.user("supervisor"), applications=None).order_by("pk")
    of_supervisor = list(staff.exclude(email__in=[address(name) for name in KNOWN[STUDENT_BRANCH]])[:4])
    of_vacancy = [each for each in free if each.unit.parent.name == VACANT_DIVISION][:1]  # type: ignore[union-attr]
    others = iter([each for each in free if each not in of_vacancy])
    for days, applicant in zip((12, 2), of_supervisor[:2], strict=True):
        application = demo.submitted(cohort, applicant, demo.now - timedelta(days=days))
    staging.come_back_changed(application, now=demo.now - timedelta(days=1))
    for days, applicant in zip((16, 5), of_supervisor[2:], strict=True):
        _signed(demo, cohort, applicant, days=days, signatures=1)
    _signed(demo, cohort, of_vacancy[0], days=6, signatures=1)
    for days in (20, 18, 11):
        _signed(demo, cohort, next(others), days=days, signatures=2)
    later = demo.now - timedelta(days=6)
    accepted, waitlisted, not_selected = (
        _signed(demo, cohort, next(others), days=22, signatures=2) for _ in range(3)
    )
    staging.accept(accepted, now=later)
    staging.decide(
        waitlisted,
        Application.Status.WAITLISTED,
        now=later,
        reason="The project begins when the data system is ready.",
    )
    staging.decide(
        not_selected,
        Application.Status.NOT_SELECTED,
        now=later,
        reason="The project is already under way elsewhere.",
    )
    _ended_before_the_deputy(demo, cohort, others, later)
    officer = demo.user("branch.office")
    paper.show(cohort, officer=officer, people=others, chance=demo.chance, now=demo.now)


def _ended_before_the_deputy(demo: Demo, cohort: Cohort, others: Iterator[User], now: datetime) -> None:
    returned, declined, withdrawn = (demo.submitted(cohort, next(others), now) for _ in range(3))
    workflow.return_for_changes(
        application=returned,
        by=staging.waits_on(returned),
        comment="Please say how you will know that families understood the letter.",
        now=now + timedelta(days=1),
    )
    workflow.decline(
        application=declined,
        by=staging.waits_on(declined),
        reason="Two colleagues are on leave; please apply again next year.",
        now=now + timedelta(days=1),
    )
    workflow.withdraw(application=withdrawn, by=withdrawn.applicant, now=now + timedelta(days=2))


def _signed(demo: Demo, cohort: Cohort, applicant: User, *, days: int, signatures: int) -> Application:
    """Submitted so many days ago, with so many signatures since."""
    now = demo.now - timedelta(days=days)
    application = demo.submitted(cohort, applicant, now)
    for number in range(signatures):
        application = staging.sign(application, now=now + timedelta(days=number + 1))
    return application


def fill_vacancy(demo: Demo) -> None:
    """An acting director where the post is vacant (A9)."""
    vacant = OrgUnit.objects.get(kind=OrgUnit.Kind.DIVISION, name=VACANT_DIVISION)
    if vacant.delegations.exists():
        return
    for days in range(-2 * ORDER_DAYS, 1, ORDER_DAYS):  # one after the other, up to today's
        start = demo.now + timedelta(days=days)
        delegations.record(
            kind=Delegation.Kind.ACTING,
            person=demo.user("director.school.facilities"),
            principal=None,
            unit=vacant,
            reason="The post is vacant.",
            start_date=start.date(),
            end_date=(start + timedelta(days=ORDER_DAYS - 1)).date(),
            by=None,
            now=start,
        )


def _name_designee(demo: Demo) -> None:
    """Somebody who decides for the deputy for two weeks (A9)."""
    today = demo.now.date()
    delegations.record(
        kind=Delegation.Kind.DELEGATE,
        person=demo.user(DESIGNEE),
        principal=demo.user("deputy"),
        unit=demo.branch(STUDENT_BRANCH),
        reason="Away at the legislature's hearings.",
        start_date=today - timedelta(days=3),
        end_date=today + timedelta(days=11),
        by=demo.user("deputy"),
        now=demo.now - timedelta(days=3),
    )
