"""The board and its pages: who sees it, what it shows, choosing and recommending from it (A9, A10, M17, T10)."""

from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from applications import choosing, drafting, reassigning, routing, settling, workflow
from applications.models import Application, Choice, Recommendation
from coaching import enrollment
from coaching.models import Delegation
from tests import factories
from tests.applications.counting import queries
from tests.applications.factories import accepted, at_deputy, choose, decide, draft, sign, submit, submitted
from tests.clock import NOW, TODAY

Status = Application.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def another(org, supervisor):
    """Somebody else of the same unit."""
    return lambda name, **fields: factories.person(
        name, **{"unit": org.unit, "supervisor": supervisor, **fields}
    )


@pytest.fixture
def waiting(applicant, cohort) -> Application:
    return at_deputy(applicant, cohort)


def board(cohort, name: str = "selection") -> str:
    return reverse(name, args=[cohort.pk])


def page(client, user, cohort, query: str = "", name: str = "selection") -> str:
    client.force_login(user)
    answer = client.get(board(cohort, name) + query)
    assert answer.status_code == 200, answer.get("Location", answer.status_code)
    return unescape(answer.content.decode())


def filled_in(application: Application, outcome: str = "accepted", **fields: object) -> dict[str, object]:
    values: dict[str, object] = {
        "text_id": application.current_text_id,
        "version": 0,
        "interest_in_program": "Asks good questions.",
        "interest_in_leadership": "Leads a working group.",
        "division_project": "The division needs it.",
        "outcome": outcome,
        "reason": "" if outcome == "accepted" else "All seats are taken.",
    }
    return {f"a{application.pk}-{name}": value for name, value in {**values, **fields}.items()} | {
        "application": application.pk
    }


def send(client, user, cohort, *forms: dict[str, object], name: str = "selection_choose"):
    client.force_login(user)
    together: dict[str, object] = {}
    for form in forms:
        together |= form
    together["application"] = [form["application"] for form in forms]
    return client.post(board(cohort, name), together)


class TestWhoSeesIt:
    def test_the_deputy_the_designee_and_the_branch_office_do(
        self, client, deputy, branch_officer, outsider, org, waiting, cohort
    ):
        """A9: a designee has the deputy's rights for the term."""
        for person in (deputy, branch_officer):
            assert "Ana Applicant" in page(client, person, cohort)
        client.force_login(outsider)
        assert client.get(board(cohort)).status_code == 404
        order = {"kind": "delegate", "principal": deputy, "unit": org.branch, "reason": "Leave."}
        Delegation.objects.create(person=outsider, start_date=TODAY, end_date=TODAY, **order)
        assert "Choose for those selected" in page(client, outsider, cohort)

    def test_signers_before_the_decision_and_applicants_do_not(
        self, client, applicant, supervisor, director, waiting, cohort
    ):
        for person in (applicant, supervisor, director):
            client.force_login(person)
            assert client.get(board(cohort)).status_code == 404

    def test_an_officer_who_applied_does_not(self, client, branch_officer, supervisor, org, waiting, cohort):
        """T10."""
        branch_officer.unit, branch_officer.supervisor = org.unit, supervisor
        branch_officer.save()
        factories.officer(org.branch, "Another Officer")
        drafting.start(cohort=cohort, by=branch_officer, now=NOW)
        client.force_login(branch_officer)
        assert client.get(board(cohort)).status_code == 404

    def test_a_deputy_who_applied_does_not_see_their_own(
        self, client, deputy, superintendent, waiting, cohort
    ):
        """A9: the superintendent decides about it, and about nothing else there."""
        submitted(deputy, cohort)
        shown = page(client, deputy, cohort)
        assert "Ana Applicant" in shown
        assert f"pick-{deputy.applications.get().pk}" not in shown
        higher = page(client, superintendent, cohort)
        assert f"pick-{deputy.applications.get().pk}" in higher
        assert "Ana Applicant" not in higher

    def test_drafts_and_what_ended_before_are_not_on_it(
        self, client, deputy, supervisor, another, applicant, cohort
    ):
        draft(another("Dora Draft"), cohort)
        gone = submitted(another("Wim Withdrawn"), cohort)
        workflow.withdraw(application=gone, by=gone.applicant, now=NOW)
        declined = submitted(another("Dan Declined"), cohort)
        workflow.decline(application=declined, by=supervisor, reason="No time.", now=NOW)
        submitted(applicant, cohort)
        shown = page(client, deputy, cohort)
        assert "Ana Applicant" in shown
        for name in ("Dora Draft", "Wim Withdrawn", "Dan Declined"):
            assert name not in shown


