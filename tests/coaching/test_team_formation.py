"""Proposals and their publication: T1, T2, T3, T6, T8, T9, T10."""

import pytest

from coaching import jobs, team_draft, team_formation, team_solving
from coaching.formation import child
from coaching.jobs import Progress
from coaching.models import (
    AuditEvent,
    CareerTrack,
    Cohort,
    Consent,
    Job,
    Membership,
    Message,
    Team,
    TeamProposal,
)
from coaching.permissions import NotYourCohort
from coaching.team_problem import BrokenRules, available, explain_draft, study
from tests import factories
from tests.clock import NOW
from tests.constraints import refused_by

Status = TeamProposal.Status


@pytest.fixture(scope="module", autouse=True)
def kept_people(kept_cast, django_db_blocker):
    with django_db_blocker.unblock():
        return enrolled(kept_cast.cohort, kept_cast.org)


@pytest.fixture
def people(kept_people, fresh):
    return fresh(kept_people)


def enrolled(cohort, org):
    """Seven participants: four of one division, three of the other, seven classifications."""
    units = [org.unit, org.other_unit, org.unit, org.other_unit, org.unit, org.other_unit, org.unit]
    return [
        factories.participant(
            cohort,
            factories.person(
                f"P{number} Person", unit=unit, classification=factories.classification(f"C{number}")
            ),
        )
        for number, unit in enumerate(units)
    ]


def draft_of(cohort, *teams, by):
    proposal = team_formation.start_by_hand(cohort=cohort, by=by, now=NOW)
    proposal.document = {"teams": [[each.pk for each in team] for team in teams]}
    proposal.save()
    return proposal


def findings(proposal, team=0):
    teams = explain_draft(proposal).teams
    return {finding.label: finding for finding in teams[team].findings}


# The problem that is built


def test_problem_holds_only_active_people_without_a_team(cohort, people, branch_officer):
    factories.confirmed_team(cohort, people[:3], by=branch_officer)
    people[3].status, people[3].left_at = "left", NOW
    people[3].save()
    assert [each.pk for each in available(cohort)] == [each.pk for each in people[4:]]


def test_problem_takes_sizes_of_the_program(cohort, people):
    assert study(cohort, available(cohort)).problem.sizes == (3, 4)


@pytest.mark.parametrize(("preference", "sign"), [("none", 0), ("same", -1), ("different", 1)])
def test_track_preference_is_the_offices_choice(cohort, people, preference, sign):
    """T3"""
    cohort.track_preference = preference
    track = study(cohort, available(cohort)).problem.weights.track
    assert (track > 0) - (track < 0) == sign


def test_supervisor_and_signers_are_kept_apart(cohort, people):
    """T8"""
    people[0].user.supervisor = people[1].user
    people[0].user.save()
    people[2].signers.add(people[3].user)
    assert study(cohort, available(cohort)).problem.apart == (
        (people[0].pk, people[1].pk),
        (people[2].pk, people[3].pk),
    )


def test_keeping_apart_is_a_setting(cohort, people):
    """T8"""
    people[2].signers.add(people[3].user)
    cohort.keep_signers_apart = False
    assert study(cohort, available(cohort)).problem.apart == ()


def test_grow_and_glow_reach_the_solver_by_name(cohort, people):
    person = study(cohort, available(cohort)).problem.people[0]
    assert (person.grow, person.glow) == (
        ("Fostering a Team Environment",),
        ("Creating Organizational Transformation",),
    )


# What is explained


def test_size_is_explained(cohort, people, branch_officer):
    """T1"""
    proposal = draft_of(cohort, people[:5], people[5:], by=branch_officer)
    assert not findings(proposal, 0)["T1"].ok
    assert findings(proposal, 0)["T1"].words == "5 people; a team has 3 or 4."
    assert findings(proposal, 1)["T1"].words == "2 people; a team has 3 or 4."


def test_same_classification_only_warns(cohort, people, branch_officer):
    """T2"""
    people[1].classification = people[0].classification
    people[1].save()
    finding = findings(draft_of(cohort, people[:3], by=branch_officer))["T2"]
    assert (finding.hard, finding.ok) == (False, False)
    assert finding.words == "2 different job classifications. P0 Person and P1 Person share one."


def test_one_division_only_warns(cohort, people, branch_officer):
    """T6"""
    finding = findings(draft_of(cohort, [people[0], people[2], people[4]], by=branch_officer))["T6"]
    assert (finding.hard, finding.ok, finding.words) == (False, False, "One division.")


