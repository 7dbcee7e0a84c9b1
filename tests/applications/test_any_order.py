"""Whatever happens in whatever order, no application gets where the program's rules forbid it to be (A3, A7–A11, F3)."""

from collections import Counter, defaultdict
from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from applications import closing, drafting, paper, reassigning, releasing, workflow
from applications.models import Application, Choice, Decision, ReviewStep
from applications.models.selection import Outcome
from coaching import delegations, signing
from coaching.errors import Refused
from coaching.models import (
    AuditEvent,
    Cohort,
    Delegation,
    Message,
    OrgUnit,
    Participant,
    SignedText,
    SignOff,
    User,
)
from tests import factories
from tests.applications.factories import choose, draft, release, submit
from tests.applications.test_paper import SCAN
from tests.clock import NOW
from tests.walking import walk

Status = Application.Status
SEATS = 3
WAYS = {
    Status.DRAFT: {Status.IN_REVIEW, Status.WITHDRAWN},
    Status.IN_REVIEW: {
        Status.RETURNED,
        Status.DECLINED,
        Status.ACCEPTED,
        Status.WAITLISTED,
        Status.NOT_SELECTED,
        Status.WITHDRAWN,
        Status.CLOSED,
    },
    Status.RETURNED: {Status.IN_REVIEW, Status.WITHDRAWN, Status.CLOSED},
    Status.WAITLISTED: {Status.ACCEPTED, Status.NOT_SELECTED, Status.WITHDRAWN},  # F3: until the decision
}
DECIDED = (Status.ACCEPTED, Status.WAITLISTED, Status.NOT_SELECTED)


def may_sign(step: ReviewStep | None, by: User, day: date) -> bool:
    """A9, told apart from the code that keeps it: whose signature can stand at this step that day."""
    if step is None or by == step.application.applicant:
        return False
    orders = [each for each in Delegation.objects.filter(person=by) if _lasts(each, day)]
    principals = {step.signer_id, step.holder_id} - {None}
    # Somebody acts in the post, or did: whoever heads it now has delegates, too.
    if step.delegation_id and step.unit_id:
        principals |= {step.unit.head_id} - {None}
    stands_in = any(
        each.principal_id in principals or (step.unit_id and each.unit_id == step.unit_id) for each in orders
    )
    heads_post = step.delegation_id and step.unit_id and step.unit.head_id == by.pk
    return by.pk in (step.signer_id, step.holder_id) or bool(heads_post) or stands_in


def _lasts(order: Delegation, day: date) -> bool:
    return order.start_date <= day <= order.end_date and not order.ended_at