class TestWhatItShows:
    def test_everything_side_by_side(self, client, deputy, branch_officer, waiting, cohort):
        """A10: what speaks to each criterion stands beside the others."""
        choosing.recommend(
            application=waiting,
            by=branch_officer,
            outcome="accepted",
            sentence="She would bring much.",
            now=NOW,
        )
        shown = page(client, deputy, cohort)
        for words in (
            "Nutrition Division",
            "Education Programs Consultant",
            "Section manager",
            "One form for school meals",
            "Fostering a Team Environment, Creating Organizational Transformation",
            "Derek Deputy",
            "Interest in the program",
            "I want to learn from colleagues of other divisions.",
            "Demonstrated interest in leadership",
            "Division director",
            "The division project",
            "Minutes a school needs, before and after.",
            "She would bring much.",
            "Open",
        ):
            assert words in shown, words

    def test_what_an_applicant_is_changing_is_not_shown(self, client, applicant, deputy, waiting, cohort):
        """Drafts are their writers' own: the board shows what was signed."""
        workflow.return_for_changes(application=waiting, by=deputy, comment="Shorter.", now=NOW)
        answers = {"project_title": "SECRET-TITLE", "role_aimed_for": "SECRET-ROLE", "why": "SECRET-WHY"}
        drafting.save_answers(application=waiting, by=applicant, answers=answers, now=NOW)
        shown = page(client, deputy, cohort)
        assert "SECRET" not in shown
        assert "One form for school meals" in shown

    def test_seats_count_what_is_taken_and_what_is_chosen(self, client, deputy, another, waiting, cohort):
        factories.participant(cohort)
        choose(waiting, deputy)
        choose(at_deputy(another("Ben Other"), cohort), deputy, "not_selected")
        shown = page(client, deputy, cohort)
        assert "12 seats: 1 taken, 1 chosen to be accepted, 10 free" in shown
        assert "Release 2 choices" in shown

    def test_seats_say_who_has_left_again(self, client, deputy, waiting, cohort):
        assert "0 taken, 0 chosen to be accepted, 12 free</" in page(client, deputy, cohort)
        for name in ("Lee", "Lou"):
            gone = factories.participant(cohort, factories.person(name))
            enrollment.leave(participant=gone, by=gone.user, reason="Moved.", now=NOW)
            factories.participant(cohort)
            shown = page(client, deputy, cohort)
        assert (
            "12 seats: 2 taken, 0 chosen to be accepted, 10 free. 2 more were accepted and have left again."
            in shown
        )

    def test_order_is_by_names_or_by_division_never_by_merit(
        self, client, deputy, org, another, waiting, cohort
    ):
        """M17."""
        finance = another("Adam Abacus", unit=org.other_unit)
        nutrition = another("Zoe Zucchini")
        for person in (nutrition, finance):
            submitted(person, cohort)
        by_name = page(client, deputy, cohort)
        assert by_name.index("Adam Abacus") < by_name.index("Ana Applicant") < by_name.index("Zoe Zucchini")
        by_division = page(client, deputy, cohort, "?order=division")
        assert by_division.index("Adam Abacus") < by_division.index("Ana Applicant")
        assert "score" not in by_name.lower()

    def test_filters(self, client, deputy, supervisor, org, another, waiting, cohort):
        chosen = at_deputy(another("Cara Chosen"), cohort)
        choose(chosen, deputy)
        submitted(another("Sue Signer"), cohort)
        returned = submitted(another("Rob Returned"), cohort)
        workflow.return_for_changes(application=returned, by=supervisor, comment="Shorter.", now=NOW)
        decide(at_deputy(another("Walt Waitlist"), cohort), deputy, "waitlisted")
        accepted(another("Ines Accepted", unit=org.other_unit), cohort)
        names = ("Ana", "Cara", "Sue", "Rob", "Walt", "Ines")

        def found(query: str) -> list[str]:
            shown = page(client, deputy, cohort, query)
            return [name for name in names if f"{name} " in shown]

        assert found("") == list(names)
        assert found("?choice=made") == ["Cara"]
        assert found("?choice=open") == ["Ana", "Sue", "Rob", "Walt"]
        assert found("?choice=released") == ["Ines"]
        assert found("?place=decider") == ["Ana", "Cara"]
        assert found("?place=signer") == ["Sue"]
        assert found("?place=applicant") == ["Rob"]
        assert found("?place=waitlist") == ["Walt"]
        assert found(f"?division={org.other_division.pk}") == ["Ines"]
        assert found("?division=nonsense&choice=no&place=no&order=no") == list(names)

    def test_empty_and_nothing_that_matches(self, client, deputy, applicant, cohort):
        assert "No applications here yet" in page(client, deputy, cohort)
        submitted(applicant, cohort)
        assert "Nothing here matches" in page(client, deputy, cohort, "?choice=made")

    @pytest.mark.parametrize("reader", ["deputy", "branch_officer"])
    def test_queries_do_not_grow_with_rows(self, client, request, reader, another, waiting, cohort):
        client.force_login(request.getfixturevalue(reader))
        client.get(board(cohort))
        one = queries(client, board(cohort))
        for number in range(2):
            choose(at_deputy(another(f"More {number}"), cohort), request.getfixturevalue("deputy"))
        assert queries(client, board(cohort)) == one
        assert one <= 12


