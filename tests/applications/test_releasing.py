"""The release: all that was chosen becomes decisions together, or nothing does (A9, A10, A11, F3)."""

from datetime import date, timedelta
from functools import partial
from html import unescape

import pytest
import time_machine
from django.urls import reverse

from applications import choosing, releasing, settling, workflow
from applications.models import Application, Choice, Decision, Release
from coaching import signing
from coaching.models import AuditEvent, Delegation, Message, Participant, SignOff
from tests import factories
from tests.applications import reading
from tests.applications.counting import queries
from tests.applications.factories import at_deputy, choose, decide, draft, release, sign, submit, submitted
from tests.clock import NOW, TODAY

Status = Application.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def another(org, supervisor):
    return partial(reading.another, org, supervisor)


@pytest.fixture(scope="class")
def kept_three(cast_of_class, django_db_blocker) -> dict[str, Application]:
    """One chosen for each outcome."""
    org, supervisor, cohort = cast_of_class.org, cast_of_class.supervisor, cast_of_class.cohort
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        people = {
            "accepted": cast_of_class.applicant,
            "waitlisted": reading.another(org, supervisor, "Wes Waiting"),
            "not_selected": reading.another(org, supervisor, "Nic No"),
        }
        made = {outcome: at_deputy(person, cohort) for outcome, person in people.items()}
        for outcome, application in made.items():
            choose(application, org.deputy, outcome)
    return made


@pytest.fixture
def three(kept_three, fresh) -> dict[str, Application]:
    return fresh(kept_three)


def listed(cohort, by) -> str:
    return releasing.bundle(cohort, by, now=NOW).listed


def delegate(deputy, org, person=None):
    person = person or factories.person("Desi Designee")
    order = {"kind": "delegate", "principal": deputy, "unit": org.branch, "reason": "Leave."}
    Delegation.objects.create(person=person, start_date=TODAY, end_date=TODAY, **order)
    return person


def outcomes_told() -> list[str]:
    told = Message.objects.filter(kind="application_outcome").order_by("recipient__name")
    return [message.recipient.name for message in told]