def test_preferred_tracks_are_explained(cohort, people, branch_officer):
    """T3"""
    tracks = [CareerTrack.objects.create(name=name) for name in ("Policy", "Fiscal")]
    for place, each in enumerate(people):
        each.career_track = tracks[place % 2]
        each.save()
    Cohort.objects.filter(pk=cohort.pk).update(track_preference="same")
    cohort.refresh_from_db()
    finding = findings(draft_of(cohort, people[:3], by=branch_officer))["T3"]
    assert (finding.hard, finding.ok) == (False, False)
    assert finding.words == "2 different career tracks. The same preferred."


def test_signer_and_signed_in_one_team_are_named(cohort, people, branch_officer):
    """T8"""
    people[0].signers.add(people[1].user)
    finding = findings(draft_of(cohort, people[:3], by=branch_officer))["T8"]
    assert (finding.hard, finding.ok) == (True, False)
    assert finding.words == (
        "P0 Person and P1 Person are kept apart. P1 Person signed P0 Person’s application."
    )


def test_person_in_two_teams_of_a_draft_is_named(cohort, people, branch_officer):
    """T9"""
    finding = findings(draft_of(cohort, people[:3], people[2:5], by=branch_officer))["T9"]
    assert (finding.hard, finding.ok, finding.words) == (True, False, "In another team too: P2 Person.")


def test_rules_without_data_are_not_mentioned(cohort, people, branch_officer):
    proposal = draft_of(cohort, people[:3], by=branch_officer)
    assert list(findings(proposal)) == ["T1", "T8", "T2", "T6", "T3", "competency", "T9"]


def test_explaining_takes_the_same_queries_for_any_number(
    cohort, people, branch_officer, django_assert_num_queries
):
    small = draft_of(cohort, people[:3], by=branch_officer)
    with django_assert_num_queries(6):
        explain_draft(small)
    small.document = {"teams": [[each.pk for each in people[:3]], [each.pk for each in people[3:]]]}
    small.save()
    with django_assert_num_queries(6):
        explain_draft(small)


# Proposing


def test_proposal_puts_everybody_into_teams_of_three_or_four(cohort, people, branch_officer):
    """T1"""
    proposal = team_formation.propose(cohort=cohort, by=branch_officer, now=NOW, seed=1)
    explained = explain_draft(proposal)
    teams, pool = explained.teams, explained.pool
    assert sorted(len(team.members) for team in teams) == [3, 4]
    assert (pool, [team.broken for team in teams]) == ([], [[], []])
    assert proposal.result["score"] <= proposal.result["bound"]
    assert proposal.status == Status.DRAFT
    assert AuditEvent.objects.filter(action="proposal.drafted", object_id=proposal.pk).count() == 1


def test_proposal_of_five_leaves_one_with_the_reason(cohort, people, branch_officer):
    """T1: the last who enrolled waits."""
    for each in people[:2]:
        each.status, each.left_at = "left", NOW
        each.save()
    proposal = team_formation.propose(cohort=cohort, by=branch_officer, now=NOW)
    [[left_out, reason]] = proposal.result["left_out"]
    assert left_out == people[6].pk
    assert "5 people cannot be split into teams of 3 or 4: 1 must wait." in reason


def test_proposal_keeps_signers_apart(cohort, people, branch_officer):
    """T8: with one pair kept apart in each possible team of three, they end up apart."""
    people[0].signers.add(people[1].user)
    proposal = team_formation.propose(cohort=cohort, by=branch_officer, now=NOW)
    assert not any({people[0].pk, people[1].pk} <= set(team) for team in proposal.document["teams"])


def test_same_seed_and_steps_give_the_same_teams(cohort, org, branch_officer):
    for number in range(17):
        unit = (org.unit, org.other_unit)[number % 2]
        factories.participant(cohort_of_many(cohort), factories.person(unit=unit))
    found = [
        team_formation.propose(
            cohort=cohort, by=branch_officer, now=NOW, seed=4, steps=500, replace=True
        ).document
        for _ in range(2)
    ]
    assert found[0] == found[1]


def cohort_of_many(cohort):
    cohort.seats = 60
    cohort.save()
    return cohort


