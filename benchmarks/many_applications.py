"""Fills an empty database with a department and any number of applications, and names whose pages to look at.

python -m benchmarks.many_applications NUMBER: standard output is a JSON object, see `Site`.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coaching.site.settings")
django.setup()

from django.conf import settings  # noqa: E402 (Django has to be set up first)
from django.db import connection, models  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from applications.models import Application, Decision, ReviewStep  # noqa: E402
from certificates.claims import claims_of  # noqa: E402
from certificates.models import Batch, BatchEntry, Certificate  # noqa: E402
from coaching import cohorts, signing  # noqa: E402
from coaching.models import Cohort, OrgUnit, Participant, RoleAssignment, RouteStep, SignedText, SignOff, User  # noqa: E402
from coaching.site import reference  # noqa: E402

PEOPLE = 2_000
DIVISIONS = 2
OPEN_NOW = 100  # applications of the cohort that is open; all others are of earlier years, and decided
# How many have signed, in turn: so that 100 fill a page of what waits for the deputy, and of what each director, and the
# deputy, have acted on.
SIGNED = (0, 1, 2, 3, 0, 2, 2, 3, 3, 3)
YEARS = 50
BATCH = 5_000
ANYBODY = ""  # who has not signed in
STATUS = Application.Status
TEXT = "\n".join(["An application as people write it, with some lines of answers."] * 20)


@dataclass
class Site:
    """What the benchmark asks for: session cookies by person, and by page whose it is and how many queries it takes."""

    applications: int
    cookies: dict[str, str]
    pages: dict[str, tuple[str, str]]
    queries: dict[str, int]


@dataclass
class Office:
    """One division: everybody in it has the same supervisor."""

    unit: OrgUnit
    director: User
    supervisor: User


class Department:
    """A branch with its divisions, offices and staff."""

    def __init__(self) -> None:
        self.program = reference.load(today=timezone.localdate())
        self.deputy, superintendent = self._person("deputy"), self._person("superintendent")
        top = OrgUnit.objects.create(kind="department", name="Department", head=superintendent)
        self.branch = OrgUnit.objects.create(kind="branch", name="Branch", parent=top, head=self.deputy)
        self.officer = self._person("officer", unit=self.branch)
        RoleAssignment.objects.create(
            user=self.officer, office="branch_office", unit=self.branch, start_date=date(2000, 1, 1)
        )
        self.offices = [self._division(number) for number in range(DIVISIONS)]
        self.staff = [self._employee(number) for number in range(PEOPLE)]
        User.objects.bulk_create(self.staff)
        self.colleagues = [
            self._person(f"colleague.{number}", unit=office.unit, supervisor=office.supervisor)
            for number, office in enumerate(self.offices)
        ]

    def _person(self, name: str, **fields: object) -> User:
        return User.objects.create(email=f"{name}@example.org", name=name.title(), **fields)

    def _division(self, number: int) -> Office:
        director = self._person(f"director.{number}", supervisor=self.deputy)
        supervisor = self._person(f"supervisor.{number}", supervisor=director)
        division = OrgUnit.objects.create(
            kind="division", name=f"Division {number}", parent=self.branch, head=director
        )
        return Office(OrgUnit.objects.create(kind="unit", name="Unit", parent=division), director, supervisor)

    def _employee(self, number: int) -> User:
        office = self.offices[number % DIVISIONS]
        return User(
            email=f"person.{number}@example.org",
            name=f"Person {number:04}",
            unit=office.unit,
            supervisor=office.supervisor,
        )

    def cohort(self, years_ago: int) -> Cohort:
        """One a year, meeting from next year's February on; those of earlier years are over."""
        today = timezone.localdate()
        year = today.year - years_ago
        cohort = Cohort(
            program=self.program,
            branch=self.branch,
            name=str(year + 1),
            applications_open_date=date(year, 1, 2),
            applications_close_date=date(year, 12, 31),
            first_month=date(year + 1, 2, 1),
            seats=1_000,
            contact_role="Program coordinator",
            contact_email="office@example.org",
        )
        return cohorts.open_cohort(cohort=cohort, by=None, now=timezone.now())