class TestRelease:
    def test_signs_decides_enrolls_and_tells_everybody(self, three, applicant, deputy, cohort):
        """A9, A10, A11."""
        made = release(cohort, deputy)
        for outcome, application in three.items():
            application.refresh_from_db()
            assert application.status == outcome
            decision = application.decisions.get()
            assert (decision.outcome, decision.release, decision.decided_at) == (outcome, made, NOW)
            assert decision.sign_off.signer == deputy
            assert decision.sign_off.capacity == "Branch Deputy, Services Branch"
            assert decision.sign_off.statement.endswith(f"Decision: {decision.get_outcome_display()}.")
            assert application.route().last().sign_off == decision.sign_off
        assert not Choice.objects.exists()
        assert [each.user for each in Participant.objects.filter(cohort=cohort)] == [applicant]
        assert outcomes_told() == ["Ana Applicant", "Nic No", "Wes Waiting"]
        assert AuditEvent.objects.filter(action="selection.released").count() == 1
        assert AuditEvent.objects.filter(action="application.decided").count() == 3

    def test_pressed_twice_is_one_release(self, three, deputy, cohort):
        seen = listed(cohort, deputy)
        first = release(cohort, deputy, listed=seen)
        assert release(cohort, deputy, listed=seen) == first
        assert Decision.objects.count() == 3
        assert len(outcomes_told()) == 3

    def test_a_designee_after_the_deputy_finds_it_done(self, three, org, deputy, cohort):
        designee = delegate(deputy, org)
        seen = listed(cohort, deputy)
        assert listed(cohort, designee) == seen
        first = release(cohort, deputy, listed=seen)
        assert release(cohort, designee, listed=seen) == first
        assert SignOff.objects.filter(signer=designee).count() == 0

    def test_a_designee_signs_for_the_deputy(self, three, org, deputy, cohort):
        designee = delegate(deputy, org)
        release(cohort, designee)
        sign_offs = SignOff.objects.filter(signer=designee)
        assert {each.on_behalf_of for each in sign_offs} == {deputy}
        assert sign_offs.count() == 3

    def test_in_several_rounds(self, three, another, deputy, cohort):
        """Those still on their way come later, and the waitlisted are decided again."""
        release(cohort, deputy)
        late = at_deputy(another("Lee Late"), cohort)
        choose(late, deputy)
        choose(three["waitlisted"], deputy)
        release(cohort, deputy)
        assert Release.objects.count() == 2
        assert [each.outcome for each in three["waitlisted"].decisions.all()] == ["waitlisted", "accepted"]
        assert outcomes_told() == ["Ana Applicant", "Lee Late", "Nic No", "Wes Waiting", "Wes Waiting"]

    def test_a_wrong_name_releases_nothing(self, three, deputy, cohort):
        with pytest.raises(signing.NameDoesNotMatch):
            release(cohort, deputy, typed_name="Derk Deputy")
        assert not Decision.objects.exists()
        assert not Release.objects.exists()
        assert Choice.objects.count() == 3

    def test_with_too_few_seats_releases_nothing_and_names_them(self, three, another, deputy, cohort):
        choose(at_deputy(another("Bea Second"), cohort), deputy)
        for _ in range(cohort.seats - 1):
            factories.participant(cohort)
        with pytest.raises(releasing.CannotRelease) as refusal:
            release(cohort, deputy)
        assert "1 seat is free, and you chose to accept 2: Ana Applicant, Bea Second." in str(refusal.value)
        assert not Decision.objects.exists()
        assert outcomes_told() == []

    def test_with_no_seat_at_all(self, three, deputy, cohort):
        for _ in range(cohort.seats):
            factories.participant(cohort)
        with pytest.raises(releasing.CannotRelease, match="No seats are free, and you chose to accept 1"):
            release(cohort, deputy)

    def test_after_a_withdrawal_releases_nothing_and_names_them(self, three, applicant, deputy, cohort):
        """F3."""
        seen = listed(cohort, deputy)
        workflow.withdraw(application=three["accepted"], by=applicant, now=NOW)
        with pytest.raises(releasing.CannotRelease, match="Ana Applicant has withdrawn"):
            release(cohort, deputy, listed=seen)
        assert not Decision.objects.exists()
        choosing.take_back(application=three["accepted"], by=deputy, now=NOW)
        release(cohort, deputy)
        assert outcomes_told() == ["Nic No", "Wes Waiting"]

    def test_after_a_return_releases_nothing(self, three, deputy, cohort):
        workflow.return_for_changes(application=three["accepted"], by=deputy, comment="Shorter.", now=NOW)
        with pytest.raises(releasing.CannotRelease, match="Ana Applicant’s application was returned"):
            release(cohort, deputy)

    def test_of_a_text_that_changed_is_refused(self, three, applicant, supervisor, director, deputy, cohort):
        application = three["accepted"]
        workflow.return_for_changes(application=application, by=deputy, comment="Shorter.", now=NOW)
        later = NOW + timedelta(hours=1)
        application = submit(draft(applicant, cohort, now=later, why="Shorter."), now=later)
        for signer in (supervisor, director):
            application = sign(application, signer, now=later)
        with pytest.raises(releasing.CannotRelease, match="Ana Applicant has changed the application"):
            release(cohort, deputy)
        choose(application, deputy)
        release(cohort, deputy)
        application.refresh_from_db()
        assert application.status == Status.ACCEPTED

    def test_of_a_list_that_grew_is_refused_and_names_the_new(self, three, another, deputy, cohort):
        seen = listed(cohort, deputy)
        choose(at_deputy(another("Lee Late"), cohort), deputy)
        with pytest.raises(releasing.ListChanged, match="new or changed: Lee Late"):
            release(cohort, deputy, listed=seen)
        assert not Decision.objects.exists()

    def test_of_a_choice_that_changed_is_refused(self, three, deputy, cohort):
        seen = listed(cohort, deputy)
        choose(three["accepted"], deputy, "not_selected")
        with pytest.raises(releasing.ListChanged, match="new or changed: Ana Applicant"):
            release(cohort, deputy, listed=seen)

    def test_of_a_list_that_shrank_is_refused(self, three, deputy, cohort):
        seen = listed(cohort, deputy)
        choosing.take_back(application=three["accepted"], by=deputy, now=NOW)
        with pytest.raises(releasing.ListChanged, match="1 that you read changed or went"):
            release(cohort, deputy, listed=seen)

    def test_by_the_branch_office_or_a_director_releases_nothing(
        self, three, branch_officer, director, deputy, cohort
    ):
        seen = listed(cohort, deputy)
        for person in (branch_officer, director):
            with pytest.raises(releasing.NothingToRelease):
                release(cohort, person, listed=seen)
        assert not Decision.objects.exists()

    def test_about_the_deputys_own_application_the_superintendent_releases(
        self, three, deputy, superintendent, cohort
    ):
        """A9: neither sees the other's part of the list."""
        own = submitted(deputy, cohort)
        choose(own, superintendent)
        assert str(own.choice.pk) not in [name.split(".")[0] for name in listed(cohort, deputy).split(",")]
        release(cohort, deputy)
        own.refresh_from_db()
        assert own.status == Status.IN_REVIEW
        release(cohort, superintendent)
        own.refresh_from_db()
        assert own.status == Status.ACCEPTED

    def test_a_choice_that_somebody_else_settles_waits_for_them(
        self, three, org, another, supervisor, deputy, cohort
    ):
        """A9: the deputy directs the division too, and the designee signs as deputy alone."""
        designee = delegate(deputy, org)
        org.division.head = deputy
        org.division.save()
        application = sign(submitted(another("Carl Combined"), cohort), supervisor)
        choose(application, deputy, concept_dates={"director": date(2026, 11, 10)})
        found = releasing.bundle(cohort, designee, now=NOW)
        assert [choice.application for choice in found.for_others] == [application]
        assert len(found.ready) == 3
        release(cohort, designee)
        release(cohort, deputy)
        application.refresh_from_db()
        assert application.status == Status.ACCEPTED
        assert application.route()[1].concept_date == date(2026, 11, 10)
        assert "; also Branch Deputy" in application.decisions.get().sign_off.capacity

    def test_a_direct_decision_settles_the_choice(self, three, deputy):
        decide(three["accepted"], deputy)
        assert not Choice.objects.filter(application=three["accepted"]).exists()