class TestChoosing:
    def test_one(self, client, deputy, waiting, cohort):
        """A10; nothing is signed, and nobody is told."""
        assert "Record this choice" in page(
            client, deputy, cohort, f"?application={waiting.pk}", "selection_choose"
        )
        answer = send(client, deputy, cohort, filled_in(waiting))
        assert answer["Location"] == board(cohort)
        choice = Choice.objects.get()
        assert (choice.application, choice.outcome, choice.chosen_by) == (waiting, "accepted", deputy)
        waiting.refresh_from_db()
        assert waiting.status == Status.IN_REVIEW
        assert waiting.decisions.count() == 0
        assert waiting.current_text.sign_offs.filter(signer=deputy).count() == 0

    def test_several_each_with_its_own_assessments(self, client, deputy, another, waiting, cohort):
        other = at_deputy(another("Ben Other"), cohort)
        query = f"?application={waiting.pk}&application={other.pk}&outcome=waitlisted"
        shown = page(client, deputy, cohort, query, "selection_choose")
        assert shown.count('value="waitlisted" checked') + shown.count("checked") >= 2
        assert "Each application needs its own three short assessments" in shown
        forms = [
            filled_in(waiting, "waitlisted", division_project="One."),
            filled_in(other, "waitlisted", division_project="Two."),
        ]
        send(client, deputy, cohort, *forms)
        assert [each.division_project for each in Choice.objects.order_by("application__pk")] == [
            "One.",
            "Two.",
        ]

    def test_several_are_recorded_together_or_none(self, client, deputy, another, waiting, cohort):
        other = at_deputy(another("Ben Other"), cohort)
        answer = send(client, deputy, cohort, filled_in(waiting), filled_in(other, interest_in_program=" "))
        assert answer.status_code == 200
        assert "This field is required" in answer.content.decode()
        assert not Choice.objects.exists()

    def test_one_that_was_chosen_meanwhile_stops_all_and_says_so(
        self, client, deputy, outsider, org, another, waiting, cohort
    ):
        order = {"kind": "delegate", "principal": deputy, "unit": org.branch, "reason": "Leave."}
        Delegation.objects.create(person=outsider, start_date=TODAY, end_date=TODAY, **order)
        other = at_deputy(another("Ben Other"), cohort)
        choose(other, outsider, "not_selected")
        answer = send(client, deputy, cohort, filled_in(waiting), filled_in(other))
        shown = unescape(answer.content.decode())
        assert "Otto Outsider chose “Not selected” for Ben Other" in shown
        assert Choice.objects.get().chosen_by == outsider
        send(client, deputy, cohort, filled_in(waiting), filled_in(other, version=1))
        assert {each.chosen_by for each in Choice.objects.all()} == {deputy}

    def test_a_text_that_changed_is_not_judged_unread(self, client, deputy, waiting, cohort):
        answer = send(client, deputy, cohort, filled_in(waiting, text_id=0))
        assert "has changed the application since you opened it" in answer.content.decode()
        assert not Choice.objects.exists()

    def test_what_does_not_wait_on_them_is_named(self, client, deputy, another, cohort):
        early = submitted(another("Ed Early"), cohort)
        client.force_login(deputy)
        answer = client.get(f"{board(cohort, 'selection_choose')}?application={early.pk}", follow=True)
        assert "Not waiting for your choice: Ed Early." in unescape(answer.content.decode())

    def test_nothing_selected_says_what_to_do(self, client, deputy, waiting, cohort):
        client.force_login(deputy)
        answer = client.get(board(cohort, "selection_choose"), follow=True)
        assert "Select one or more applications first." in answer.content.decode()

    def test_the_branch_office_does_not_choose(self, client, branch_officer, waiting, cohort):
        send(client, branch_officer, cohort, filled_in(waiting))
        assert not Choice.objects.exists()

    def test_a_choice_is_taken_back(self, client, deputy, waiting, cohort):
        choose(waiting, deputy)
        client.force_login(deputy)
        client.post(reverse("selection_take_back", args=[cohort.pk, waiting.pk]))
        assert not Choice.objects.exists()

    @pytest.mark.parametrize("outcome", ["accepted", "not_selected"])
    def test_a_reason_of_another_outcome_is_asked_about(self, client, deputy, waiting, cohort, outcome):
        choose(waiting, deputy, "waitlisted", reason="Later,\nperhaps.")
        changed = filled_in(waiting, outcome, version=1, reason="Later,\r\nperhaps.")
        shown = unescape(send(client, deputy, cohort, changed).content.decode())
        assert "This reason was given for “Waitlisted”" in shown
        assert "Keep it for the new choice too" in shown
        assert Choice.objects.get().outcome == "waitlisted"
        send(client, deputy, cohort, changed | {f"a{waiting.pk}-keep_reason": "on"})
        assert (Choice.objects.get().outcome, Choice.objects.get().version) == (outcome, 2)

    @pytest.mark.parametrize(("outcome", "reason"), [("accepted", ""), ("not_selected", "Full.")])
    def test_a_reason_that_changes_with_the_outcome_is_not(
        self, client, deputy, waiting, cohort, outcome, reason
    ):
        choose(waiting, deputy, "waitlisted", reason="Later.")
        send(client, deputy, cohort, filled_in(waiting, outcome, version=1, reason=reason))
        assert (Choice.objects.get().outcome, Choice.objects.get().reason) == (outcome, reason)

    def test_a_reason_stays_with_its_outcome(self, client, deputy, waiting, cohort):
        choose(waiting, deputy, "waitlisted", reason="Later.")
        changed = filled_in(
            waiting, "waitlisted", version=1, reason="Later.", division_project="Weighed again."
        )
        send(client, deputy, cohort, changed)
        assert Choice.objects.get().division_project == "Weighed again."

    def test_the_reading_page_records_a_choice(self, client, deputy, waiting, cohort):
        client.force_login(deputy)
        address = reverse("approval", args=[waiting.pk])
        shown = unescape(client.get(address).content.decode())
        assert "Your decision is told when you release it" in shown
        names = {key.split("-", 1)[-1]: value for key, value in filled_in(waiting).items()}
        client.post(reverse("approval_decide", args=[waiting.pk]), names)
        assert Choice.objects.get().application == waiting
        assert "Asks good questions." in client.get(address).content.decode()


