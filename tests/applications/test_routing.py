"""Who signs, shown before submission and fixed at it; conflicts of posts, acting persons, delegates (A9, T10)."""

from datetime import date, timedelta

import pytest

from applications import routing, settling, workflow
from applications.models import Application, ReviewStep
from coaching.models import Delegation
from tests import factories
from tests.applications.factories import accepted, at_deputy, decide, draft, sign, submit, submitted
from tests.clock import NOW, TODAY

Kind = Delegation.Kind
Status = Application.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def order(
    person, *, principal=None, unit=None, kind=Kind.ACTING, days=(-5, 30), reason="On leave."
) -> Delegation:
    return Delegation.objects.create(
        kind=kind,
        principal=principal,
        unit=unit,
        person=person,
        reason=reason,
        start_date=TODAY + timedelta(days=days[0]),
        end_date=TODAY + timedelta(days=days[1]),
    )


def route(applicant, cohort, on=TODAY) -> list[tuple[str, str]]:
    return [(each.post, each.signer.name) for each in routing.route_for(applicant, cohort, on=on)]


def set_head(unit, person) -> None:
    unit.head = person
    unit.save()


@pytest.fixture
def stand_in(org):
    return factories.person("Stella Standin", unit=org.other_unit)


class TestRoute:
    def test_names_every_signer_with_the_post(self, applicant, cohort):
        assert route(applicant, cohort) == [
            ("Supervisor", "Sam Supervisor"),
            ("Division Director, Nutrition Division", "Dana Director"),
            ("Branch Deputy, Services Branch", "Derek Deputy"),
        ]

    def test_stays_as_it_was_at_submission(self, applicant, cohort, org, outsider, director):
        application = submitted(applicant, cohort)
        set_head(org.division, outsider)
        assert [step.signer for step in application.route()][1] == director

    def test_without_supervisor_is_refused_with_the_contact(self, applicant, cohort):
        applicant.supervisor = None
        applicant.save()
        with pytest.raises(routing.NoSigner) as refusal:
            routing.route_for(applicant, cohort, on=TODAY)
        for word in ("names no supervisor", "Program coordinator", "coaching@example.org", "(555) 555-0100"):
            assert word in str(refusal.value)

    def test_a_supervisor_who_has_left_is_nobody(self, applicant, supervisor, cohort):
        supervisor.is_active = False
        supervisor.save()
        with pytest.raises(routing.NoSigner, match="names no supervisor"):
            routing.route_for(applicant, cohort, on=TODAY)

    def test_a_vacant_post_is_refused(self, applicant, org, cohort):
        set_head(org.division, None)
        with pytest.raises(routing.NoSigner, match="Division Director, Nutrition Division, is vacant"):
            routing.route_for(applicant, cohort, on=TODAY)

    def test_submission_with_a_vacant_post_is_refused(self, applicant, org, cohort):
        application = draft(applicant, cohort)
        set_head(org.branch, None)
        with pytest.raises(routing.NoSigner, match="Branch Deputy, Services Branch, is vacant"):
            submit(application)
        application.refresh_from_db()
        assert application.status == Status.DRAFT

    def test_a_program_without_a_route_is_refused(self, applicant, cohort):
        cohort.program.route.all().delete()
        with pytest.raises(routing.NoSigner, match="no route of signatures"):
            routing.route_for(applicant, cohort, on=TODAY)

    def test_outside_a_division_the_deputy_signs_for_the_director_too(self, org, supervisor, deputy, cohort):
        person = factories.person("Bea Branch", unit=org.branch, supervisor=supervisor)
        assert route(person, cohort)[1:] == [
            ("Branch Deputy, Services Branch, in place of the Division Director", "Derek Deputy"),
            ("Branch Deputy, Services Branch", "Derek Deputy"),
        ]