def fill(department: Department, number: int) -> Cohort:
    """Applications of the open cohort at each step of their way, then decided ones of earlier years; the open cohort.

    As many cohorts as the largest number needs, and colleagues who take part already, so that the applications alone differ:
    every page has the same parts.
    """
    department.staff = list(User.objects.filter(email__startswith="person.").order_by("pk"))
    current = department.cohort(0)
    Participant.objects.bulk_create(Participant(user=each, cohort=current) for each in department.colleagues)
    write(department, current, OPEN_NOW, decided=False)
    remaining = number - OPEN_NOW
    for years_ago in range(1, YEARS + 1):
        cohort = department.cohort(years_ago)
        write(department, cohort, min(remaining, PEOPLE), decided=True)
        remaining -= min(remaining, PEOPLE)
    return current


def write(department: Department, cohort: Cohort, number: int, *, decided: bool) -> None:
    """So many applications of one cohort, as the workflow would have left them."""
    route = list(department.program.route.order_by("position"))
    steps_signed = [len(route) if decided else SIGNED[place // DIVISIONS % 10] for place in range(number)]
    at = _moment(cohort, decided)
    texts = _create(SignedText, (_text(cohort, place, at) for place in range(number)))
    people = department.staff[:number]
    applications = _create(
        Application,
        (
            _application(cohort, person, text, signed == len(route), place, at)
            for place, (person, text, signed) in enumerate(zip(people, texts, steps_signed, strict=True))
        ),
    )
    signatures: list[SignOff] = []
    steps: list[ReviewStep] = []
    for application, signed in zip(applications, steps_signed, strict=True):
        signatures.append(_signature(application, application.applicant, "Applicant", at))
        for place, step in enumerate(route):
            signer = _signer(department, application, step)
            sign_off = _signature(application, signer, step.title, at) if place < signed else None
            signatures += [sign_off] if sign_off else []
            steps.append(_step(application, step, place, signed, signer, sign_off, at))
    _create(SignOff, signatures)
    _create(ReviewStep, steps)
    last = {each.application_id: each.sign_off for each in steps if each.route_step.decides}
    settled = [each for each in applications if each.status in (STATUS.ACCEPTED, STATUS.NOT_SELECTED)]
    _create(Decision, (_decision(each, last[each.pk], at) for each in settled))
    accepted = [each for each in settled if each.status == STATUS.ACCEPTED]
    status = Participant.Status.COMPLETED if decided else Participant.Status.ACTIVE
    done = at if decided else None
    _create(
        Participant,
        (
            Participant(user=each.applicant, cohort=cohort, status=status, completed_at=done)
            for each in accepted
        ),
    )


def _moment(cohort: Cohort, decided: bool) -> datetime:
    if decided:
        return datetime(cohort.first_month.year - 1, 11, 1, 18, tzinfo=cohort.zone)
    return timezone.now() - timedelta(days=9)


def _text(cohort: Cohort, place: int, at: datetime) -> SignedText:
    text = f"Application {place} to the {cohort}\n{TEXT}"
    return SignedText(kind="application", text=text, digest=signing.digest(text), created_at=at)


def _application(
    cohort: Cohort, person: User, text: SignedText, decided: bool, place: int, at: datetime
) -> Application:
    """One in five is accepted, until the seats of small cohorts are gone."""
    outcome = STATUS.ACCEPTED if place % 5 == 0 else STATUS.NOT_SELECTED
    return Application(
        applicant=person,
        cohort=cohort,
        status=outcome if decided else STATUS.IN_REVIEW,
        why=TEXT,
        development=TEXT,
        role_aimed_for="Section manager",
        ultimate_position="Division director",
        project_title=f"Project {place}",
        project_description=TEXT,
        project_outcome=TEXT,
        project_measure=TEXT,
        concept_supervisor_date=at.date(),
        concept_director_date=at.date(),
        benefits_acknowledged=True,
        voluntary_acknowledged=True,
        commitment_made=True,
        current_text=text,
        submitted_at=at,
    )


def _signer(department: Department, application: Application, step: RouteStep) -> User:
    office = next(each for each in department.offices if each.unit.pk == application.applicant.unit_id)
    by_office = {"supervisor": office.supervisor, "director": office.director}
    return by_office.get(step.office, department.deputy)


def _signature(application: Application, signer: User, capacity: str, at: datetime) -> SignOff:
    return SignOff(
        text=application.current_text,
        signer=signer,
        capacity=capacity,
        statement="I have read it.",
        typed_name=signer.name,
        signed_at=at,
    )


def _step(
    application: Application,
    step: RouteStep,
    place: int,
    signed: int,
    signer: User,
    sign_off: SignOff | None,
    at: datetime,
) -> ReviewStep:
    concept = at.date() if sign_off and step.office in ("supervisor", "director") else None
    return ReviewStep(
        application=application,
        text=application.current_text,
        route_step=step,
        position=place + 1,
        office=step.office,
        signer=signer,
        status="signed" if sign_off else "pending",
        since_at=at if place <= signed else None,
        acted_at=at if sign_off else None,
        acted_by=signer if sign_off else None,
        concept_date=concept,
        sign_off=sign_off,
    )


def _decision(application: Application, sign_off: SignOff, at: datetime) -> Decision:
    return Decision(
        application=application,
        outcome=application.status,
        interest_in_program="Knows it.",
        interest_in_leadership="Shows it.",
        division_project="Serves it.",
        reason="" if application.status == STATUS.ACCEPTED else "All seats are taken.",
        sign_off=sign_off,
        decided_at=at,
    )


def _create(model: type[models.Model], rows: Iterable[models.Model]) -> list:
    return model._default_manager.bulk_create(rows, batch_size=BATCH)  # type: ignore[arg-type]


def pages(department: Department, cohort: Cohort) -> Iterator[tuple[str, User | None, str]]:
    """Home, every page with a list of applications, of whoever has most in it, and one application.

    Of anybody, where nobody is named.
    """
    office, deputy, officer = department.offices[0], department.deputy, department.officer
    waiting, home = reverse("approvals"), reverse("home")
    yield "home, supervisor", office.supervisor, home
    yield "home, director", office.director, home
    yield "home, deputy", deputy, home
    yield "home, branch office", officer, home
    applicant = department.staff[1]  # not of those who are accepted, in whichever year
    yield "home, applicant", applicant, home
    yield "approvals, supervisor", office.supervisor, waiting
    yield "approvals, director", office.director, waiting
    yield "approvals, deputy", deputy, waiting
    yield "approvals narrowed down", deputy, f"{waiting}?q=person&state=overdue"
    yield "acted on, director", office.director, f"{waiting}?show=done"
    yield "acted on, deputy", deputy, f"{waiting}?show=done"
    yield "my applications", applicant, reverse("applications")
    yield "applications of a cohort", officer, reverse("cohort_applications", args=[cohort.pk])
    yield "selection board", deputy, reverse("selection", args=[cohort.pk])
    yield "waitlist", officer, reverse("cohort_waitlist", args=[cohort.pk])
    yield "cohorts", officer, reverse("cohorts")
    step = ReviewStep.objects.current().filter(signer=office.director).first()
    assert step
    yield "an application to sign", office.director, reverse("approval", args=[step.application_id])
    yield "verify a certificate", None, reverse("verify_code", args=[_certificate(department, cohort)])
    yield "an application's page", officer, reverse("application", args=[step.application_id])


def _certificate(department: Department, cohort: Cohort) -> str:
    """The code of one that stands; its file is no part of the page."""
    participant = Participant.objects.exclude(cohort=cohort).select_related("user").order_by("pk").first()
    participant = participant or Participant.objects.create(user=department.staff[-1], cohort=cohort)
    batch = Batch.objects.create(cohort=participant.cohort)
    entry = BatchEntry(batch=batch, participant=participant, name=participant.user.name, minutes=960)
    certificate = Certificate.objects.create(
        participant=participant,
        batch=batch,
        serial="2026-001-0001",
        code="a" * 27,
        claims=claims_of(entry, sign_off=None, issued_date=timezone.localdate()),
        digest="0" * 64,
        issued_at=timezone.now(),
    )
    return certificate.code


def main(number: int) -> Site:
    department = Department()
    cohort = fill(department, number)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    site = Site(Application.objects.count(), {}, {}, {})
    for name, user, address in pages(department, cohort):
        client = Client(HTTP_HOST="127.0.0.1")
        if user:
            client.force_login(user)
        with CaptureQueriesContext(connection) as captured:
            response = client.get(address)
        assert response.status_code == 200, (name, response.status_code)
        session = client.cookies.get(settings.SESSION_COOKIE_NAME)
        whose = user.email if user else ANYBODY
        site.cookies[whose] = session.value if session else ""
        site.pages[name] = (whose, address)
        site.queries[name] = len(captured)
    return site


if __name__ == "__main__":
    json.dump(asdict(main(int(sys.argv[1]))), sys.stdout)
