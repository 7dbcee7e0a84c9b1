"""What the home page says about applications: to begin, to finish, to sign, and what became of them."""

from datetime import UTC, datetime

import pytest
import time_machine

from applications import project_changes, sharing, workflow
from coaching.enrollment import Project, leave
from coaching.models import Delegation
from coaching.site.home import cards_for
from coaching.site.waiting.cards import Urgency
from tests import factories
from tests.applications import factories as applications
from tests.clock import NOW, TODAY
from tests.site.test_home import queries, titles

pytestmark = pytest.mark.usefixtures("frozen")


def test_open_cohort_of_the_own_branch_is_offered(cohort, applicant, client):
    """F5"""
    [card] = cards_for(applicant)
    assert (card.title, card.urgency) == (f"Applications for the {cohort} are open", Urgency.OFFER)
    assert "Thursday, December 31, 2026" in card.text
    client.force_login(applicant)
    html = client.get("/").content.decode()
    assert "Open to you" in html
    assert "What the Peer Coaching Program is" in html


def test_cohort_of_another_branch_is_not_offered(cohort, org):
    """F5"""
    other = factories.unit("branch", "Another Branch", parent=org.department)
    assert titles(factories.person(unit=other)) == []


def test_who_runs_or_decides_about_a_cohort_is_not_offered_a_place(cohort, branch_officer, deputy):
    assert titles(branch_officer) == titles(deputy) == [str(cohort)]


def test_participant_is_not_offered_the_next_cohort(cohort, applicant, program, branch):
    running = factories.cohort(program, branch)
    factories.participant(running, applicant)
    assert titles(applicant) == ["Say when you can meet, before teams are formed"]


def test_person_without_a_unit_is_offered_nothing(cohort):
    assert titles(factories.person()) == []


def test_on_the_last_day_today_is_said(cohort, applicant):
    with time_machine.travel(datetime(2026, 12, 31, 20, tzinfo=UTC), tick=False):
        [card] = cards_for(applicant)
    assert "until today" in card.text


def test_draft_after_the_closing_day_is_not_to_be_finished(cohort, applicant):
    application = applications.draft(applicant, cohort)
    with time_machine.travel(datetime(2027, 1, 2, 20, tzinfo=UTC), tick=False):
        [card] = cards_for(applicant)
    assert (card.title, card.urgency) == (
        f"Your application for the {cohort} was not sent",
        Urgency.CALM,
    )
    assert "Applications closed on Thursday, December 31, 2026." in card.text
    assert "coaching@example.org" in card.text
    assert card.address == f"/applications/{application.pk}/"


def test_draft_is_to_be_finished(cohort, applicant, supervisor):
    applications.draft(applicant, cohort)
    [card] = cards_for(applicant)
    assert (card.title, card.urgency) == (f"Finish your application for the {cohort}", Urgency.SOON)
    assert titles(supervisor) == [f"Applications for the {cohort} are open"]


def test_shared_draft_is_to_be_read_until_it_ends(cohort, applicant, supervisor, client):
    """A3"""
    application = applications.draft(applicant, cohort)
    share = sharing.share(application=application, by=applicant, person=supervisor, now=NOW)
    card, *_ = cards_for(supervisor)
    assert (card.title, card.urgency) == ("Ana Applicant shares a draft with you", Urgency.SOON)
    assert card.address == f"/applications/{application.pk}/draft/"
    [own] = cards_for(applicant)
    assert "It is saved, and you share it with 1 person." in own.text
    sharing.end(share=share, by=applicant, now=NOW)
    assert titles(supervisor) == [f"Applications for the {cohort} are open"]
    [own] = cards_for(applicant)
    assert "It is saved, and only you can read it." in own.text


def test_home_takes_as_many_queries_for_three_shared_drafts_as_for_one(cohort, org, supervisor, client):
    client.force_login(supervisor)
    client.get("/")
    counts = []
    for _ in range(3):
        writer = factories.person(unit=org.unit, supervisor=supervisor)
        application = applications.draft(writer, cohort)
        sharing.share(application=application, by=writer, person=supervisor, now=NOW)
        counts.append(queries(client))
    assert counts[0] == counts[2]