def address(cohort) -> str:
    return reverse("selection_release", args=[cohort.pk])


def read(client, user, cohort) -> str:
    client.force_login(user)
    return " ".join(unescape(client.get(address(cohort)).content.decode()).split())


class TestPage:
    def test_shows_names_counts_statements_and_mails(self, client, three, deputy, cohort):
        shown = read(client, deputy, cohort)
        for words in (
            "Accepted: 1",
            "Waitlisted: 1",
            "Not selected: 1",
            "Ana Applicant",
            "Wes Waiting",
            "Nic No",
            "Decision: Accepted.",
            "Decision: Not selected.",
            "3 mails",
            "1 person gets a seat",
        ):
            assert words in shown, words

    def test_signing_releases(self, client, three, deputy, cohort):
        client.force_login(deputy)
        data = {"listed": listed(cohort, deputy), "typed_name": "Derek Deputy"}
        for _ in range(2):
            answer = client.post(address(cohort), data, follow=True)
            shown = unescape(answer.content.decode())
            assert "Released: 1 accepted, 1 waitlisted, 1 not selected. Every applicant is told." in shown
        assert Decision.objects.count() == 3

    def test_a_wrong_name_is_told_at_the_name(self, client, three, deputy, cohort):
        client.force_login(deputy)
        data = {"listed": listed(cohort, deputy), "typed_name": "Derk"}
        answer = client.post(address(cohort), data)
        assert set(answer.context["form"].errors) == {"typed_name"}
        assert not Decision.objects.exists()

    def test_a_list_that_changed_is_shown_anew_to_be_signed_anew(
        self, client, three, another, deputy, cohort
    ):
        client.force_login(deputy)
        data = {"listed": listed(cohort, deputy), "typed_name": "Derek Deputy"}
        choose(at_deputy(another("Lee Late"), cohort), deputy)
        answer = client.post(address(cohort), data)
        shown = unescape(answer.content.decode())
        assert "the list has changed since you opened it (new or changed: Lee Late)" in shown
        form = answer.context["form"]
        assert (form["listed"].value(), form["typed_name"].value()) == (listed(cohort, deputy), "")

    def test_what_stands_in_the_way_is_named_and_can_be_taken_back(
        self, client, three, applicant, deputy, cohort
    ):
        workflow.withdraw(application=three["accepted"], by=applicant, now=NOW)
        shown = read(client, deputy, cohort)
        assert "This cannot be released yet" in shown
        assert "Ana Applicant has withdrawn." in shown
        assert "Sign and release" not in shown
        back = reverse("selection_take_back", args=[cohort.pk, three["accepted"].pk])
        assert client.post(back, {"release": "yes"})["Location"] == address(cohort)
        assert "Sign and release 2 decisions" in read(client, deputy, cohort)

    def test_too_few_seats_are_told_before_signing(self, client, three, deputy, cohort):
        for _ in range(cohort.seats):
            factories.participant(cohort)
        shown = read(client, deputy, cohort)
        assert "ask the branch office (coaching@example.org) for more seats" in shown
        assert "Sign and release" not in shown

    def test_the_branch_office_does_not_release(self, client, three, branch_officer, deputy, cohort):
        client.force_login(branch_officer)
        data = {"listed": listed(cohort, deputy), "typed_name": branch_officer.name}
        assert client.post(address(cohort), data).status_code == 302
        assert not Decision.objects.exists()


class TestWithoutTheThree:
    def test_of_nothing_is_refused(self, deputy, cohort):
        with pytest.raises(releasing.NothingToRelease):
            release(cohort, deputy)

    def test_not_selecting_as_director_and_deputy_supports_nothing(
        self, org, applicant, supervisor, deputy, cohort
    ):
        """A8."""
        org.division.head = deputy
        org.division.save()
        choose(sign(submitted(applicant, cohort), supervisor), deputy, "not_selected")
        release(cohort, deputy)
        first = Decision.objects.get().sign_off.statement.split("\n")[0]
        assert first == f"As Division Director, Nutrition Division: {settling.RECEIPT}"

    def test_nothing_to_release(self, client, deputy, cohort):
        assert "Nothing to release" in read(client, deputy, cohort)

    def test_queries_do_not_grow_with_choices(self, client, another, applicant, org, deputy, cohort):
        designee = delegate(deputy, org)
        choose(at_deputy(applicant, cohort), deputy)
        client.force_login(designee)
        client.get(address(cohort))
        one = queries(client, address(cohort))
        for number in range(2):
            choose(at_deputy(another(f"More {number}"), cohort), deputy)
        assert queries(client, address(cohort)) == one
