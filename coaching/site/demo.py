"""Invented people and a cohort in every phase of the program, each phase on show (`manage.py demo`)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice

from dateutil.relativedelta import relativedelta
from django.contrib.auth.hashers import make_password
from django.db import transaction

from applications import drafting, sharing, workflow
from applications.models import Application, Recommendation
from certificates import approval, issuing
from certificates.models import Certificate
from coaching import cohorts, delegations, directory, esign, team_formation
from coaching.models import Cohort, Delegation, Message, OrgUnit, Program, User
from coaching.site import demo_mail, demo_paper, demo_selection, reference, staging
from coaching.site.population import MAIL_DOMAIN, Employee, Population
from meetings import evaluations
from meetings.models import Attendance, Meeting

PASSWORD = "peer-coaching-demo"  # noqa: S105 (printed for everybody; invented people only)
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
DESIGNEE = "director.special.education"  # decides for the deputy, for two weeks
VACANT_DIVISION = "Expanded Learning"  # an acting director signs there
UNITS_A_DIVISION = 2
PEOPLE_A_UNIT = 7
STAFF_HISTORY = timedelta(days=601)
ORDER_DAYS = 300


@dataclass(frozen=True)
class DemoPerson:
    """Somebody to sign in as, and what there is to see."""

    role: str
    email: str
    about: str


def _address(name: str) -> str:
    return f"{name}@{MAIL_DOMAIN}"


SIGN_IN_AS = (
    DemoPerson("Applicant", _address("applicant"), "has a draft to review, sign and send"),
    DemoPerson(
        "Supervisor", _address("supervisor"), "has two applications to sign, and a shared draft to read"
    ),
    DemoPerson("Division Director", _address("director"), "signs for the Nutrition Services division"),
    DemoPerson("Branch Deputy", _address("deputy"), "decides on applications"),
    DemoPerson("Branch office", _address("branch.office"), "runs the cohorts of the branch"),
    DemoPerson("Team member", _address("member"), "is in month five, with an evaluation to fill in"),
    DemoPerson("Graduate", _address("graduate"), "has a certificate to show"),
    DemoPerson("Superintendent", _address("superintendent"), "has a certificate to approve"),
    DemoPerson("Training office", _address("training.office"), "reads how the meetings were evaluated"),
    DemoPerson(
        "Operations branch office", _address("operations.office"), "is forming teams in another branch"
    ),
    DemoPerson("Future team member", _address("operations.member"), "is asked to agree to a team"),
    DemoPerson("Administrator", _address("admin"), "uses the administration"),
)


def people() -> tuple[DemoPerson, ...]:
    """Whom to sign in as; the password of each is PASSWORD."""
    return SIGN_IN_AS


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
            draw(role="superintendent", email=_address("superintendent")),
            draw(role="training_office", email=_address("training.office")),
            draw(role="administrator", email=_address("admin")),
        ]
        for branch, prefix in ((STUDENT_BRANCH, ""), (OPERATIONS_BRANCH, "operations.")):
            deputy = _address(f"{prefix}deputy")
            office = _address("branch.office" if not prefix else "operations.office")
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
        director = _address("director" if division == "Nutrition Services" else f"director.{slug}")
        if division == VACANT_DIVISION:
            director = deputy
        else:
            yield draw(role="director", email=director, supervisor_email=deputy, **place)
        for number in range(1, UNITS_A_DIVISION + 1):
            home = {**place, "unit": f"{division} Unit {number}"}
            known = division == "Nutrition Services" and number == 1
            supervisor = _address("supervisor" if known else f"supervisor.{slug}.{number}")
            yield draw(role="supervisor", email=supervisor, supervisor_email=director, **home)
            for seat in range(PEOPLE_A_UNIT):
                employee = draw(supervisor_email=supervisor, **home)
                if first and number == 1 and seat < len(KNOWN[branch]):
                    employee = replace(employee, email=_address(KNOWN[branch][seat]))
                yield employee

    # What the phases share

    def branch(self, name: str) -> OrgUnit:
        return OrgUnit.objects.get(kind=OrgUnit.Kind.BRANCH, name=name)

    def user(self, name: str) -> User:
        return self.users[_address(name)]

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
        self, *, branch: str, name: str, first_month: date, opens: date, closes: date, seats: int = 16
    ) -> Cohort:
        cohort = Cohort(
            program=self.program,
            branch=self.branch(branch),
            name=name,
            applications_open_date=opens,
            applications_close_date=closes,
            first_month=first_month,
            seats=seats,
            meeting_place="Conference room 2-104",
            contact_role="Program coordinator",
            contact_email=_address("branch.office" if branch == STUDENT_BRANCH else "operations.office"),
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
                if application.current_step().office != "deputy":  # type: ignore[union-attr]
                    application = staging.sign(application, now=now + timedelta(days=day))
            staging.accept(application, now=now + timedelta(days=9))

    def hold_meetings(self, cohort: Cohort, *, unless: Callable[[Meeting, int], bool]) -> None:
        """Everything up to now: attended and evaluated, `unless(meeting, number of the member)` says otherwise."""
        questions = evaluations.questions_for(cohort)
        for meeting in Meeting.objects.filter(teams__cohort=cohort).order_by("date", "pk"):
            if meeting.ends_at > self.now:
                continue
            members = staging.attendance.expected(meeting)
            absent = [member for number, member in enumerate(members) if unless(meeting, number)]
            for member in staging.hold(meeting, absent=absent):
                lately = meeting.ends_at > self.now - timedelta(days=35)
                if not (lately and member.user.email == _address("member")):
                    staging.evaluate(meeting, member, questions, self.chance)


KNOWN = {
    STUDENT_BRANCH: ("applicant", "member", "graduate"),
    OPERATIONS_BRANCH: ("operations.member",),
}


def _completed(demo: Demo) -> None:
    """Seven people in two teams: five hold certificates, one was replaced; one missed a month; one was excused late,
    and waits for the approval."""
    cohort = demo.open_cohort(
        branch=STUDENT_BRANCH,
        name=str(demo.month(-10).year),
        first_month=demo.month(-10),
        opens=demo.month(-13),
        closes=demo.month(-11) - timedelta(days=1),
    )
    demo.enroll(cohort, [demo.user("graduate"), *islice(demo.colleagues(STUDENT_BRANCH), 6)])
    officer = demo.user("branch.office")
    staging.form_teams(cohort, by=officer, seed=SEED, now=staging.at(demo.month(-11), 15, cohort=cohort))
    known = demo.user("graduate").participations.get(cohort=cohort)
    team = known.memberships.get().team_id
    demo.hold_meetings(
        cohort,
        unless=lambda meeting, number: (
            (meeting.month, number) in ((6, 0), (4, 1)) and not meeting.teams.filter(pk=team).exists()
        ),
    )
    now = staging.at(demo.month(-2), cohort=cohort) + timedelta(days=9)
    evaluations.close_evaluations(now=now)
    batch = approval.propose_batch(cohort=cohort, by=officer, now=now)
    batch = approval.submit_for_approval(batch=batch, by=officer, now=now)
    head = demo.user("superintendent")
    esign.consent(by=head, now=now)
    batch = approval.approve_batch(batch=batch, by=head, typed_name=head.name, now=now + timedelta(days=2))
    issuing.issue_batch(batch=batch, by=officer, now=now + timedelta(days=2, hours=1))
    _excuse_late(cohort, officer, now=demo.now - timedelta(days=4))
    lost = Certificate.objects.exclude(participant__user=known.user).order_by("pk").first()
    assert lost is not None
    issuing.reissue(
        certificate=lost, by=officer, reason="The holder lost the file.", now=now + timedelta(days=20)
    )


def _excuse_late(cohort: Cohort, officer: User, *, now: datetime) -> None:
    """Somebody shows afterwards why they could not come: their certificate waits for the superintendent."""
    missed = Attendance.objects.get(
        meeting__cohort=cohort, meeting__item__month=4, status=Attendance.Status.ABSENT
    )
    staging.attendance.excuse(
        meeting=missed.meeting, participant=missed.participant, reason="Jury duty.", by=officer, now=now
    )
    batch = approval.propose_batch(cohort=cohort, by=officer, now=now)
    approval.submit_for_approval(batch=batch, by=officer, now=now)


def _month_five(demo: Demo) -> None:
    """Eleven people in three teams; everything up to this month is held, one meeting was missed."""
    cohort = demo.open_cohort(
        branch=STUDENT_BRANCH,
        name=f"{demo.month(-4).year} summer",
        first_month=demo.month(-4),
        opens=demo.month(-7),
        closes=demo.month(-5) - timedelta(days=1),
    )
    demo.enroll(cohort, [demo.user("member"), *islice(demo.colleagues(STUDENT_BRANCH), 10)])
    officer = demo.user("branch.office")
    staging.form_teams(cohort, by=officer, seed=SEED, now=staging.at(demo.month(-5), 15, cohort=cohort))
    known = demo.user("member").participations.get(cohort=cohort)
    team = known.memberships.get().team_id
    demo.hold_meetings(
        cohort,
        unless=lambda meeting, number: (
            meeting.month == 3 and number == 1 and not meeting.teams.filter(pk=team).exists()
        ),
    )


def _teams(demo: Demo) -> None:
    """Thirteen people of the other branch: one team waits for answers, a draft holds the others."""
    cohort = demo.open_cohort(
        branch=OPERATIONS_BRANCH,
        name=str(demo.month(2).year),
        first_month=demo.month(2),
        opens=demo.now.date() - timedelta(days=70),
        closes=demo.now.date() - timedelta(days=20),
    )
    known = demo.user("operations.member")
    colleagues = [
        each for each in demo.colleagues(OPERATIONS_BRANCH) if each.supervisor_id != known.supervisor_id
    ]
    demo.enroll(cohort, [known, *colleagues[:12]])
    officer, now = demo.user("operations.office"), demo.now - timedelta(days=3)
    draft = team_formation.start_by_hand(cohort=cohort, by=officer, now=now)
    first = [known.participations.get(cohort=cohort)]
    divisions = {first[0].division_id}
    for participant in cohort.participants.order_by("pk"):
        if participant.division_id not in divisions or len(divisions) == len(DIVISIONS[OPERATIONS_BRANCH]):
            divisions.add(participant.division_id)
            first.append(participant)
        if len(first) == 4:
            break
    for participant in first:
        draft = team_formation.place(
            proposal=draft, participant=participant, team=1, version=draft.version, by=officer, now=now
        )
    [team] = team_formation.publish(proposal=draft, by=officer, now=now)
    for consent in team.changes.get().consents.exclude(participant=first[0]):
        staging.team_agreement.answer(
            consent=consent, agree=True, by=consent.participant.user, now=now + timedelta(days=1)
        )
    staging.propose_teams(cohort, by=officer, seed=SEED, now=now + timedelta(days=2))


def _open(demo: Demo) -> None:
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


def _review(demo: Demo) -> None:
    """In the open cohort: applications that wait on each signer, and one with every other outcome."""
    if not is_loaded("open"):
        _open(demo)
    cohort = demo.user("applicant").applications.earliest("pk").cohort
    _name_designee(demo)
    free = list(demo.colleagues(STUDENT_BRANCH))
    staff = User.objects.filter(supervisor=demo.user("supervisor"), applications=None).order_by("pk")
    of_supervisor = list(staff.exclude(email__in=[_address(name) for name in KNOWN[STUDENT_BRANCH]])[:4])
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
    demo_paper.show(cohort, officer=officer, people=others, chance=demo.chance, now=demo.now)


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


def _fill_vacancy(demo: Demo) -> None:
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


LOADERS: dict[str, Callable[[Demo], None]] = {
    "completed": _completed,
    "month_five": _month_five,
    "teams": _teams,
    "open": _open,
    "review": _review,
    "selection": partial(demo_selection.load, branch=STUDENT_BRANCH),
}
PHASES = tuple(LOADERS)
# Whose application shows that a phase is there; of the last one, the designee tells.
APPLICANTS = {
    "completed": "graduate",
    "month_five": "member",
    "teams": "operations.member",
    "open": "applicant",
}
RECENT = timedelta(days=30)


def is_loaded(phase: str) -> bool:
    """A phase is loaded whole or not at all, so one of its traces tells."""
    if phase == "selection":
        return Recommendation.objects.exists()
    if phase in APPLICANTS:
        return Application.objects.filter(applicant__email=_address(APPLICANTS[phase])).exists()
    return Delegation.objects.filter(
        kind=Delegation.Kind.DELEGATE, person__email=_address(DESIGNEE), principal__email=_address("deputy")
    ).exists()


def load(*, phases: Iterable[str], now: datetime) -> list[str]:
    """Load these phases; those that are there already stay as they are. Returns the ones that were new.

    Each phase is one transaction: a loading that was ended midway goes on with the next call.
    """
    missing = [phase for phase in phases if not is_loaded(phase)]
    if not missing:
        return []
    with transaction.atomic():
        demo = Demo(now=now)
        _fill_vacancy(demo)
    for phase in missing:
        with transaction.atomic():
            LOADERS[phase](demo)
            # Mail of months ago would only bury what people do now.
            Message.objects.filter(status=Message.Status.PENDING, due_at__lt=now - RECENT).update(
                status=Message.Status.DROPPED, error="Older than the demo."
            )
            if phase == "open":
                demo_mail.leave_undelivered(STUDENT_BRANCH)
    return missing
