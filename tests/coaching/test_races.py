"""Two people at the same moment: locks decide, on PostgreSQL (SQLite has one writer at a time)."""

from collections import Counter
from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import close_old_connections, connection

from coaching import (
    audit,
    cohorts,
    enrollment,
    jobs,
    outbox,
    team_agreement,
    team_changes,
    team_draft,
    team_formation,
    undelivered,
    versions,
)
from coaching.enrollment import NoSeatLeft
from coaching.errors import Refused
from coaching.models import (
    AuditEvent,
    ClosedDay,
    Cohort,
    Consent,
    Job,
    Membership,
    Message,
    Participant,
    Team,
    TeamChange,
    TeamProposal,
)
from coaching.outbox import Mail
from tests import factories
from tests.clock import NOW

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run all of them at the same moment; returns each result, or the refusal."""
    results: list[object] = [None] * len(acts)
    barrier = Barrier(len(acts))

    def run(place: int) -> None:
        close_old_connections()
        try:
            barrier.wait(timeout=10)
            results[place] = acts[place]()
        except (Refused, ValueError, ValidationError) as refusal:
            results[place] = refusal
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads), "a deadlock"
    return results


@pytest.fixture
def people(cohort):
    return [factories.participant(cohort) for _ in range(4)]


@pytest.fixture
def draft(cohort, people, branch_officer):
    draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
    draft.document = {"teams": [[each.pk for each in people[:3]]]}
    draft.save()
    return draft


def test_two_people_do_not_get_the_last_seat(program, branch):
    cohort = factories.cohort(program, branch, seats=3)
    users = [factories.person() for _ in range(8)]
    results = at_once(*(lambda user=user: factories.participant(cohort, user) for user in users))
    assert Counter(type(result) for result in results) == {Participant: 3, NoSeatLeft: 5}
    assert cohort.participants.count() == 3


def like(cohort, **values):
    """As a form sends it, not saved."""
    fields = (each.attname for each in Cohort._meta.concrete_fields if each.name not in ("id", *values))
    return Cohort(**{name: getattr(cohort, name) for name in fields}, **values)


def test_a_cohort_opened_by_two_clicks_is_one(cohort):
    clicks = (
        lambda: cohorts.open_cohort(cohort=like(cohort, name="2030"), by=None, now=NOW) for _ in range(2)
    )
    found = at_once(*clicks)
    assert sorted(type(each).__name__ for each in found) == ["Cohort", "ValidationError"]
    assert Cohort.objects.filter(name="2030").count() == 1


def test_two_cohorts_do_not_get_the_same_name(cohort, branch_officer):
    cohorts.open_cohort(cohort=like(cohort, name="2030"), by=None, now=NOW)
    found = at_once(
        lambda: cohorts.open_cohort(cohort=like(cohort, name="2031"), by=None, now=NOW),
        lambda: cohorts.change_cohort(
            cohort=Cohort.objects.get(name="2030"), values={"name": "2031"}, by=branch_officer, now=NOW
        ),
    )
    assert sum(isinstance(each, ValidationError) for each in found) == 1
    assert Cohort.objects.filter(name="2031").count() == 1


def test_words_of_a_version_stand_from_the_moment_a_cohort_is_tied_to_it(cohort, program, training_officer):
    """F1: whichever is first, nothing is changed after the cohort was opened."""
    for number in range(6):
        values = {"by": training_officer, "now": NOW}
        model = versions.begin(model=cohort.competency_model, version=f"Version {number}", **values)
        versions.take(program=program, model=model, **values)
        words = dict.fromkeys([f"name-{model.competencies.first().pk}"], "Other words")
        changed, opened = at_once(
            lambda model=model, words=words: versions.change(
                model=model, words=words, by=training_officer, now=NOW
            ),
            lambda number=number: cohorts.open_cohort(
                cohort=like(cohort, name=f"{2030 + number}"), by=None, now=NOW
            ),
        )
        assert opened.competency_model == model
        acts = AuditEvent.objects.filter(action__in=("competency_model.changed", "cohort.opened"))
        assert acts.latest("pk").action == "cohort.opened"
        assert changed is True or isinstance(changed, versions.CannotChange)


def test_holidays_seeded_by_two_branches_at_once_are_there_once(db):
    """M3"""
    ClosedDay.objects.all().delete()
    found = at_once(*[lambda: cohorts.seed_closed_days(range(2027, 2057))] * 2)
    assert None not in found
    assert ClosedDay.objects.filter(date="2027-01-01").count() == 1


def test_one_person_enrolled_by_two_takes_one_seat(cohort, applicant):
    results = at_once(*(lambda: factories.participant(cohort, applicant) for _ in range(4)))
    assert len({result.pk for result in results}) == 1
    assert AuditEvent.objects.filter(action="participant.enrolled").count() == 1


def test_published_twice_at_once_makes_the_teams_once(draft, branch_officer):
    """T9"""
    at_once(*(lambda: team_formation.publish(proposal=draft, by=branch_officer, now=NOW) for _ in range(4)))
    assert (Team.objects.count(), Membership.objects.count(), Consent.objects.count()) == (1, 3, 3)


def test_two_moves_of_one_version_make_one(draft, people, branch_officer):
    def move(team):
        return team_draft.move(
            proposal=draft, participant=people[3], team=team, version=1, by=branch_officer, now=NOW
        )

    results = at_once(lambda: move(1), lambda: move(2))
    assert Counter(type(result) for result in results) == {team_draft.Effect: 1, team_draft.Stale: 1}
    draft.refresh_from_db()
    assert draft.version == 2


def test_nobody_who_left_is_in_a_team(draft, people, branch_officer):
    at_once(
        lambda: enrollment.leave(participant=people[0], by=people[0].user, reason="", now=NOW),
        lambda: team_formation.publish(proposal=draft, by=branch_officer, now=NOW),
    )
    assert not Membership.objects.filter(participant=people[0], ended_at=None).exists()
    assert not Team.objects.filter(status=Team.Status.AWAITING_AGREEMENT).exists()  # T1: two are no team


def test_team_is_not_confirmed_with_a_decline(draft, branch_officer):
    """T4: whichever comes first, a team that stands was agreed to by all."""
    [team] = team_formation.publish(proposal=draft, by=branch_officer, now=NOW)
    consents = list(Consent.objects.select_related("participant__user"))
    for consent in consents:
        team_agreement.answer(consent=consent, agree=True, by=consent.participant.user, now=NOW)
    last = consents[-1]
    at_once(
        lambda: team_agreement.answer(consent=last, agree=False, by=last.participant.user, now=NOW),
        lambda: team_agreement.confirm(team=team, by=branch_officer, now=NOW),
    )
    team.refresh_from_db()
    last.refresh_from_db()
    assert (team.status, last.answer) in {("confirmed", "agreed"), ("awaiting_agreement", "declined")}


def test_confirming_and_dissolving_ends_in_one_of_them(draft, branch_officer):
    [team] = team_formation.publish(proposal=draft, by=branch_officer, now=NOW)
    for consent in Consent.objects.select_related("participant__user"):
        team_agreement.answer(consent=consent, agree=True, by=consent.participant.user, now=NOW)
    at_once(
        lambda: team_agreement.confirm(team=team, by=branch_officer, now=NOW),
        lambda: team_agreement.dissolve(team=team, by=branch_officer, reason="", now=NOW),
    )
    team.refresh_from_db()
    actions = AuditEvent.objects.filter(action__in=["team.confirmed", "team.dissolved"])
    assert actions.count() == 1
    assert (team.status == "confirmed") == (team.memberships.filter(ended_at=None).count() == 3)


def test_two_drafts_at_once_are_one(cohort, people, branch_officer):
    acts = [lambda: team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)] * 3
    results = at_once(*acts)
    assert Counter(type(result) for result in results) == {TeamProposal: 1, team_formation.DraftExists: 2}


def test_two_workers_send_a_mail_once(applicant, monkeypatch):
    monkeypatch.setitem(outbox._builders, "hello", lambda recipient: Mail("Hello", "Yes\n"))
    for number in range(5):
        outbox.queue(kind="hello", to=applicant, key=str(number), now=NOW)
    outcomes = at_once(*(lambda: outbox.deliver_due(now=NOW) for _ in range(3)))
    assert sum(outcome["sent"] for outcome in outcomes) == 5
    assert len(mail.outbox) == 5


def test_two_officers_send_a_lost_mail_again_once(applicant, branch_officer, monkeypatch):
    monkeypatch.setitem(outbox._builders, "hello", lambda recipient: Mail("Hello", "Yes\n"))
    outbox.queue(kind="hello", to=applicant, key="1", now=NOW)
    Message.objects.update(status="unknown")
    message = Message.objects.get()
    other = factories.officer(branch_officer.unit or applicant.branch, "Bea Branchoffice")
    officers = [branch_officer, other, branch_officer, other]
    results = at_once(
        *(lambda by=by: undelivered.send_again(message=message, by=by, now=NOW) for by in officers)
    )
    assert Counter(type(each) for each in results) == {Message: 1, undelivered.NotUndelivered: 3}
    assert dict(outbox.deliver_due(now=NOW)) == {"sent": 1}


def test_two_sealers_make_one_chain(applicant):
    for number in range(20):
        audit.record(f"thing.{number}", by=None, obj=applicant, now=NOW)
    assert sum(at_once(*(audit.seal for _ in range(4)))) == AuditEvent.objects.count()
    assert audit.verify()[1] is None


def test_two_workers_run_a_job_once(db, monkeypatch):
    ran = []
    monkeypatch.setitem(jobs._kinds, "count", lambda progress: ran.append(1) or {})
    job = Job.objects.create(kind="count", key="count:1")
    at_once(*(lambda: jobs.run(job.pk) for _ in range(4)))
    assert ran == [1]


def test_job_asked_for_twice_at_once_is_one(db, monkeypatch):
    monkeypatch.setitem(jobs._kinds, "count", lambda progress: {})
    monkeypatch.setattr(jobs, "_nudge", lambda pk: None)
    asked = at_once(*(lambda: jobs.start(kind="count", key="1", by=None, now=NOW) for _ in range(4)))
    assert len({job.pk for job in asked}) == 1


def test_two_teams_do_not_take_two_people_from_the_same_one(cohort, branch_officer):
    """T1, T4: of four people one can go; they are asked by one team, and the other is told so."""
    four = [factories.participant(cohort, factories.person(name)) for name in ("Dot", "Eli", "Fay", "Gus")]
    source = factories.confirmed_team(cohort, four, by=branch_officer)
    small = [
        factories.small_team(
            cohort, *(f"{name} {number}" for name in ("Ann", "Ben", "Cy")), by=branch_officer
        )
        for number in range(2)
    ]
    results = at_once(
        *(
            lambda team=team, taken=taken: team_changes.ask(
                team=team, kind=TeamChange.Kind.JOIN, joining=[taken], reason="", by=branch_officer, now=NOW
            )
            for team, taken in zip(small, four, strict=False)
        )
    )
    assert sorted(type(result).__name__ for result in results) == ["AskedAlready", "TeamChange"]
    [change] = [each for each in results if isinstance(each, TeamChange)]
    change.consents.update(answer=Consent.Answer.AGREED, answered_at=NOW)
    team_changes.confirm(change=change, by=branch_officer, now=NOW)
    assert source.memberships.filter(ended_at=None).count() == 3