class TestActing:
    def test_an_absent_director_is_replaced_with_both_names(self, applicant, director, org, stand_in, cohort):
        order(stand_in, principal=director, unit=org.division, reason="Parental leave.")
        second = routing.route_for(applicant, cohort, on=TODAY)[1]
        assert (second.signer, second.holder) == (stand_in, director)
        assert second.reason == (
            "acting for Dana Director from November 18, 2026 to December 23, 2026: Parental leave."
        )

    def test_a_vacant_post_is_filled_by_the_acting_person(self, applicant, org, stand_in, cohort):
        set_head(org.division, None)
        order(stand_in, unit=org.division, reason="Recruiting.")
        second = routing.route_for(applicant, cohort, on=TODAY)[1]
        assert (second.signer, second.holder) == (stand_in, None)
        assert second.reason.startswith("acting in the vacant post from November 18, 2026")

    def test_an_absent_supervisor_is_replaced(self, applicant, supervisor, stand_in, cohort):
        order(stand_in, principal=supervisor)
        first = routing.route_for(applicant, cohort, on=TODAY)[0]
        assert (first.signer, first.holder) == (stand_in, supervisor)

    def test_without_supervisor_the_acting_head_of_the_unit_signs(self, applicant, org, stand_in, cohort):
        applicant.supervisor = None
        applicant.save()
        order(stand_in, unit=org.unit)
        assert route(applicant, cohort)[0] == ("Supervisor", "Stella Standin")

    def test_an_order_that_is_over_does_not_count(self, applicant, director, org, stand_in, cohort):
        order(stand_in, principal=director, unit=org.division, days=(-30, -1))
        assert route(applicant, cohort)[1][1] == "Dana Director"

    def test_a_delegate_is_not_the_signer(self, applicant, director, stand_in, cohort):
        order(stand_in, principal=director, kind=Kind.DELEGATE)
        assert route(applicant, cohort)[1][1] == "Dana Director"

    def test_the_signature_of_an_acting_person_carries_both_names(
        self, applicant, supervisor, director, org, stand_in, cohort
    ):
        made = order(stand_in, principal=director, unit=org.division)
        application = sign(sign(submitted(applicant, cohort), supervisor), stand_in)
        sign_off = application.route()[1].sign_off
        assert (sign_off.signer, sign_off.on_behalf_of, sign_off.delegation) == (stand_in, director, made)
        assert sign_off.capacity == "Acting Division Director, Nutrition Division"

    def test_the_holder_who_is_back_signs_in_their_own_name(
        self, applicant, supervisor, director, org, stand_in, cohort
    ):
        order(stand_in, principal=director, unit=org.division)
        application = sign(sign(submitted(applicant, cohort), supervisor), director)
        sign_off = application.route()[1].sign_off
        assert (sign_off.signer, sign_off.on_behalf_of) == (director, None)
        assert sign_off.capacity == "Division Director, Nutrition Division"

    def test_an_acting_person_does_not_sign_after_the_order(
        self, applicant, supervisor, director, org, stand_in, cohort
    ):
        order(stand_in, principal=director, unit=org.division, days=(-5, 1))
        application = sign(submitted(applicant, cohort), supervisor)
        later = NOW + timedelta(days=3)
        with pytest.raises(settling.NotWaitingOnYou):
            sign(application, stand_in, now=later)
        assert sign(application, director, now=later).route()[1].status == "signed"

    @pytest.mark.parametrize("later", [timedelta(), timedelta(days=3)])
    def test_the_designee_keeps_the_right_beside_an_acting_person_and_after(
        self, applicant, deputy, org, stand_in, outsider, cohort, later
    ):
        """A9: the deputy's designee has the deputy's rights for its term."""
        order(outsider, principal=deputy, unit=org.branch, kind=Kind.DELEGATE)
        order(stand_in, principal=deputy, unit=org.branch, days=(-5, 1))
        application = at_deputy(applicant, cohort)
        step = application.current_step()
        assert (step.signer, step.holder) == (stand_in, deputy)
        right = routing.authority(step, outsider, on=(NOW + later).date())
        assert right.on_behalf_of == deputy
        assert outsider in routing.expected_signers(step, on=(NOW + later).date())

    def test_once_the_order_has_ended_it_is_with_the_holder(self, applicant, deputy, org, stand_in, cohort):
        made = order(stand_in, principal=deputy, unit=org.branch, days=(-5, 5))
        step = at_deputy(applicant, cohort).current_step()
        assert routing.with_whom(step, on=TODAY) == stand_in
        made.ended_at = NOW
        made.save()
        step.refresh_from_db()
        assert routing.with_whom(step, on=TODAY) == deputy

    def test_an_order_ended_early_is_over(self, applicant, supervisor, director, org, stand_in, cohort):
        made = order(stand_in, principal=director, unit=org.division)
        application = sign(submitted(applicant, cohort), supervisor)
        made.ended_at = NOW
        made.save()
        with pytest.raises(settling.NotWaitingOnYou):
            sign(application, stand_in)

    def test_after_the_order_for_a_vacant_post_the_new_head_signs(
        self, applicant, supervisor, org, stand_in, cohort
    ):
        set_head(org.division, None)
        order(stand_in, unit=org.division, days=(-5, 1))
        application = sign(submitted(applicant, cohort), supervisor)
        new = factories.person("Nadia Newhead", unit=org.division)
        set_head(org.division, new)
        assert sign(application, new, now=NOW + timedelta(days=3)).route()[1].acted_by == new