class TestTheStepBeforeIsTheirs:
    """A9: whoever was given a step in another's place signs it by itself; then they choose."""

    @pytest.fixture
    def given(self, applicant, supervisor, deputy, branch_officer, cohort) -> Application:
        """The division director's step is the deputy's now."""
        application = sign(submitted(applicant, cohort), supervisor)
        reassigning.reassign(
            step=application.current_step(), to=deputy, reason="Leave.", by=branch_officer, now=NOW
        )
        return application

    def test_the_board_leads_to_the_signature_and_lets_nobody_choose(self, client, deputy, given, cohort):
        shown = page(client, deputy, cohort)
        assert (
            "Sign first as Division Director, Nutrition Division, as assigned by the branch office" in shown
        )
        assert reverse("approval", args=[given.pk]) in shown
        assert f"pick-{given.pk}" not in shown
        assert board(cohort, "selection_choose") + f"?application={given.pk}" not in shown

    def test_choosing_all_the_same_says_what_comes_first(self, client, deputy, given, cohort):
        client.force_login(deputy)
        address = f"{board(cohort, 'selection_choose')}?application={given.pk}"
        answer = client.get(address, follow=True)
        assert "Your signature comes first: Ana Applicant." in unescape(answer.content.decode())
        with pytest.raises(settling.DecisionNeeded, match="waits for your signature as Division Director"):
            choose(given, deputy)

    def test_once_it_is_signed_they_choose(self, client, deputy, given, cohort):
        sign(given, deputy)
        shown = page(client, deputy, cohort)
        assert "Sign first" not in shown
        assert f"pick-{given.pk}" in shown
        send(client, deputy, cohort, filled_in(given))
        assert Choice.objects.get().chosen_by == deputy

    def test_whoever_holds_both_posts_chooses_at_once(
        self, client, org, applicant, supervisor, deputy, cohort
    ):
        org.division.head = deputy
        org.division.save()
        application = sign(submitted(applicant, cohort), supervisor)
        shown = page(client, deputy, cohort)
        assert "Sign first" not in shown
        assert f"pick-{application.pk}" in shown
        choose(application, deputy)

    def test_many_and_one_agree(self, deputy, given, another, cohort):
        submitted(another("Ed Early"), cohort)
        at_deputy(another("Wes Waiting"), cohort)
        for application in Application.objects.all():
            one = routing.steps_to_decide(application, deputy, on=TODAY)
            assert routing.all_to_decide([application], deputy, on=TODAY).get(application.pk, []) == one


