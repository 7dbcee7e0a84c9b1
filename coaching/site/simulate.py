"""A whole program in one go: drives a cohort from drafts to certificates and counts what happened."""

import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec

from applications import drafting, waitlist, workflow
from applications.models import Application
from certificates import approval, eligibility, issuing, seal_keys
from certificates.models import Certificate
from certificates.sealing import Seal
from coaching import cohorts, esign, team_agreement, team_formation, team_problem
from coaching.models import Cohort, OrgUnit, Participant, Program, Team, User
from coaching.site import lifecycle, staging
from coaching.site.population import DIVISIONS, Employee, Population
from meetings import attendance, evaluations
from meetings.models import Attendance, Meeting

# The calendar of every simulation, so that the same seed gives the same program on any day.
STAFF_DATE = date(2024, 9, 2)
OPEN_DATE = date(2024, 10, 1)
CLOSE_DATE = date(2024, 11, 29)
DECISION_DATE = date(2024, 12, 12)
TEAMS_DATE = date(2025, 1, 7)
FIRST_MONTH = date(2025, 2, 1)
BATCH_DATE = date(2025, 10, 20)
PEOPLE_A_UNIT = 4

# How likely things are; invented, so that every road of the program is walked.
STAYS_A_DRAFT = 0.03
RETURNED = 0.06
DECLINED = 0.03
WITHDRAWN = 0.03
NOT_SELECTED = 0.05
LEAVES_EARLY = 0.03
DECLINES_TEAM = 0.04
LEAVES_LATER = 0.02
ABSENT = 0.06
MAKES_UP = 0.6
REMOTE = 0.15
EVALUATES = 0.985
SEATS = 0.7