def test_second_draft_is_refused(cohort, people, branch_officer):
    draft_of(cohort, by=branch_officer)
    with pytest.raises(team_formation.DraftExists):
        team_formation.propose(cohort=cohort, by=branch_officer, now=NOW)
    with pytest.raises(team_formation.DraftExists):
        team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
    assert cohort.proposals.count() == 1


def test_draft_that_another_replaces_is_discarded_on_record(cohort, people, branch_officer):
    first = draft_of(cohort, by=branch_officer)
    second = team_formation.propose(cohort=cohort, by=branch_officer, now=NOW, steps=500, replace=True)
    first.refresh_from_db()
    assert (first.status, second.status) == (Status.DISCARDED, Status.DRAFT)
    event = AuditEvent.objects.get(action="proposal.discarded")
    assert (event.object_id, event.actor) == (first.pk, branch_officer)


def test_proposing_for_nobody_is_refused(program, branch, branch_officer):
    empty = factories.cohort(program, branch, by=branch_officer)
    with pytest.raises(team_formation.NobodyWaits):
        team_formation.propose(cohort=empty, by=branch_officer, now=NOW)


def test_solver_that_finds_nothing_in_time_is_a_refusal(cohort, people, branch_officer, monkeypatch):
    monkeypatch.setattr(child.sys, "executable", "/bin/sh")
    monkeypatch.setattr(child.subprocess, "Popen", _sleeping(child.subprocess.Popen, started := []))
    with pytest.raises(team_solving.SolverFailed, match="No teams were found in the time"):
        team_formation.propose(cohort=cohort, by=branch_officer, now=NOW, seconds=0.1)
    assert started[0].returncode == -9
    assert not cohort.proposals.exists()


def _sleeping(popen, started):
    def start(command, **options):
        started.append(popen(["sleep", "60"], **options))
        return started[0]

    return start


def test_failing_solver_is_a_refusal(cohort, people, branch_officer, monkeypatch):
    monkeypatch.setattr(child.sys, "executable", "/bin/false")
    with pytest.raises(team_solving.SolverFailed, match="could not be made"):
        team_formation.propose(cohort=cohort, by=branch_officer, now=NOW)


def test_progress_of_the_search_stands_on_the_job(cohort, people, branch_officer, monkeypatch):
    told = []
    monkeypatch.setattr(
        Progress, "report", lambda self, done, total, so_far=None: told.append((done, total, so_far))
    )
    ids = {"cohort": cohort.pk, "by": branch_officer.pk}
    job = jobs.start(kind="propose_teams", key=str(cohort.pk), by=branch_officer, now=NOW, arguments=ids)
    jobs.run(job.pk)
    assert told[0] == (0, 10, {"score": None, "bound": None, "points": []})


def test_cancelled_job_ends_the_search(cohort, people, branch_officer):
    ids = {"cohort": cohort.pk, "by": branch_officer.pk, "seconds": 60.0}
    job = jobs.start(kind="propose_teams", key=str(cohort.pk), by=branch_officer, now=NOW, arguments=ids)
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, cohort.proposals.count()) == ("cancelled", 0)


def test_job_makes_a_draft_once(cohort, people, branch_officer):
    ids = {"cohort": cohort.pk, "by": branch_officer.pk}
    for _ in range(2):
        job = jobs.start(kind="propose_teams", key=str(cohort.pk), by=branch_officer, now=NOW, arguments=ids)
        jobs.run(job.pk)
        job.refresh_from_db()
    assert cohort.proposals.count() == 1
    assert job.status == "failed"
    assert job.error.startswith(f"The {cohort} has a draft of its teams already.")


def test_officer_of_another_branch_is_refused(cohort, people, org):
    """F5"""
    stranger = factories.officer(factories.unit("branch", parent=org.department))
    with pytest.raises(NotYourCohort):
        team_formation.propose(cohort=cohort, by=stranger, now=NOW)
    with pytest.raises(NotYourCohort):
        team_formation.start_by_hand(cohort=cohort, by=stranger, now=NOW)


def test_officer_who_takes_part_is_refused(cohort, people, branch_officer):
    """T10"""
    factories.participant(cohort, branch_officer)
    with pytest.raises(NotYourCohort):
        team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)


# Publishing


