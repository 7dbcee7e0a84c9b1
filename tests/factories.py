"""Small builders of valid rows; tests name only what they care about."""

from datetime import date

from coaching import esign
from coaching.cohorts import open_cohort
from coaching.enrollment import Project, Snapshot, enroll, leave
from coaching.models import (
    Cohort,
    JobClassification,
    OrgUnit,
    Participant,
    Program,
    RoleAssignment,
    Team,
    User,
)
from tests import numbers
from tests.clock import NOW
from tests.remembering import remembered


def person(name: str = "", **fields: object) -> User:
    number = numbers.following()
    name = name or f"Person {number}"
    email = fields.pop("email", f"{name.lower().replace(' ', '.')}.{number}@example.org")
    consents = fields.pop("consents", True)  # to sign electronically
    user = User.objects.create_user(str(email), None, name=name, **fields)
    if consents:
        esign.consent(by=user, now=NOW)
    return user


def classification(name: str, *, is_management: bool = False) -> JobClassification:
    return JobClassification.objects.get_or_create(name=name, defaults={"is_management": is_management})[0]


def unit(kind: str, name: str = "", *, parent: OrgUnit | None = None, head: User | None = None) -> OrgUnit:
    return OrgUnit.objects.create(
        kind=kind, name=name or f"{kind} {numbers.following()}", parent=parent, head=head
    )


def officer(branch: OrgUnit, name: str = "", *, office: str = RoleAssignment.Office.BRANCH_OFFICE) -> User:
    user = person(name, unit=branch)
    RoleAssignment.objects.create(user=user, office=office, unit=branch, start_date=date(2026, 1, 1))
    return user


@remembered
def cohort(program: Program, branch: OrgUnit, *, by: User | None = None, **fields: object) -> Cohort:
    """Applications from November 1 to December 31, 2026; meetings from February 2027."""
    values: dict[str, object] = {
        "name": f"2027-{numbers.following()}",
        "applications_open_date": date(2026, 11, 1),
        "applications_close_date": date(2026, 12, 31),
        "first_month": date(2027, 2, 1),
        "seats": 12,
        "contact_role": "Program coordinator",
        "contact_email": "coaching@example.org",
        "contact_phone": "(555) 555-0100",
    }
    new = Cohort(program=program, branch=branch, **{**values, **fields})
    return open_cohort(cohort=new, by=by, now=NOW)


@remembered
def participant(cohort: Cohort, user: User | None = None, **snapshot: object) -> Participant:
    user = user or person()
    competencies = list(cohort.competency_model.competencies.all())
    values: dict[str, object] = {
        "division": user.division,
        "classification": user.classification,
        "role_aimed_for": "Section manager",
        "grow": (competencies[0],),
        "glow": (competencies[1],),
        "project": Project(
            title="Faster permits",
            description="Shorten the way of a permit.",
            expected_outcome="Permits in ten days.",
            measure="Days from receipt to permit.",
            competencies=(competencies[0],),
        ),
    }
    return enroll(user=user, cohort=cohort, snapshot=Snapshot(**{**values, **snapshot}), by=None, now=NOW)  # type: ignore[arg-type]


@remembered
def confirmed_team(cohort: Cohort, participants: list[Participant], *, by: User) -> Team:
    """A confirmed team as rows, for tests of what comes after; its own rules are tested elsewhere."""
    number = cohort.teams.count() + 1
    team = Team.objects.create(
        cohort=cohort, number=number, status=Team.Status.CONFIRMED, confirmed_at=NOW, confirmed_by=by
    )
    for each in participants:
        team.memberships.create(participant=each, joined_at=NOW)
    return team


@remembered
def small_team(cohort: Cohort, *names: str, by: User) -> Team:
    """A confirmed team whose last member has left (T1)."""
    people = [participant(cohort, person(name)) for name in names]
    team = confirmed_team(cohort, people, by=by)
    leave(participant=people[-1], by=people[-1].user, reason="", now=NOW)
    return team