@dataclass
class Simulation:
    """One program, its people and its dice; `run()` returns the counts."""

    applicants: int
    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    signed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.population = Population(seed=self.seed)
        self.chance: Random = self.population.chance

    def run(self, program: Program) -> dict[str, object]:
        """Play everything and count it from the database."""
        people = self._staff()
        self.cohort = self._open(program)
        self.offices = list(program.route.values_list("office", flat=True))
        applications = [self._apply(user, number) for number, user in enumerate(people)]
        self._decide([each for each in applications if each])
        self._form_teams()
        self._meet()
        self._certify()
        return self._counted()

    def _staff(self) -> list[User]:
        """A department with one branch; returns those who will apply, in the order of their mail addresses."""
        rows, applicants = self._rows()
        users = staging.load_staff(rows, now=staging.at(STAFF_DATE))
        self.officer = users["branch.office@demo.example"]
        return [users[row.email] for row in applicants]

    def _rows(self) -> tuple[list[Employee], list[Employee]]:
        draw = self.population.employee
        branch = {"branch": "Simulated Branch"}
        rows = [
            draw(role="superintendent", email="superintendent@demo.example"),
            draw(role="deputy", email="deputy@demo.example", **branch),
            draw(role="branch_office", email="branch.office@demo.example", **branch),
        ]
        applicants: list[Employee] = []
        units = -(-self.applicants // PEOPLE_A_UNIT)
        divisions = DIVISIONS[: max(3, min(len(DIVISIONS), units // 2))]
        for number, division in enumerate(divisions):
            place = {**branch, "division": division}
            rows.append(
                draw(
                    role="director",
                    email=f"director.{number}@demo.example",
                    supervisor_email="deputy@demo.example",
                    **place,
                )
            )
        for number in range(units):
            home = number % len(divisions)
            place = {**branch, "division": divisions[home], "unit": f"Unit {number + 1}"}
            supervisor = f"supervisor.{number}@demo.example"
            director = f"director.{home}@demo.example"
            rows.append(draw(role="supervisor", email=supervisor, supervisor_email=director, **place))
            for _ in range(min(PEOPLE_A_UNIT, self.applicants - len(applicants))):
                email = f"employee.{len(applicants)}@demo.example"
                applicants.append(draw(email=email, supervisor_email=supervisor, **place))
        return rows + applicants, applicants

    def _open(self, program: Program) -> Cohort:
        cohort = Cohort(
            program=program,
            branch=OrgUnit.objects.get(kind=OrgUnit.Kind.BRANCH, name="Simulated Branch"),
            name=f"Simulated {self.seed}",
            applications_open_date=OPEN_DATE,
            applications_close_date=CLOSE_DATE,
            first_month=FIRST_MONTH,
            seats=max(program.min_team_size, round(self.applicants * SEATS)),
            contact_role="Program coordinator",
            contact_email="coaching@demo.example",
            contact_phone="(555) 555-0100",
        )
        return cohorts.open_cohort(cohort=cohort, by=self.officer, now=staging.at(STAFF_DATE, 12))

    # Applications

    def _happens(self, likelihood: float) -> bool:
        return self.chance.random() < likelihood

    def _apply(self, user: User, number: int) -> Application | None:
        """Write, submit and sign up to whoever decides; None when it ended before."""
        now = staging.at(OPEN_DATE + timedelta(days=number % 30), cohort=self.cohort)
        application = staging.write_application(
            cohort=self.cohort, applicant=user, chance=self.chance, now=now
        )
        if self._happens(STAYS_A_DRAFT):
            return None
        staging.submit(application, now=now + timedelta(hours=1))
        for office in self.offices[:-1]:
            now += timedelta(days=3)
            if not self._signed_by(application, office, now):
                return None
        return application

    def _signed_by(self, application: Application, office: str, now: datetime) -> bool:
        """One office acts: it signs, perhaps after a return, or declines; or the applicant withdraws."""
        signer = staging.waits_on(application)
        if self._happens(WITHDRAWN):
            workflow.withdraw(application=application, by=application.applicant, now=now)
            return False
        if self._happens(DECLINED):
            workflow.decline(
                application=application,
                by=signer,
                reason="The unit cannot spare the time this year.",
                now=now,
            )
            return False
        if self._happens(RETURNED):
            self._return_and_resubmit(application, signer, now)
        staging.sign(application, now=now + timedelta(hours=4))
        self.signed[office] += 1
        application.refresh_from_db()
        return True

    def _return_and_resubmit(self, application: Application, signer: User, now: datetime) -> None:
        """A changed text voids what was signed, so earlier offices sign again (A9)."""
        workflow.return_for_changes(
            application=application, by=signer, comment="Please say how the outcome is measured.", now=now
        )
        self.counts["returned"] += 1
        application.refresh_from_db()
        staging.change_measure(application, "Counted monthly by the unit.", now=now + timedelta(hours=1))
        application = staging.submit(application, now=now + timedelta(hours=2))
        while staging.waits_on(application) != signer:
            application = staging.sign(application, now=now + timedelta(hours=3))

    def _decide(self, applications: list[Application]) -> None:
        """The deputy chooses, accepting while there are seats, and releases; then the waitlist gets what frees up."""
        now = staging.at(DECISION_DATE, cohort=self.cohort)
        free = self.cohort.seats
        for application in applications:
            self.signed[self.offices[-1]] += 1
            if self._happens(NOT_SELECTED):
                reason = "The project has just begun elsewhere."
                staging.choose(application, Application.Status.NOT_SELECTED, now=now, reason=reason)
            elif not free:
                reason = "All seats are taken."
                staging.choose(application, Application.Status.WAITLISTED, now=now, reason=reason)
            else:
                staging.choose(application, Application.Status.ACCEPTED, now=now)
                free -= 1
        if not applications:
            return
        deputy = staging.decider(applications[0])
        staging.release(self.cohort, by=deputy, now=now + timedelta(days=1))
        self._some_leave(LEAVES_EARLY, now + timedelta(days=5))
        if self._fill_seats(now + timedelta(days=6)):
            staging.release(self.cohort, by=deputy, now=now + timedelta(days=7))

    def _fill_seats(self, now: datetime) -> int:
        """The office asks in its order while seats are free; everybody wants one. Returns how many the deputy accepts."""
        asked = 0
        while application := waitlist.next_to_ask(self.cohort):
            day = drafting.today_of(self.cohort, now)
            waitlist.ask(application=application, asked_date=day, by=self.officer, now=now)
            waitlist.answer(application=application, wants=True, by=self.officer, now=now)
            staging.choose(application, Application.Status.ACCEPTED, now=now)
            asked += 1
        return asked

    def _present(self):
        return self.cohort.participants.exclude(status=Participant.Status.LEFT)

    def _some_leave(self, likelihood: float, now: datetime) -> None:
        for participant in list(self.cohort.participants.active().select_related("user").order_by("pk")):
            if self._happens(likelihood):
                lifecycle.leave(
                    participant=participant,
                    reason="Moved to another department.",
                    by=participant.user,
                    now=now,
                )

    # Teams and meetings

    def _form_teams(self) -> None:
        """Propose, ask, and propose again to those whose team was declined; the third time everybody agrees."""
        now = staging.at(TEAMS_DATE, cohort=self.cohort)
        for attempt in range(3):
            if not team_problem.available(self.cohort):
                break
            proposal = staging.propose_teams(self.cohort, by=self.officer, seed=self.seed + attempt, now=now)
            if not proposal.document["teams"]:
                team_formation.discard(proposal=proposal, by=self.officer, now=now)
                break
            for team in team_formation.publish(proposal=proposal, by=self.officer, now=now):
                self._agree(team, now + timedelta(days=1), last=attempt == 2)
            now += timedelta(days=4)

    def _agree(self, team: Team, now: datetime, *, last: bool) -> None:
        members = team.memberships.order_by("participant").values_list("participant", flat=True)
        refusing = {
            pk: "I would rather work with people I do not know."
            for pk in members
            if self._happens(DECLINES_TEAM)
        }
        if staging.answer_all(team, now=now, declines={} if last else refusing):
            lifecycle.confirm_team(team=team, by=self.officer, now=now + timedelta(hours=1))
        else:
            self.counts["teams_declined"] += 1
            team_agreement.dissolve(
                team=team, by=self.officer, reason="A member declined.", now=now + timedelta(hours=1)
            )

    def _meet(self) -> None:
        questions = evaluations.questions_for(self.cohort)
        teams = list(self.cohort.teams.filter(status=Team.Status.CONFIRMED).order_by("number"))
        for month in range(1, self.cohort.months + 1):
            for team in teams:
                for meeting in list(Meeting.objects.filter(teams=team, month=month).order_by("date", "pk")):
                    self._hold(team, meeting, questions)
            self._some_leave(
                LEAVES_LATER / self.cohort.months,
                staging.at(FIRST_MONTH + timedelta(days=30 * month), cohort=self.cohort),
            )
        evaluations.close_evaluations(now=staging.at(BATCH_DATE, cohort=self.cohort))

    def _hold(self, team: Team, meeting: Meeting, questions: list) -> None:
        members = attendance.expected(meeting)
        if not members:
            return
        absent = [member for member in members if self._happens(ABSENT)]
        remote = [member for member in members if self._happens(REMOTE)]
        staging.hold(meeting, absent=absent, remote=remote)
        self._evaluate(meeting, [member for member in members if member not in absent], questions)
        if absent and len(absent) < len(members) and self._happens(MAKES_UP):
            extra = staging.make_up(team, meeting, by=members[0].user)
            if extra:
                self.counts["extra_meetings"] += 1
                staging.hold(extra)
                self._evaluate(extra, members, questions)

    def _evaluate(self, meeting: Meeting, there: list[Participant], questions: list) -> None:
        for member in there:
            if self._happens(EVALUATES):
                staging.evaluate(meeting, member, questions, self.chance)
                self.counts["evaluations"] += 1

    # Certificates

    def _certify(self) -> None:
        now = staging.at(BATCH_DATE, cohort=self.cohort)
        self.refused: Counter[str] = Counter()
        for row in eligibility.completion_list(self.cohort, today=BATCH_DATE):
            self.refused.update(
                sorted({reason.code.value for reason in row.standing.reasons}) if row.missing else []
            )
        if not eligibility.eligible(self.cohort, today=BATCH_DATE):
            return
        batch = approval.propose_batch(cohort=self.cohort, by=self.officer, now=now)
        batch = approval.submit_for_approval(batch=batch, by=self.officer, now=now)
        head = self.cohort.branch.parent.head  # type: ignore[union-attr]
        assert head is not None
        esign.consent(by=head, now=now)
        batch = approval.approve_batch(
            batch=batch, by=head, typed_name=head.name, now=now + timedelta(days=1)
        )
        key = ec.generate_private_key(seal_keys.CURVE)  # one of its own time, which the site's may not cover
        made = seal_keys.make(
            name="Simulated department", password=secrets.token_urlsafe(), years=1, now=now, key=key
        )
        seal = Seal(seal_keys.FileKey(key), made.chain)
        issuing.issue_batch(batch=batch, by=self.officer, now=now + timedelta(days=1, hours=1), seal=seal)

    def _counted(self) -> dict[str, object]:
        statuses = Counter(self.cohort.applications.values_list("status", flat=True))
        people = Counter(self.cohort.participants.values_list("status", flat=True))
        sizes = Counter(
            str(team.memberships.filter(ended_at=None).count())
            for team in self.cohort.teams.filter(status=Team.Status.CONFIRMED)
        )
        marks = Attendance.objects.filter(participant__cohort=self.cohort).values_list("status", flat=True)
        held = Meeting.objects.filter(teams__cohort=self.cohort, attendance__isnull=False).distinct()
        return {
            "applied": self.cohort.applications.submitted().count(),
            "drafts": statuses["draft"],
            "signed": {office: self.signed[office] for office in self.offices},
            "returned": self.counts["returned"],
            "declined": statuses["declined"],
            "withdrawn": statuses["withdrawn"],
            "accepted": statuses["accepted"],
            "waitlisted": statuses["waitlisted"],
            "not_selected": statuses["not_selected"],
            "participants_left": people["left"],
            "teams": dict(sorted(sizes.items())),
            "teams_declined": self.counts["teams_declined"],
            "without_team": len(team_problem.available(self.cohort)),
            "meetings_held": held.count(),
            "extra_meetings": self.counts["extra_meetings"],
            "attendance": dict(sorted(Counter(marks).items())),
            "evaluations": self.counts["evaluations"],
            "certificates": Certificate.objects.filter(participant__cohort=self.cohort).count(),
            "refused": dict(sorted(self.refused.items())),
        }