class TestRecommending:
    def test_one_and_its_change(self, client, branch_officer, deputy, waiting, cohort):
        form = {"application": waiting.pk, f"a{waiting.pk}-outcome": "accepted"}
        sentence = f"a{waiting.pk}-sentence"
        send(client, branch_officer, cohort, form | {sentence: "Yes."}, name="selection_recommend")
        send(client, branch_officer, cohort, form | {sentence: "Yes, indeed."}, name="selection_recommend")
        advice = Recommendation.objects.get()
        assert (advice.sentence, advice.recommended_by) == ("Yes, indeed.", branch_officer)
        assert "Yes, indeed." in page(client, deputy, cohort)

    def test_the_deputy_does_not(self, client, deputy, waiting, cohort):
        form = {
            "application": waiting.pk,
            f"a{waiting.pk}-outcome": "accepted",
            f"a{waiting.pk}-sentence": "Me.",
        }
        send(client, deputy, cohort, form, name="selection_recommend")
        assert not Recommendation.objects.exists()

    def test_neither_advice_nor_choice_is_shown_to_applicants_and_signers(
        self, client, applicant, supervisor, director, deputy, branch_officer, waiting, cohort
    ):
        choosing.recommend(
            application=waiting, by=branch_officer, outcome="accepted", sentence="SECRET-ADVICE", now=NOW
        )
        choose(waiting, deputy, "not_selected", reason="SECRET-REASON")
        for person in (applicant, supervisor, director):
            client.force_login(person)
            for name in ("application", "approval"):
                shown = client.get(reverse(name, args=[waiting.pk])).content.decode()
                assert "SECRET" not in shown
                assert "Not selected" not in shown
            assert "SECRET" not in client.get(reverse("home")).content.decode()


class TestStale:
    def test_a_choice_about_an_earlier_text_holds_no_longer(
        self, client, applicant, supervisor, director, deputy, waiting, cohort
    ):
        """It is neither counted as chosen nor does it hide what waits from anybody."""
        choose(waiting, deputy)
        workflow.return_for_changes(application=waiting, by=deputy, comment="Shorter.", now=NOW)
        later = NOW + timedelta(hours=1)
        application = submit(draft(applicant, cohort, now=later, why="Shorter."), now=later)
        client.force_login(supervisor)
        assert "1 application waits for your signature" in client.get(reverse("home")).content.decode()
        assert "not released" not in client.get(reverse("approvals")).content.decode()
        for signer in (supervisor, director):
            application = sign(application, signer, now=later)
        shown = page(client, deputy, cohort)
        assert "Holds no longer: Ana Applicant has changed the application since you chose." in shown
        assert "12 seats: 0 taken, 0 chosen to be accepted, 12 free" in shown
        assert "Ana Applicant" in page(client, deputy, cohort, "?choice=open")
        assert "1 application is ready for your decision" in unescape(
            client.get(reverse("home")).content.decode()
        )