class TestDelegate:
    def test_a_delegate_signs_for_the_signer(self, applicant, supervisor, stand_in, cohort):
        made = order(stand_in, principal=supervisor, kind=Kind.DELEGATE)
        application = sign(submitted(applicant, cohort), stand_in)
        sign_off = application.route()[0].sign_off
        assert (sign_off.on_behalf_of, sign_off.delegation) == (supervisor, made)
        assert sign_off.capacity == "Supervisor"

    def test_the_deputys_designee_decides(self, applicant, deputy, org, stand_in, cohort):
        """A9: the deputy or the deputy's designee."""
        order(stand_in, principal=deputy, unit=org.branch, kind=Kind.DELEGATE)
        application = decide(at_deputy(applicant, cohort), stand_in)
        assert application.status == Status.ACCEPTED
        assert application.decisions.get().sign_off.on_behalf_of == deputy

    def test_an_order_for_another_post_does_not_count(self, applicant, supervisor, org, stand_in, cohort):
        order(stand_in, principal=supervisor, unit=org.other_unit, kind=Kind.DELEGATE)
        with pytest.raises(settling.NotWaitingOnYou):
            sign(submitted(applicant, cohort), stand_in)

    def test_a_delegate_for_a_post_does_not_sign_as_supervisor(self, org, deputy, stand_in, cohort):
        """The deputy is the applicant's supervisor and heads the branch: the order names the second alone."""
        person = factories.person("Arturo Anders", unit=org.branch, supervisor=deputy)
        order(stand_in, principal=deputy, unit=org.branch, kind=Kind.DELEGATE)
        application = submitted(person, cohort)
        assert application.current_step().unit == org.branch
        assert not Application.objects.awaiting(stand_in, on=TODAY).exists()
        with pytest.raises(settling.NotWaitingOnYou):
            sign(application, stand_in)
        assert stand_in not in routing.expected_signers(application.current_step(), on=TODAY)

    @pytest.mark.parametrize("kind", [Kind.DELEGATE, Kind.ACTING])
    def test_an_order_for_everything_covers_the_supervisor(self, org, deputy, stand_in, cohort, kind):
        person = factories.person("Arturo Anders", unit=org.branch, supervisor=deputy)
        application = submitted(person, cohort)
        order(stand_in, principal=deputy, kind=kind)
        assert list(Application.objects.awaiting(stand_in, on=TODAY)) == [application]
        assert routing.authority(application.current_step(), stand_in, on=TODAY)

    def test_whoever_acts_in_a_post_supervises_its_people(self, org, deputy, stand_in, cohort):
        person = factories.person("Arturo Anders", unit=org.branch, supervisor=deputy)
        application = submitted(person, cohort)
        order(stand_in, principal=deputy, unit=org.branch)
        assert list(Application.objects.awaiting(stand_in, on=TODAY)) == [application]
        assert routing.authority(application.current_step(), stand_in, on=TODAY).acting

    def test_an_order_not_yet_begun_does_not_count(self, applicant, supervisor, stand_in, cohort):
        order(stand_in, principal=supervisor, kind=Kind.DELEGATE, days=(2, 9))
        with pytest.raises(settling.NotWaitingOnYou):
            sign(submitted(applicant, cohort), stand_in)

    def test_the_applicant_does_not_sign_as_somebodys_delegate(self, applicant, supervisor, cohort):
        """A9: principal and delegate both count."""
        order(applicant, principal=supervisor, kind=Kind.DELEGATE)
        with pytest.raises(settling.NotWaitingOnYou, match="Nobody signs their own"):
            sign(submitted(applicant, cohort), applicant)

    def test_one_delegate_of_two_signers_signs_each_in_turn(
        self, applicant, supervisor, director, stand_in, cohort
    ):
        order(stand_in, principal=supervisor, kind=Kind.DELEGATE)
        order(stand_in, principal=director, kind=Kind.DELEGATE)
        application = sign(submitted(applicant, cohort), stand_in)
        assert [step.status for step in application.route()] == ["signed", "pending", "pending"]