def test_published_teams_ask_every_member(cohort, people, branch_officer):
    """T4, T7, T9"""
    proposal = draft_of(cohort, people[:3], people[3:], by=branch_officer)
    teams = team_formation.publish(proposal=proposal, by=branch_officer, now=NOW)
    assert [(team.number, team.status) for team in teams] == [
        (1, "awaiting_agreement"),
        (2, "awaiting_agreement"),
    ]
    assert Membership.objects.filter(ended_at=None, role="member").count() == 7
    assert set(Consent.objects.values_list("answer", flat=True)) == {"pending"}
    asked = Message.objects.filter(kind="team_proposed").values_list("recipient", flat=True)
    assert sorted(asked) == sorted(each.user_id for each in people)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.published_at) == (Status.PUBLISHED, NOW)
    assert AuditEvent.objects.filter(action="proposal.published").count() == 1
    assert AuditEvent.objects.filter(action="team.proposed").count() == 2


def test_publishing_twice_makes_the_teams_once(cohort, people, branch_officer):
    proposal = draft_of(cohort, people[:3], by=branch_officer)
    first = team_formation.publish(proposal=proposal, by=branch_officer, now=NOW)
    assert team_formation.publish(proposal=proposal, by=branch_officer, now=NOW) == first
    assert (Team.objects.count(), Consent.objects.count(), Message.objects.count()) == (1, 3, 3)


def test_numbers_go_on_after_earlier_teams(cohort, people, branch_officer):
    factories.confirmed_team(cohort, people[:3], by=branch_officer)
    [team] = team_formation.publish(
        proposal=draft_of(cohort, people[3:], by=branch_officer), by=branch_officer, now=NOW
    )
    assert team.number == 2


@pytest.mark.parametrize("size", [1, 2, 5])
def test_team_of_a_wrong_size_is_not_published(cohort, people, branch_officer, size):
    """T1"""
    proposal = draft_of(cohort, people[:size], by=branch_officer)
    with pytest.raises(BrokenRules, match="a team has 3 or 4"):
        team_formation.publish(proposal=proposal, by=branch_officer, now=NOW)
    assert not Team.objects.exists()


def test_signer_with_signed_is_not_published(cohort, people, branch_officer):
    """T8"""
    people[0].signers.add(people[1].user)
    proposal = draft_of(cohort, people[:3], by=branch_officer)
    with pytest.raises(BrokenRules) as refusal:
        team_formation.publish(proposal=proposal, by=branch_officer, now=NOW)
    (reason,) = refusal.value.reasons
    assert reason == (
        "Draft team 1, Kept apart: P0 Person and P1 Person are kept apart. "
        "P1 Person signed P0 Person’s application."
    )


def test_person_in_two_teams_is_not_published(cohort, people, branch_officer):
    """T9"""
    proposal = draft_of(cohort, people[:3], people[2:5], by=branch_officer)
    with pytest.raises(BrokenRules, match="In another team too: P2 Person"):
        team_formation.publish(proposal=proposal, by=branch_officer, now=NOW)


def test_soft_rules_do_not_stop_publishing(cohort, people, branch_officer):
    """T2, T6"""
    for each in people:
        each.classification = people[0].classification
        each.save()
    proposal = draft_of(cohort, [people[0], people[2], people[4]], by=branch_officer)
    assert [finding.label for finding in explain_draft(proposal).teams[0].warnings] == [
        "T2",
        "T6",
        "competency",
    ]
    reasons = {1: "All work at the same site."}
    assert len(team_formation.publish(proposal=proposal, by=branch_officer, now=NOW, reasons=reasons)) == 1


def test_empty_draft_is_not_published(cohort, people, branch_officer):
    with pytest.raises(team_draft.NoTeams):
        team_formation.publish(proposal=draft_of(cohort, by=branch_officer), by=branch_officer, now=NOW)


def test_draft_that_changed_since_it_was_read_is_not_published(cohort, people, branch_officer):
    proposal = draft_of(cohort, people[:3], by=branch_officer)
    team_draft.move(proposal=proposal, participant=people[3], team=1, version=1, by=branch_officer, now=NOW)
    with pytest.raises(team_draft.Stale):
        team_formation.publish(proposal=proposal, by=branch_officer, now=NOW, version=1)


def test_database_holds_one_team_at_a_time(cohort, people, branch_officer):
    """T9"""
    team = factories.confirmed_team(cohort, people[:3], by=branch_officer)
    other = Team.objects.create(cohort=cohort, number=9)
    assert refused_by(other.memberships.create, participant=people[0]) == "membership_one_team_at_a_time"
    team.memberships.update(ended_at=NOW)
    other.memberships.create(participant=people[0])
