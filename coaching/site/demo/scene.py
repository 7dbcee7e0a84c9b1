"""What every phase of the demo stands on: the department's staff, and what brings a cohort along."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.contrib.auth.hashers import make_password

from applications.models import Application
from coaching import cohorts
from coaching.models import Cohort, OrgUnit, Participant, Program, User
from coaching.site import reference, staging
from coaching.site.demo.people import PASSWORD, SIGN_IN_AS, address
from coaching.site.population import Employee, Population
from meetings import agreement, evaluations
from meetings.models import Meeting

SEED = 2011
STUDENT_BRANCH = "Student Services Branch"
OPERATIONS_BRANCH = "Operations Branch"
DIVISIONS = {
    STUDENT_BRANCH: (
        "Nutrition Services",
        "School Facilities",
        "Early Learning",
        "Special Education",
        "Expanded Learning",
    ),
    OPERATIONS_BRANCH: ("Fiscal Services", "Educational Data", "Technology Services"),
}
VACANT_DIVISION = "Expanded Learning"  # an acting director signs there
UNITS_A_DIVISION = 2
PEOPLE_A_UNIT = 7
STAFF_HISTORY = timedelta(days=601)
ORDER_DAYS = 300

KNOWN = {
    STUDENT_BRANCH: ("applicant", "member", "graduate"),
    OPERATIONS_BRANCH: ("operations.member", "pair.member"),
}


class Demo:
    """One loading of the demo: the staff, and what each phase needs of it."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self.population = Population(seed=SEED)
        self.chance = self.population.chance
        self.program: Program = reference.load(today=now.date())
        self.users = self._import(self._staff())

    def _import(self, staff: list[Employee]) -> dict[str, User]:
        """The people, by mail address; brought in, with the demo's password, where they are not there yet."""
        people = User.objects.filter(email__in=[employee.email for employee in staff])
        if people.count() < len(staff):
            staging.load_staff(staff, now=self.now - STAFF_HISTORY)
            known = [person.email for person in SIGN_IN_AS]
            people.filter(email__in=known).update(password=make_password(PASSWORD))
        return {user.email: user for user in people.select_related("unit", "supervisor")}

    def _staff(self) -> list[Employee]:
        draw = self.population.employee
        rows = [
            draw(role="superintendent", email=address("superintendent")),
            draw(role="training_office", email=address("training.office")),
            draw(role="administrator", email=address("admin")),
        ]
        for branch, prefix in ((STUDENT_BRANCH, ""), (OPERATIONS_BRANCH, "operations.")):
            deputy = address(f"{prefix}deputy")
            office = address("branch.office" if not prefix else "operations.office")
            rows.append(draw(role="deputy", email=deputy, branch=branch))
            rows.append(draw(role="branch_office", email=office, branch=branch, supervisor_email=deputy))
            for division in DIVISIONS[branch]:
                rows += self._division(branch, division, deputy)
        return rows

    def _division(self, branch: str, division: str, deputy: str) -> Iterator[Employee]:
        """A director (unless the post is vacant) and two units with a supervisor and seven people each."""
        draw = self.population.employee
        place = {"branch": branch, "division": division}
        first = division == DIVISIONS[branch][0]
        slug = division.lower().replace(" ", ".")
        director = address("director" if division == "Nutrition Services" else f"director.{slug}")
        if division == VACANT_DIVISION:
            director = deputy
        else:
            yield draw(role="director", email=director, supervisor_email=deputy, **place)
        for number in range(1, UNITS_A_DIVISION + 1):
            home = {**place, "unit": f"{division} Unit {number}"}
            known = division == "Nutrition Services" and number == 1
            supervisor = address("supervisor" if known else f"supervisor.{slug}.{number}")
            yield draw(role="supervisor", email=supervisor, supervisor_email=director, **home)
            for seat in range(PEOPLE_A_UNIT):
                employee = draw(supervisor_email=supervisor, **home)
                if first and number == 1 and seat < len(KNOWN[branch]):
                    employee = replace(employee, email=address(KNOWN[branch][seat]))
                yield employee

    # What the phases share

    def branch(self, name: str) -> OrgUnit:
        return OrgUnit.objects.get(kind=OrgUnit.Kind.BRANCH, name=name)

    def user(self, name: str) -> User:
        return self.users[address(name)]

    def colleagues(self, branch: str) -> Iterator[User]:
        """People of a branch who have no part in the demo yet, one from each unit in turn."""
        heads = OrgUnit.objects.exclude(head=None).values("head")
        plain = (
            User.objects.filter(unit__kind=OrgUnit.Kind.UNIT, unit__parent__parent__name=branch)
            .exclude(pk__in=heads)
            .exclude(supervises__isnull=False)
            .exclude(applications__isnull=False)
            .exclude(supervisor=self.user("supervisor"))  # kept for what waits on that supervisor
            .select_related("unit", "supervisor")
        )
        units: dict[int | None, list[User]] = {}
        for user in plain.order_by("pk"):
            units.setdefault(user.unit_id, []).append(user)
        for seat in range(PEOPLE_A_UNIT):
            for members in units.values():
                yield from members[seat : seat + 1]

    def open_cohort(
        self,
        *,
        branch: str,
        name: str,
        first_month: date,
        opens: date,
        closes: date,
        seats: int = 16,
        program: Program | None = None,
    ) -> Cohort:
        cohort = Cohort(
            program=program or self.program,
            branch=self.branch(branch),
            name=name,
            applications_open_date=opens,
            applications_close_date=closes,
            first_month=first_month,
            seats=seats,
            meeting_place="Conference room 2-104",
            contact_role="Program coordinator",
            contact_email=address("branch.office" if branch == STUDENT_BRANCH else "operations.office"),
            contact_phone="(555) 555-0100" if branch == STUDENT_BRANCH else "(555) 555-0101",
        )
        officer = self.user("branch.office" if branch == STUDENT_BRANCH else "operations.office")
        return cohorts.open_cohort(cohort=cohort, by=officer, now=staging.at(opens - timedelta(days=14)))

    def month(self, offset: int) -> date:
        """The first day of the month so many months from this one."""
        return self.now.date().replace(day=1) + relativedelta(months=offset)

    def submitted(self, cohort: Cohort, applicant: User, now: datetime) -> Application:
        application = staging.write_application(
            cohort=cohort, applicant=applicant, chance=self.chance, now=now
        )
        return staging.submit(application, now=now + timedelta(hours=1))

    def enroll(self, cohort: Cohort, users: Iterable[User]) -> None:
        """Applications that went the whole way in the weeks they were open."""
        start = staging.at(cohort.applications_open_date, cohort=cohort)
        for number, user in enumerate(users):
            now = start + timedelta(days=1 + number % 9)
            application = self.submitted(cohort, user, now)
            for day in (2, 5):
                if not application.current_step().route_step.decides:  # type: ignore[union-attr]
                    application = staging.sign(application, now=now + timedelta(days=day))
            staging.accept(application, now=now + timedelta(days=9))

    def hold_meetings(
        self,
        cohort: Cohort,
        *,
        unless: Callable[[Meeting, int], bool],
        silent: Callable[[Meeting, int], bool] = lambda meeting, number: False,
    ) -> None:
        """Everything up to now: attended and evaluated, `unless(meeting, number of the member)` says otherwise.

        `silent`: who was there and did not evaluate it.
        """
        questions = evaluations.questions_for(cohort)
        for meeting in Meeting.objects.filter(teams__cohort=cohort).order_by("date", "pk"):
            if meeting.ends_at > self.now:
                continue
            members = staging.attendance.expected(meeting)
            absent = [member for number, member in enumerate(members) if unless(meeting, number)]
            for member in staging.hold(meeting, absent=absent):
                if meeting.month == 1 and member.user.email != address("member"):  # who can do it in the demo
                    _accept_the_agreement(meeting, member)
                lately = meeting.ends_at > self.now - timedelta(days=35)
                own = lately and member.user.email == address("member")
                if not (own or silent(meeting, members.index(member))):
                    staging.evaluate(meeting, member, questions, self.chance)


def _accept_the_agreement(meeting: Meeting, member: Participant) -> None:
    team = meeting.teams.get(memberships__participant=member)
    agreement.accept(team=team, seen=agreement.digest(team), by=member.user, now=meeting.ends_at)