class TestTwoPosts:
    def test_supervisor_who_is_director_signs_once(self, org, director, deputy, cohort):
        """A9: once, in both capacities."""
        person = factories.person("Dora Direct", unit=org.division, supervisor=director)
        application = sign(submitted(person, cohort), director)
        first, second, third = application.route()
        assert first.sign_off == second.sign_off
        assert first.sign_off.capacity == "Supervisor; also Division Director, Nutrition Division"
        assert first.route_step.statement in first.sign_off.statement
        assert second.route_step.statement in first.sign_off.statement
        assert application.current_step() == third
        assert application.current_text.sign_offs.count() == 2

    def test_supervisor_who_is_director_confirms_both_dates(self, org, director, cohort):
        """A3."""
        person = factories.person("Dora Direct", unit=org.division, supervisor=director)
        corrected = {"director": date(2026, 11, 2)}
        application = sign(submitted(person, cohort), director, concept_dates=corrected)
        assert [step.concept_date for step in application.route()][:2] == [
            date(2026, 11, 5),
            date(2026, 11, 2),
        ]

    def test_director_who_is_deputy_decides_in_one_act(self, applicant, supervisor, deputy, org, cohort):
        set_head(org.division, deputy)
        application = sign(submitted(applicant, cohort), supervisor)
        with pytest.raises(settling.DecisionNeeded):
            sign(application, deputy)
        with pytest.raises(settling.DecisionNeeded):
            workflow.decline(application=application, by=deputy, reason="No.", now=NOW)
        application = decide(application, deputy)
        assert [step.status for step in application.route()] == ["signed"] * 3
        sign_off = application.decisions.get().sign_off
        assert (
            sign_off.capacity == "Division Director, Nutrition Division; also Branch Deputy, Services Branch"
        )
        assert list(sign_off.review_steps.values_list("position", flat=True)) == [2, 3]

    @pytest.mark.parametrize("outcome", ["accepted", "waitlisted", "not_selected"])
    def test_not_selecting_signs_no_support_for_the_earlier_post(
        self, applicant, supervisor, deputy, org, cohort, outcome
    ):
        """A8: one signature for both posts, and each line says in which."""
        set_head(org.division, deputy)
        application = decide(sign(submitted(applicant, cohort), supervisor), deputy, outcome)
        first, second, last = application.decisions.get().sign_off.statement.splitlines()
        director, decider = (step.route_step.statement for step in list(application.route())[1:])
        if outcome == "not_selected":
            assert first == f"As Division Director, Nutrition Division: {settling.RECEIPT}"
        else:
            assert first == f"As Division Director, Nutrition Division: {director}"
        assert second == f"As Branch Deputy, Services Branch: {decider}"
        assert last.startswith("Decision: ")

    def test_an_acting_person_in_two_posts_signs_once(self, org, director, stand_in, cohort):
        person = factories.person("Dora Direct", unit=org.division, supervisor=director)
        order(stand_in, principal=director)
        application = sign(submitted(person, cohort), stand_in)
        assert [step.status for step in application.route()] == ["signed", "signed", "pending"]

    def test_a_delegate_for_one_of_the_two_posts_settles_that_one(
        self, applicant, supervisor, deputy, org, stand_in, cohort
    ):
        set_head(org.division, deputy)
        order(stand_in, principal=deputy, unit=org.division, kind=Kind.DELEGATE)
        application = sign(sign(submitted(applicant, cohort), supervisor), stand_in)
        assert [step.status for step in application.route()] == ["signed", "signed", "pending"]
        assert application.current_step().signer == deputy


