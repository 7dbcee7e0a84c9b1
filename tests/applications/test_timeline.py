"""What happened, by whom, when, for whom and with which text: derived from the rows, in few queries however long."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications import choosing, project_changes, reassigning, timeline, waitlist, workflow
from applications.timeline import Event
from coaching.enrollment import Project
from tests import factories
from tests.applications.factories import (
    CRITERIA,
    accepted,
    at_deputy,
    decide,
    delegate,
    draft,
    sign,
    submit,
    submitted,
)
from tests.clock import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def told(application) -> list[tuple[str, str]]:
    return [(event.title, event.text) for event in timeline.timeline(application)]


def returned(application, by, comment="Name a number.", *, now=NOW):
    return workflow.return_for_changes(application=application, by=by, comment=comment, now=now)


def test_a_whole_way(applicant, supervisor, director, deputy, cohort):
    hours = [NOW + timedelta(hours=number) for number in range(6)]
    first = returned(submitted(applicant, cohort, now=hours[0]), supervisor, now=hours[1])
    old = first.current_text_id
    again = submit(draft(applicant, cohort, now=hours[2], timely="By May 1."), now=hours[2])
    again = sign(again, supervisor, now=hours[3])
    again = sign(again, director, now=hours[4])
    again = decide(again, deputy, "waitlisted", reason="Twelve were first.", now=hours[5])
    new = again.current_text_id
    assert timeline.timeline(again) == [
        Event("Signed and submitted by Ana Applicant", at=hours[0], text_number=1, text_pk=old),
        Event("Returned by Sam Supervisor", "Supervisor.", hours[1], "returned", "Name a number.", 1, old),
        Event("Changed and submitted again by Ana Applicant", at=hours[2], text_number=2, text_pk=new),
        Event("Signed by Sam Supervisor", "Supervisor.", hours[3], "done", "", 2, new),
        Event(
            "Signed by Dana Director", "Division Director, Nutrition Division.", hours[4], "done", "", 2, new
        ),
        Event(
            "Decision: waitlisted",
            "Signed by Derek Deputy, Branch Deputy, Services Branch.",
            hours[5],
            "done",
            "Twelve were first.",
            2,
            new,
        ),
    ]


def test_a_stand_in_with_the_order(applicant, supervisor, outsider, cohort):
    """A9: both names."""
    delegate(supervisor, outsider)
    assert told(sign(submitted(applicant, cohort), outsider))[-1] == (
        f"Signed by {outsider}",
        "Supervisor, for Sam Supervisor. By order from November 23, 2026 to November 30, 2026: Vacation.",
    )


def test_a_step_given_to_somebody_else_keeps_both_names(
    applicant, supervisor, branch_officer, outsider, cohort
):
    application = submitted(applicant, cohort)
    reassigning.reassign(
        step=application.current_step(), to=outsider, reason="On leave.", by=branch_officer, now=NOW
    )
    event = timeline.timeline(application)[-1]
    assert event.title == f"Supervisor: {outsider} signs in place of Sam Supervisor"
    assert (event.text, event.comment) == ("Given by Bo Branchoffice.", "On leave.")


def test_a_corrected_date_is_told(applicant, supervisor, cohort):
    """A3."""
    day = TODAY - timedelta(days=10)
    application = sign(submitted(applicant, cohort), supervisor, concept_dates={"supervisor": day})
    assert told(application)[-1][1].endswith(f"discussed on {day:%B %-d, %Y}.")


def test_who_also_decides_confirms_the_date_with_the_decision(applicant, deputy, supervisor, org, cohort):
    """A3, A9: one act, one entry."""
    org.division.head = deputy
    org.division.save()
    day = TODAY - timedelta(days=10)
    application = sign(submitted(applicant, cohort), supervisor)
    application = decide(application, deputy, concept_dates={"director": day})
    signed = (
        "Signed by Derek Deputy, Division Director, Nutrition Division; also Branch Deputy, Services Branch."
    )
    says = f"Says the project concept was discussed on {day:%B %-d, %Y}."
    assert told(application)[2:] == [("Decision: accepted", f"{signed} {says}")]


def test_a_designee_decides_by_order_also_from_the_waitlist(applicant, deputy, outsider, cohort):
    """A9: both names, and the order."""
    delegate(deputy, outsider)
    application = decide(at_deputy(applicant, cohort), outsider, "waitlisted")
    application = decide(application, outsider, now=NOW + timedelta(hours=1))
    order = "By order from November 23, 2026 to November 30, 2026: Vacation."
    signed = f"Signed by {outsider}, Branch Deputy, Services Branch"
    assert told(application)[3:] == [
        ("Decision: waitlisted", f"{signed}, for Derek Deputy. {order}"),
        ("Decision: accepted", f"{signed}, deciding about the waitlist, for Derek Deputy. {order}"),
    ]


def test_a_choice_is_no_event(applicant, deputy, cohort):
    """Told to nobody before it is released."""
    application = at_deputy(applicant, cohort)
    before = told(application)
    choosing.choose(application=application, by=deputy, outcome="accepted", criteria=CRITERIA, now=NOW)
    assert told(application) == before


def test_withdrawn_ends_it(applicant, cohort):
    application = workflow.withdraw(application=submitted(applicant, cohort), by=applicant, now=NOW)
    assert told(application)[-1] == ("Withdrawn by Ana Applicant", "")


class TestPage:
    def test_links_the_texts_that_may_be_read_and_names_the_others(
        self, client, applicant, supervisor, director, org, cohort
    ):
        first = returned(sign(submitted(applicant, cohort), supervisor), director)
        old = first.current_text_id
        applicant.supervisor = factories.person("Nina Newsupervisor", unit=org.unit, supervisor=director)
        applicant.save()
        again = submit(draft(applicant, cohort, timely="By May 1."))
        client.force_login(supervisor)
        page = client.get(reverse("application", args=[again.pk])).content.decode()
        assert reverse("application_text", args=[again.pk, old]) in page
        assert reverse("application_text", args=[again.pk, again.current_text_id]) not in page
        assert "Text 2" in page

    def test_times_are_those_of_the_cohort(self, client, applicant, cohort):
        cohort.time_zone = "America/New_York"
        cohort.save()
        application = submitted(applicant, cohort)
        client.force_login(applicant)
        page = client.get(reverse("application", args=[application.pk])).content.decode()
        assert "Monday, November 23, 2026, 1:00 p.m. EST" in page

    def test_a_long_history_takes_no_more_queries(self, client, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        client.force_login(supervisor)
        url = reverse("application", args=[application.pk])
        with CaptureQueriesContext(connection) as short:
            client.get(url)
        for number in range(3):
            application = returned(application, supervisor, f"Change {number}.")
            application = submit(draft(applicant, cohort, timely=f"By May {number}."))
        with CaptureQueriesContext(connection) as long:
            client.get(url)
        assert len(long) == len(short) <= 20


class TestLater:
    """What came after the decision is told to the applicant, the branch office and the deciding office (M17)."""

    @pytest.fixture
    def waitlisted(self, applicant, deputy, branch_officer, cohort):
        application = at_deputy(applicant, cohort)
        decide(application, deputy, "waitlisted")
        waitlist.ask(application=application, asked_date=TODAY, by=branch_officer, now=NOW)
        later = NOW + timedelta(hours=2)
        waitlist.answer(application=application, wants=True, by=branch_officer, now=later)
        return application

    def test_who_was_asked_for_a_seat_and_the_answer(self, waitlisted):
        assert told(waitlisted)[-1][0] == "Decision: waitlisted"
        events = timeline.timeline(waitlisted, later=True)
        assert [(event.title, event.text) for event in events[-2:]] == [
            (
                "Asked whether a seat is still wanted",
                "On November 23, 2026. Written down by Bo Branchoffice.",
            ),
            ("Wants the seat", "Written down by Bo Branchoffice."),
        ]

    def test_a_corrected_day_and_an_earlier_answer_stay(self, waitlisted, branch_officer, org, cohort):
        """A yes that became a no, and who was asked again later."""
        days = [NOW + timedelta(days=number) for number in range(1, 5)]
        colleague = factories.officer(org.branch, "Cleo Colleague")
        yesterday = TODAY - timedelta(days=1)
        waitlisted.decisions.update(decided_at=NOW - timedelta(days=2))
        waitlist.ask(application=waitlisted, asked_date=yesterday, by=colleague, now=days[0])
        waitlist.answer(application=waitlisted, wants=False, by=branch_officer, now=days[1])
        waitlist.ask(application=waitlisted, asked_date=TODAY, by=colleague, now=days[2])
        waitlist.answer(application=waitlisted, wants=False, by=colleague, now=days[3])
        by_bo, by_cleo = "Written down by Bo Branchoffice.", "Written down by Cleo Colleague."
        assert timeline.timeline(waitlisted, later=True)[-6:] == [
            Event("Asked whether a seat is still wanted", f"On November 23, 2026. {by_bo}", NOW),
            Event("Wants the seat", by_bo, NOW + timedelta(hours=2)),
            Event(
                "The day of asking was corrected",
                f"November 22, 2026, not November 23, 2026. {by_cleo}",
                days[0],
            ),
            Event("Does not want it now", by_bo, days[1]),
            Event("Asked whether a seat is still wanted", f"On November 23, 2026. {by_cleo}", days[2]),
            Event("Does not want it now", by_cleo, days[3]),
        ]

    def test_a_no_that_became_a_yes_keeps_the_day_of_asking(self, waitlisted, branch_officer):
        later = [NOW + timedelta(hours=number) for number in (3, 4, 5)]
        waitlisted.decisions.update(decided_at=NOW - timedelta(days=2))
        waitlist.answer(application=waitlisted, wants=False, by=branch_officer, now=later[0])
        waitlist.answer(application=waitlisted, wants=True, by=branch_officer, now=later[1])
        yesterday = TODAY - timedelta(days=1)
        waitlist.ask(application=waitlisted, asked_date=yesterday, by=branch_officer, now=later[2])
        assert [event.title for event in timeline.timeline(waitlisted, later=True)[-3:]] == [
            "Does not want it now",
            "Wants the seat",
            "The day of asking was corrected",
        ]

    def test_many_answers_take_no_more_queries(self, waitlisted, branch_officer):
        with CaptureQueriesContext(connection) as few:
            timeline.timeline(waitlisted, later=True)
        for _ in range(3):
            waitlist.answer(application=waitlisted, wants=False, by=branch_officer, now=NOW)
            waitlist.ask(application=waitlisted, asked_date=TODAY, by=branch_officer, now=NOW)
        with CaptureQueriesContext(connection) as many:
            timeline.timeline(waitlisted, later=True)
        assert len(many) == len(few)

    @pytest.mark.parametrize("who", ["applicant", "branch_officer", "deputy", "supervisor", "director"])
    def test_who_reads_it(self, client, request, waitlisted, who):
        client.force_login(request.getfixturevalue(who))
        page = client.get(reverse("application", args=[waitlisted.pk])).content.decode()
        assert ("Wants the seat" in page) == (who not in ("supervisor", "director"))

    def test_a_declined_change_with_the_reason_and_without_what_it_says(
        self, client, applicant, director, branch_officer, supervisor, cohort
    ):
        """A14"""
        application = accepted(applicant, cohort)
        change = ask_for_change(applicant.participations.get(), title="SECRET-TITLE")
        client.force_login(branch_officer)
        listed = client.get(reverse("cohort_applications", args=[cohort.pk])).content.decode()
        assert "Changed projects that wait" in listed
        assert "Dana Director" in listed
        project_changes.decline(change=change, by=director, comment="Too far from our goals.", now=NOW)
        asked, answered = timeline.timeline(application, later=True)[-2:]
        assert asked == Event("Ana Applicant asked to change the project", at=NOW, change_pk=change.pk)
        assert answered == Event(
            "Changed project: declined",
            "By Dana Director, Division Director, Nutrition Division.",
            NOW,
            "stopped",
            "Too far from our goals.",
            change_pk=change.pk,
        )
        page = client.get(reverse("application", args=[application.pk])).content.decode()
        assert "SECRET" not in page + listed
        assert "Too far from our goals." in page
        address = reverse("project_approval", args=[change.pk])
        assert address not in page  # a project is its participant's and the director's matter
        client.force_login(applicant)
        assert address in client.get(reverse("application", args=[application.pk])).content.decode()
        assert "SECRET-TITLE" in client.get(address).content.decode()
        client.force_login(supervisor)
        page = client.get(reverse("application", args=[application.pk])).content.decode()
        assert "Changed project" not in page

    def test_a_delegate_concurs_for_the_director_by_order(self, applicant, director, outsider, cohort):
        """A14, A9: in the form of the signatures of the route."""
        application = accepted(applicant, cohort)
        change = ask_for_change(applicant.participations.get(), title="Another")
        delegate(director, outsider)
        project_changes.concur(change=change, by=outsider, typed_name=outsider.name, now=NOW)
        assert timeline.timeline(application, later=True)[-1] == Event(
            "Changed project: concurred",
            "Signed by Otto Outsider, Division Director, Nutrition Division, for Dana Director. "
            "By order from November 23, 2026 to November 30, 2026: Vacation.",
            NOW,
            change_pk=change.pk,
        )

    def test_a_change_that_was_taken_back(self, applicant, cohort):
        application = accepted(applicant, cohort)
        change = ask_for_change(applicant.participations.get(), title="Another")
        project_changes.take_back(change=change, by=applicant, now=NOW)
        assert timeline.timeline(application, later=True)[-1] == Event(
            "Changed project: taken back", "By Ana Applicant.", NOW, change_pk=change.pk
        )

    def test_many_changes_take_no_more_queries(self, applicant, director, cohort):
        application = accepted(applicant, cohort)

        def settle(title):
            change = ask_for_change(applicant.participations.get(), title=title)
            project_changes.concur(change=change, by=director, typed_name=director.name, now=NOW)

        settle("One")
        with CaptureQueriesContext(connection) as one:
            timeline.timeline(application, later=True)
        settle("Two")
        settle("Three")
        with CaptureQueriesContext(connection) as three:
            assert len(timeline.timeline(application, later=True)) == 10
        assert len(three) == len(one)


def ask_for_change(participant, *, title):
    six = list(participant.cohort.competency_model.competencies.all())
    project = Project(title, "Why not.", "Two forms.", "Minutes.", (six[0],))
    return project_changes.ask(
        participant=participant, by=participant.user, project=project, why="So.", now=NOW
    )
