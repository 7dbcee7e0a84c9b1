"""A department on a working day, with something to do on every kind of page: as many times as a test needs it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.urls import reverse

from applications.models import Application
from certificates.approval import approve_batch, propose_batch, submit_for_approval
from certificates.models import Batch, Certificate
from coaching.models import Cohort, Message, SignOff, User
from coaching.site import due
from meetings import evaluations, laying_out
from meetings.models import Attendance, EvaluationReceipt, Meeting, Question
from tests import factories
from tests.applications import factories as papers
from tests.cast import Cast
from tests.certificates.history import hold_meetings
from tests.clock import NOW
from tests.faults.machines import Answer, Machines

BEFORE = NOW - timedelta(days=220)


@dataclass
class Scene:
    cast: Cast

    def __post_init__(self) -> None:
        self.supervisor, self.officer = self.cast.supervisor, self.cast.branch_officer
        self.meeting, self.member = self._meeting()

    def settled(self) -> None:
        """Everything that was due until now is done."""
        due.send_due(now=NOW)
        Message.objects.all().delete()

    def _cohort(self, first_month: date) -> Cohort:
        return factories.cohort(
            self.cast.program,
            self.cast.org.branch,
            by=self.officer,
            applications_open_date=date(2026, 1, 1),
            applications_close_date=date(2026, 1, 31),
            first_month=first_month,
        )

    def _team(self, cohort: Cohort) -> Any:
        people = [
            factories.participant(
                cohort, factories.person(unit=self.cast.org.unit, supervisor=self.supervisor)
            )
            for _ in range(3)
        ]
        team = factories.confirmed_team(cohort, people, by=self.officer)
        team.memberships.update(joined_at=BEFORE)
        return team

    def _meeting(self) -> tuple[Meeting, User]:
        """Of last week; nobody has written down yet who was there."""
        team = self._team(self._cohort(date(2026, 5, 1)))
        held = [
            each for each in laying_out.lay_out_meetings(team=team, by=None, now=BEFORE) if each.ends_at < NOW
        ]
        return held[-1], team.memberships.first().participant.user

    def application(self) -> Application:
        """One that waits for its supervisor."""
        whom = factories.person(unit=self.cast.org.unit, supervisor=self.supervisor)
        return papers.submitted(whom, self.cast.cohort)

    def batch(self) -> Batch:
        """A list of three certificates that was approved."""
        cohort = self._cohort(date(2026, 3, 1))
        hold_meetings(self._team(cohort), now=NOW)
        batch = propose_batch(cohort=cohort, by=self.officer, now=NOW)
        submit_for_approval(batch=batch, by=self.officer, now=NOW)
        by = self.cast.org.superintendent
        return approve_batch(batch=batch, by=by, typed_name=by.name, now=NOW)

    # What people do, each on their page

    def sign(self, machines: Machines, application: Application) -> Answer:
        fields = {
            "typed_name": self.supervisor.name,
            "text_id": application.current_text_id,
            "concept_supervisor": "2026-11-04",
        }
        return machines.visitor(self.supervisor).post(reverse("approval_sign", args=[application.pk]), fields)

    def take_attendance(self, machines: Machines) -> Answer:
        address = reverse("meeting_attendance", args=[self.meeting.pk])
        return machines.visitor(self.member).post(address, {"everybody": "yes"})

    def evaluate(self, machines: Machines) -> Answer:
        answers = {
            f"question_{each.pk}": 4 if each.kind == Question.Kind.RATING else "Well led."
            for each in evaluations.questions_for(self.meeting.cohort)
        }
        return machines.visitor(self.member).post(
            reverse("meeting_evaluation", args=[self.meeting.pk]), answers
        )

    def issue(self, machines: Machines, batch: Batch) -> Answer:
        return machines.visitor(self.officer).post(reverse("certificate_issue", args=[batch.pk]), {})

    # What stands afterwards

    def is_signed(self, application: Application) -> bool:
        return SignOff.objects.filter(text=application.current_text_id, signer=self.supervisor).exists()

    def is_attended(self) -> bool:
        return Attendance.objects.filter(meeting=self.meeting, status="present").count() == 3

    def is_evaluated(self) -> bool:
        return EvaluationReceipt.objects.filter(meeting=self.meeting, participant__user=self.member).exists()

    def issued(self, batch: Batch) -> int:
        return Certificate.objects.filter(batch=batch).count()