class TestOwnPost:
    def test_a_director_who_applies_is_signed_for_by_the_next_higher_head(self, director, deputy, cohort):
        """A9: supervisor, director and deputy are one person then: one act."""
        assert route(director, cohort) == [
            ("Supervisor", "Derek Deputy"),
            ("Branch Deputy, Services Branch, in place of the Division Director", "Derek Deputy"),
            ("Branch Deputy, Services Branch", "Derek Deputy"),
        ]
        second = routing.route_for(director, cohort, on=TODAY)[1]
        assert second.reason == "The applicant holds the post Division Director, Nutrition Division."
        application = decide(submitted(director, cohort), deputy)
        assert application.status == Status.ACCEPTED
        assert [step.status for step in application.route()] == ["signed"] * 3

    def test_the_deputy_who_applies_is_decided_on_by_the_superintendent(self, deputy, superintendent, cohort):
        signers = {name for _, name in route(deputy, cohort)}
        assert signers == {superintendent.name}
        application = submitted(deputy, cohort)
        with pytest.raises(settling.NotWaitingOnYou):
            decide(application, deputy)
        assert decide(application, superintendent).status == Status.ACCEPTED

    def test_the_deputys_designee_does_not_decide_on_the_deputy(self, deputy, org, stand_in, cohort):
        order(stand_in, principal=deputy, unit=org.branch, kind=Kind.DELEGATE)
        with pytest.raises(settling.NotWaitingOnYou):
            decide(submitted(deputy, cohort), stand_in)

    def test_an_absent_director_who_applies_is_not_signed_for_by_their_acting_person(
        self, director, org, stand_in, cohort
    ):
        order(stand_in, principal=director, unit=org.division)
        assert route(director, cohort)[1][1] == "Derek Deputy"

    def test_whoever_acts_in_the_post_and_applies_is_passed_over(self, applicant, org, cohort):
        set_head(org.division, None)
        order(applicant, unit=org.division)
        assert route(applicant, cohort)[1] == (
            "Branch Deputy, Services Branch, in place of the Division Director",
            "Derek Deputy",
        )

    def test_whoever_acts_for_their_supervisor_and_applies_is_passed_over(
        self, applicant, supervisor, director, cohort
    ):
        order(applicant, principal=supervisor)
        first = routing.route_for(applicant, cohort, on=TODAY)[0]
        assert first.signer == director
        assert "acts for Sam Supervisor" in first.reason

    def test_nobody_above_the_department(self, org, superintendent, deputy, cohort):
        """A deputy who is the superintendent too has no higher office."""
        deputy.supervisor = director = org.director
        deputy.save()
        set_head(org.department, deputy)
        assert director != deputy
        with pytest.raises(routing.NoSigner, match="no higher office"):
            routing.route_for(deputy, cohort, on=TODAY)