def test_signer_and_applicant_see_where_it_waits(cohort, applicant, supervisor, director):
    """A9"""
    application = applications.submitted(applicant, cohort)
    card, *_ = cards_for(supervisor)
    assert (card.title, card.urgency) == ("1 application waits for your signature", Urgency.NOW)
    [own] = cards_for(applicant)
    assert own.title == f"Your application for the {cohort}: in review"
    assert own.text == "It waits on Sam Supervisor (Supervisor) since Monday, November 23, 2026."
    applications.sign(application, supervisor)
    assert "1 application waits for your signature" not in titles(supervisor)
    assert "1 application waits for your signature" in titles(director)


def test_delegate_sees_what_waits_for_the_signer(cohort, applicant, supervisor, outsider):
    """A9"""
    Delegation.objects.create(
        kind=Delegation.Kind.DELEGATE,
        principal=supervisor,
        person=outsider,
        reason="Leave",
        start_date=TODAY,
        end_date=TODAY,
    )
    applications.submitted(applicant, cohort)
    assert titles(outsider)[0] == "1 application waits for your signature"


def test_returned_application_is_urgent(cohort, applicant, supervisor):
    application = applications.submitted(applicant, cohort)
    workflow.return_for_changes(application=application, by=supervisor, comment="Say more.", now=NOW)
    [card] = cards_for(applicant)
    assert (card.title, card.urgency) == (
        f"Your application for the {cohort} came back for changes",
        Urgency.NOW,
    )


@pytest.mark.parametrize(
    ("outcome", "words"), [("waitlisted", "waitlisted"), ("not_selected", "not selected")]
)
def test_outcome_is_told(cohort, applicant, deputy, outcome, words):
    """A11"""
    applications.decide(applications.at_deputy(applicant, cohort), deputy, outcome)
    assert titles(applicant) == [f"Your application for the {cohort}: {words}"]


def test_accepted_person_reads_both_that_and_what_comes_next(cohort, applicant):
    applications.accepted(applicant, cohort)
    assert titles(applicant) == [
        "Say when you can meet, before teams are formed",
        f"Your application for the {cohort}: accepted",
    ]


def test_whoever_left_is_promised_nothing(cohort, applicant):
    """F3"""
    application = applications.accepted(applicant, cohort)
    leave(participant=applicant.participations.get(), by=applicant, reason="", now=NOW)
    [card] = cards_for(applicant)
    assert (card.title, card.urgency) == (f"You left the {cohort}", Urgency.CALM)
    assert card.text == (
        "Your participation ended on Monday, November 23, 2026. Leaving has no consequence for your work."
    )
    assert card.address == f"/applications/{application.pk}/"


def test_whoever_has_come_back_has_not_left(cohort, applicant):
    applications.accepted(applicant, cohort)
    leave(participant=applicant.participations.get(), by=applicant, reason="", now=NOW)
    factories.participant(cohort, applicant)
    assert titles(applicant) == [
        "Say when you can meet, before teams are formed",
        f"Your application for the {cohort}: accepted",
    ]


def test_once_the_program_has_begun_the_application_is_history(cohort, applicant):
    applications.accepted(applicant, cohort)
    with time_machine.travel(datetime(2027, 2, 1, 20, tzinfo=UTC), tick=False):
        assert titles(applicant) == ["Say when you can meet, before teams are formed"]


def test_withdrawn_application_can_be_begun_again(cohort, applicant):
    """F3"""
    application = applications.submitted(applicant, cohort)
    workflow.withdraw(application=application, by=applicant, now=NOW)
    assert titles(applicant) == [f"Applications for the {cohort} are open"]


def test_director_sees_that_a_project_is_to_change(cohort, applicant, director):
    """A14"""
    applications.accepted(applicant, cohort)
    project = Project(
        title="Two forms",
        description="One is too long.",
        expected_outcome="Two short forms.",
        measure="Minutes.",
        competencies=tuple(applications.competencies(cohort)[:1]),
    )
    participant = applicant.participations.get()
    project_changes.ask(
        participant=participant, by=applicant, project=project, why="The pilot showed it.", now=NOW
    )
    assert titles(director)[0] == "1 change of a project waits for you"


def test_home_of_a_signer_takes_as_many_queries_for_three_as_for_one(cohort, org, supervisor, client):
    client.force_login(supervisor)
    client.get("/")
    counts = []
    for _ in range(3):
        applications.submitted(factories.person(unit=org.unit, supervisor=supervisor), cohort)
        counts.append(queries(client))
    assert titles(supervisor)[0] == "3 applications wait for your signature"
    assert counts[0] == counts[2]