class AnyOrder(RuleBasedStateMachine):
    """Two divisions with everybody who can sign, four people who apply, and time that passes."""

    applications = Bundle("applications")

    def __init__(self) -> None:
        super().__init__()
        self.around = transaction.atomic()
        self.around.__enter__()
        self.now: datetime = NOW
        self.was: dict[int, str] = {}
        self.cohort = Cohort.objects.get()
        Cohort.objects.filter(pk=self.cohort.pk).update(seats=SEATS)
        branch = self.cohort.branch
        self.division = OrgUnit.objects.get(name="Nutrition Division")
        unit = self.division.children.get()
        director, deputy = self.division.head, branch.head
        lead = factories.person("Sonia Lead", unit=unit, supervisor=director)
        staff = [
            factories.person(unit=unit, supervisor=lead),
            factories.person(unit=unit, supervisor=director),
        ]
        # A9: who supervises, directs or decides may apply, too.
        self.applicants = [*staff, lead, director, deputy]
        others = [factories.person("Stella Standin", unit=branch), factories.person("Omar Other", unit=unit)]
        self.officer = User.objects.get(name="Bo Branchoffice")
        self.everybody = [*self.applicants, branch.parent.head, *others, self.officer]

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)

    @property
    def day(self) -> date:
        return drafting.today_of(self.cohort, self.now)

    def person(self, number: int) -> User:
        people = self.everybody
        return User.objects.get(pk=people[number % len(people)].pk)

    who = st.integers(min_value=0, max_value=99)

    # What people do. It may be refused; nothing else may be raised.

    @initialize(target=applications, far=st.lists(st.integers(0, 4), min_size=5, max_size=5))
    def they_have_begun(self, far: list[int]) -> MultipleResults[int | None]:
        """All have a draft, and some are on their way already, or accepted."""
        begun = [self.begin(number) for number in range(len(self.applicants))]
        for pk, times in zip(begun, far, strict=True):
            self.go_on_as_asked(pk, times)
        self.states_follow_one_another_as_they_may()
        self.the_deputy_releases()
        return multiple(*begun)

    @rule(target=applications, number=st.integers(0, 4))
    def begin_again(self, number: int) -> int | None:
        return self.begin(number)

    def begin(self, number: int) -> int | None:
        person = User.objects.get(pk=self.applicants[number].pk)
        try:
            with transaction.atomic():
                return draft(person, self.cohort, now=self.now).pk
        except Refused:
            mine = Application.objects.standing().filter(applicant=person).first()
            return mine.pk if mine else None

    def attempt(self, pk: int | None, act, *args: object) -> None:
        application = Application.objects.filter(pk=pk or 0).first()
        if application is None:
            return
        with suppress(Refused), transaction.atomic():
            act(application, *args)

    @rule(pk=applications, title=st.sampled_from(["One form", "Another form"]))
    def change(self, pk: int | None, title: str) -> None:
        def save(application: Application) -> None:
            answers = {"project_title": title}
            by = application.applicant
            drafting.save_answers(application=application, by=by, answers=answers, now=self.now)

        self.attempt(pk, save)

    @rule(pk=applications)
    def send(self, pk: int | None) -> None:
        self.attempt(pk, lambda application: submit(application, now=self.now))

    @rule(pk=applications, who=who)
    def sign(self, pk: int | None, who: int) -> None:
        self.attempt(pk, self.sign_as, self.person(who))

    @rule(pk=applications, times=st.integers(1, 3))
    def go_on_as_asked(self, pk: int | None, times: int) -> None:
        """Whoever it waits on does what they are asked: so that applications get far."""
        for _ in range(times):
            application = Application.objects.filter(pk=pk or 0).first()
            step = application and application.current_step()
            if application and application.is_editable:
                self.send(pk)
            elif step and step.route_step.decides:
                self.attempt(pk, self.choose_as, step.signer, Outcome.ACCEPTED)
            elif step:
                self.attempt(pk, self.sign_as, step.signer)

    @rule(pk=applications, comment=st.sampled_from(["", "Say more."]), ends=st.booleans())
    def refuse_as_asked(self, pk: int | None, comment: str, ends: bool) -> None:
        step = ReviewStep.objects.current().filter(application=pk or 0).first()
        if step:
            self.attempt(pk, self.decline_as if ends else self.give_back_as, step.signer, comment)

    @rule(pk=applications, outcome=st.sampled_from(Outcome.values))
    def choose_as_asked(self, pk: int | None, outcome: str) -> None:
        for step in ReviewStep.objects.to_act_on().filter(application=pk or 0, route_step__decides=True):
            self.attempt(pk, self.choose_as, step.signer, outcome)

    def sign_as(self, application: Application, by: User) -> None:
        step = application.current_step()
        workflow.sign(application=application, by=by, typed_name=by.name, now=self.now)
        assert may_sign(step, by, self.day)

    @rule(pk=applications, who=who, outcome=st.sampled_from(Outcome.values))
    def choose(self, pk: int | None, who: int, outcome: str) -> None:
        self.attempt(pk, self.choose_as, self.person(who), outcome)

    def choose_as(self, application: Application, by: User, outcome: str) -> None:
        step = application.current_step() or application.route().filter(route_step__decides=True).first()
        choose(application, by, outcome, now=self.now)
        assert may_sign(step, by, self.day)

    @rule(outcome=st.sampled_from(Outcome.values))
    def all_that_wait_are_decided(self, outcome: str) -> None:
        """The waitlist is decided with the others: only so does anybody get from it."""
        for pk in Application.objects.order_by("pk").values_list("pk", flat=True):
            self.choose_as_asked(pk, outcome)
        self.the_deputy_releases()

    @rule(who=who)
    def release(self, who: int) -> None:
        self.release_as(self.person(who))

    @rule()
    def the_deputy_releases(self) -> None:
        self.release_as(self.cohort.branch.head)

    def release_as(self, by: User) -> None:
        with suppress(Refused), transaction.atomic():
            listed = releasing.bundle(self.cohort, by, now=self.now).listed
            release(self.cohort, by, listed=listed, now=self.now)

    @rule(pk=applications, who=who, reason=st.sampled_from(["", "Moved on."]))
    def a_step_is_given_to_somebody_else(self, pk: int | None, who: int, reason: str) -> None:
        def act(application: Application, to: User) -> None:
            for step in application.review_steps.filter(status="pending").order_by("-position")[:1]:
                reassigning.reassign(step=step, to=to, reason=reason, by=self.officer, now=self.now)
                assert reason
                assert to not in (application.applicant, self.officer)

        self.attempt(pk, act, self.person(who))

    @rule(pk=applications, who=who)
    def somebody_signed_on_paper(self, pk: int | None, who: int) -> None:
        def act(application: Application, signer: User) -> None:
            step = application.current_step()
            paper.record_signature(
                application=application,
                signature=paper.PaperSignature(signer, self.day),
                attested=paper.Attested(SCAN, self.officer.name),
                by=self.officer,
                now=self.now,
            )
            assert may_sign(step, signer, self.day)

        self.attempt(pk, act, self.person(who))

    @rule(pk=applications)
    def it_is_closed_without_a_decision(self, pk: int | None) -> None:
        def act(application: Application) -> None:
            closing.close(applications=[application], reason="Too late.", by=self.officer, now=self.now)
            assert self.day > self.cohort.applications_close_date

        self.attempt(pk, act)

    @rule(pk=applications, who=who, comment=st.sampled_from(["", "Say more."]))
    def give_back(self, pk: int | None, who: int, comment: str) -> None:
        self.attempt(pk, self.give_back_as, self.person(who), comment)

    def give_back_as(self, application: Application, by: User, comment: str) -> None:
        step = application.current_step()
        workflow.return_for_changes(application=application, by=by, comment=comment, now=self.now)
        assert comment
        assert may_sign(step, by, self.day)

    @rule(pk=applications, who=who, reason=st.sampled_from(["", "Not this year."]))
    def decline(self, pk: int | None, who: int, reason: str) -> None:
        self.attempt(pk, self.decline_as, self.person(who), reason)

    def decline_as(self, application: Application, by: User, reason: str) -> None:
        step = application.current_step()
        workflow.decline(application=application, by=by, reason=reason, now=self.now)
        assert reason
        assert may_sign(step, by, self.day)

    @rule(pk=applications, who=who)
    def withdraw(self, pk: int | None, who: int) -> None:
        def act(application: Application, by: User) -> None:
            workflow.withdraw(application=application, by=by, now=self.now)
            assert by == application.applicant

        self.attempt(pk, act, self.person(who))

    @rule(pk=applications, sure=st.sampled_from([False, False, False, True]))
    def withdraw_own(self, pk: int | None, sure: bool) -> None:
        if sure:
            self.attempt(
                pk, lambda each: workflow.withdraw(application=each, by=each.applicant, now=self.now)
            )

    # What happens around them.

    @rule(days=st.integers(0, 12))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days, hours=7)

    @rule(sure=st.sampled_from([False, False, False, True]))
    def the_deadline_passes(self, sure: bool) -> None:
        if sure:
            left = self.cohort.applications_close_date - self.day
            self.now += max(left + timedelta(days=1), timedelta())

    @rule(principal=who, person=who, days=st.integers(0, 9), kind=st.sampled_from(Delegation.Kind.values))
    def somebody_stands_in(self, principal: int, person: int, days: int, kind: str) -> None:
        head, other = self.person(principal), self.person(person)
        with suppress(Refused), transaction.atomic():
            delegations.record(
                kind=kind,
                person=other,
                principal=head,
                unit=OrgUnit.objects.filter(head=head).first(),
                reason="Leave.",
                start_date=self.day,
                end_date=self.day + timedelta(days=days),
                by=head if kind == Delegation.Kind.DELEGATE else self.officer,
                now=self.now,
            )

    @rule(who=who)
    def the_division_gets_another_head(self, who: int) -> None:
        OrgUnit.objects.filter(pk=self.division.pk).update(head=self.person(who))

    @rule()
    def the_division_has_no_head(self) -> None:
        OrgUnit.objects.filter(pk=self.division.pk).update(head=None)

    @rule(number=st.integers(0, 4), who=who)
    def somebody_gets_another_supervisor(self, number: int, who: int) -> None:
        person, supervisor = self.applicants[number], self.person(who)
        if person != supervisor:
            User.objects.filter(pk=person.pk).update(supervisor=supervisor)

    @rule(who=who, active=st.booleans())
    def somebody_goes_or_comes_back(self, who: int, active: bool) -> None:
        User.objects.filter(pk=self.person(who).pk).update(is_active=active)

    # What must hold after each of it.

    @invariant()
    def states_follow_one_another_as_they_may(self) -> None:
        for pk, status in Application.objects.values_list("pk", "status"):
            before = self.was.get(pk, Status.DRAFT)
            assert status == before or status in WAYS.get(Status(before), ()), f"{before} → {status}"
            self.was[pk] = status

    @invariant()
    def a_choice_has_decided_nothing(self) -> None:
        """A11: until it is released. What was withdrawn or closed meanwhile stands in the way of the release."""
        for each in Choice.objects.select_related("application"):
            assert each.application.status not in (Status.ACCEPTED, Status.NOT_SELECTED)
            if each.application.status not in (Status.IN_REVIEW, Status.WAITLISTED):
                assert releasing.why_stale(each)

    @invariant()
    def an_application_waits_at_one_place_or_none(self) -> None:
        waiting = Counter(ReviewStep.objects.current().order_by().values_list("application", flat=True))
        reviewed = Application.objects.filter(status=Status.IN_REVIEW).order_by()
        assert waiting == Counter(reviewed.values_list("pk", flat=True))

    @invariant()
    def no_step_is_skipped(self) -> None:
        """A9: whatever stands signed, all before it is signed; and what is decided is signed by all."""
        routes: dict[int, list[bool]] = defaultdict(list)
        steps = ReviewStep.objects.current_round().exclude(status="superseded").order_by("position")
        for application, status in steps.values_list("application", "status"):
            routes[application].append(status == ReviewStep.Status.SIGNED)
        assert all(signed == sorted(signed, reverse=True) for signed in routes.values())
        decided = Application.objects.filter(status__in=DECIDED).order_by()
        assert all(routes[each] == [True] * 3 for each in decided.values_list("pk", flat=True))

    @invariant()
    def nobody_signs_their_own(self) -> None:
        """A9: but as the applicant, once for each text."""
        texts = SignedText.objects.filter(kind=SignedText.Kind.APPLICATION).order_by()
        applicants = dict(ReviewStep.objects.order_by().values_list("text", "application__applicant"))
        own = {pk: [] for pk in texts.values_list("pk", flat=True)}
        sign_offs = SignOff.objects.filter(text__in=texts).order_by()
        for text, signer, behind, capacity in sign_offs.values_list(
            "text", "signer", "on_behalf_of", "capacity"
        ):
            assert behind != applicants[text]
            if signer == applicants[text]:
                own[text].append(capacity)
        assert all(capacities == ["Applicant"] for capacities in own.values())
        assert all(digest == signing.digest(text) for digest, text in texts.values_list("digest", "text"))

    @invariant()
    def who_is_accepted_takes_part_and_has_a_seat(self) -> None:
        accepted = set(Application.objects.filter(status=Status.ACCEPTED).values_list("applicant", flat=True))
        assert accepted == set(Participant.objects.values_list("user", flat=True))
        assert len(accepted) <= SEATS

    @invariant()
    def everybody_is_told_of_each_outcome_once(self) -> None:
        """A11."""
        told = Message.objects.filter(kind="application_outcome")
        assert sorted(each.ids["decision"] for each in told) == sorted(
            Decision.objects.values_list("pk", flat=True)
        )

    @invariant()
    def a_decision_weighs_the_three_criteria(self) -> None:
        """A10."""
        for each in Decision.objects.all():
            assert all([each.interest_in_program, each.interest_in_leadership, each.division_project])

    @invariant()
    def the_concept_was_discussed_before(self) -> None:
        """A3."""
        for each in ReviewStep.objects.filter(status="signed").exclude(concept_date=None):
            assert each.concept_date <= drafting.today_of(self.cohort, each.text.created_at)

    @invariant()
    def one_person_has_one_application(self) -> None:
        standing = list(Application.objects.standing().values_list("applicant", flat=True))
        assert len(standing) == len(set(standing))

    @invariant()
    def each_signature_left_its_trace(self) -> None:
        acts = ("application.submitted", "application.signed", "application.signed_on_paper")
        traces = AuditEvent.objects.filter(action__in=acts).count()
        from_waitlist = SignOff.objects.filter(capacity__contains="deciding about the waitlist").count()
        assert traces == SignOff.objects.count() - from_waitlist


def reached(walked: AnyOrder) -> set[str]:
    return set(walked.was.values())


@pytest.mark.django_db
def test_no_order_of_acts_leads_where_the_rules_forbid():
    """Every step of it asserts the invariants above; here only that it went somewhere."""
    found = walk(AnyOrder, reached, examples=6, steps=30, same=True)
    assert found.acts >= 100
    assert {Status.IN_REVIEW, Status.RETURNED, Status.ACCEPTED, Status.WITHDRAWN} <= found.reached


@pytest.mark.deep
@pytest.mark.django_db
def test_ten_thousand_acts_lead_nowhere_the_rules_forbid():
    found = walk(AnyOrder, reached, examples=300, steps=50, same=False)
    assert found.acts >= 10_000
    assert found.reached == set(Status.values)