class TestListsAgree:
    """awaiting() is one query over all; authority() is the guard of one act: they must say the same."""

    def cases(self, org, supervisor, director, deputy, stand_in, applicant):
        yield "plain", lambda: None
        yield "delegate", lambda: order(stand_in, principal=supervisor, kind=Kind.DELEGATE)
        yield "other post", lambda: order(stand_in, principal=supervisor, unit=org.other_unit)
        yield "applicant is delegate", lambda: order(applicant, principal=supervisor, kind=Kind.DELEGATE)
        yield "delegate of a post", lambda: self.supervisor_heads_a_post(org, supervisor, stand_in)
        yield (
            "acting in a post",
            lambda: self.supervisor_heads_a_post(org, supervisor, stand_in, Kind.ACTING),
        )
        yield "over", lambda: order(stand_in, principal=supervisor, days=(-9, -1))

    def supervisor_heads_a_post(self, org, supervisor, stand_in, kind=Kind.DELEGATE):
        set_head(org.unit, supervisor)
        order(stand_in, principal=supervisor, unit=org.unit, kind=kind)

    @pytest.mark.parametrize("number", range(7))
    def test_before_submission(
        self, org, applicant, supervisor, director, deputy, stand_in, outsider, cohort, number
    ):
        _, prepare = list(self.cases(org, supervisor, director, deputy, stand_in, applicant))[number]
        prepare()
        application = submitted(applicant, cohort)
        people = [applicant, supervisor, director, deputy, stand_in, outsider]
        assert self.by_query(application, people) == self.by_guard(application, people) != set()

    @pytest.mark.parametrize("days", [0, 2, 40])
    @pytest.mark.parametrize("vacant", [True, False])
    def test_an_acting_order_before_and_after_its_end(
        self, org, applicant, supervisor, director, deputy, stand_in, outsider, cohort, days, vacant
    ):
        if vacant:
            set_head(org.division, None)
        order(stand_in, principal=None if vacant else director, unit=org.division, days=(-5, 1))
        application = sign(submitted(applicant, cohort), supervisor)
        if vacant:
            set_head(org.division, outsider)
        order(deputy, unit=org.division, days=(2, 30))
        designees = [factories.person(f"D{number} Designee") for number in range(2)]
        for designee, principal in zip(designees, (director, outsider), strict=True):
            order(designee, principal=principal, unit=org.division, kind=Kind.DELEGATE, days=(-5, 60))
        people, on = (
            [applicant, supervisor, director, deputy, stand_in, outsider, *designees],
            TODAY + timedelta(days=days),
        )
        assert self.by_query(application, people, on) == self.by_guard(application, people, on) != set()

    def by_guard(self, application, people, on=TODAY):
        step = ReviewStep.objects.select_related("application").get(pk=application.current_step().pk)
        return {person for person in people if routing.authority(step, person, on=on)}

    def by_query(self, application, people, on=TODAY):
        waiting = Application.objects.filter(pk=application.pk)
        return {person for person in people if waiting.awaiting(person, on=on).exists()}


def test_mail_goes_to_everybody_who_can_sign(applicant, supervisor, stand_in, cohort):
    order(stand_in, principal=supervisor, kind=Kind.DELEGATE)
    application = submitted(applicant, cohort)
    assert routing.expected_signers(application.current_step(), on=TODAY) == [supervisor, stand_in]


def test_teams_are_kept_apart_from_principal_and_stand_in(
    applicant, supervisor, director, deputy, org, stand_in, cohort
):
    """T8: everybody whose name stands under the text."""
    order(stand_in, principal=director, unit=org.division)
    application = accepted(applicant, cohort)
    participant = application.applicant.participations.get()
    assert set(participant.signers.all()) == {supervisor, stand_in, director, deputy}
