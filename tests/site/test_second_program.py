"""Another program is data alone: pairs, an hour, two signatures, another competency model, other requirements."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from applications import routing
from certificates.models import Certificate
from coaching.models import Cohort, Participant, Program, Team
from coaching.site import reference
from coaching.site.demo.pairs import LEADERSHIP_PAIRS
from coaching.site.simulate import Simulation
from meetings import ledger
from meetings.models import Meeting
from tests.clock import TODAY


@pytest.fixture
def pairs(empty) -> Program:
    return reference.load(today=TODAY, definition=LEADERSHIP_PAIRS)


def test_it_runs_from_drafts_to_certificates(pairs):
    counts = Simulation(applicants=6, seed=7).run(pairs)
    assert set(counts["signed"]) == {"supervisor", "deputy"}
    assert set(counts["teams"]) == {"2"}
    teams = Team.objects.filter(status=Team.Status.CONFIRMED).count()
    assert counts["meetings_held"] == 5 * teams + counts["extra_meetings"]
    assert set(Meeting.objects.exclude(item=None).values_list("minutes", flat=True)) == {60}
    certificate = Certificate.objects.earliest("pk")
    assert certificate.claims["program"] == "Leadership Pairs"
    assert certificate.claims["competencies"] == ["Giving Direction", "Listening", "Following Through"]
    assert float(certificate.claims["hours"]) <= 5


def test_it_says_its_own_numbers(pairs):
    assert (pairs.team_sizes, pairs.meeting_length) == ("two", "one hour")
    peers = reference.load(today=TODAY)
    assert (peers.team_sizes, peers.meeting_length) == ("three or four", "two hours")


def test_progress_is_counted_in_what_the_program_asks_for(pairs):
    Simulation(applicants=3, seed=7).run(pairs)
    participant = Participant.objects.exclude(status=Participant.Status.LEFT).earliest("pk")
    standing = ledger.standing(participant, today=date(2025, 10, 1))
    assert standing.months == ()
    assert standing.progress == f"You were at {len(standing.attended)} meetings"


def test_loading_it_again_leaves_what_an_office_has_changed(pairs):
    pairs.route.filter(position=1).delete()
    Program.objects.filter(pk=pairs.pk).update(name="Pairs of Leaders")
    again = reference.load(today=TODAY, definition=LEADERSHIP_PAIRS)
    assert (again.pk, again.name, again.route.count()) == (pairs.pk, "Pairs of Leaders", 1)


@pytest.mark.parametrize(("seats", "fits"), [(2, True), (1, False)])
def test_a_cohort_has_seats_for_a_team_of_its_program(pairs, seats, fits):
    cohort = Cohort(program=pairs, first_month=date(2027, 2, 1), seats=seats)
    problems = {}
    try:
        cohort.clean()
    except ValidationError as refused:
        problems = refused.message_dict
    assert ("seats" not in problems) is fits


def test_who_signs_first_concurs_with_a_changed_project_where_no_director_signs(pairs):
    Simulation(applicants=3, seed=7).run(pairs)
    participant = Participant.objects.earliest("pk")
    signer = routing.concurring(participant.user, participant.cohort, on=date(2025, 3, 1))
    assert (signer.step.office, signer.signer) == ("supervisor", participant.user.supervisor)
