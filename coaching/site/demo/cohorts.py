"""Cohorts of the demo beyond selection: completed, in month five, forming teams."""

from datetime import datetime, time, timedelta
from itertools import islice
from random import Random

from certificates import approval, issuing, replacing
from certificates.models import Certificate
from coaching import alumni, esign, team_draft, team_formation
from coaching.models import Cohort, CurriculumItem, Participant, Team, User
from coaching.site import staging
from coaching.site.demo import growth
from coaching.site.demo.scene import DIVISIONS, OPERATIONS_BRANCH, SEED, STUDENT_BRANCH, Demo
from meetings import (
    busy,
    evaluations,
    feeds,
    notes,
    reopening,
    scheduling,
    statement,
    team_space,
    together,
    visits,
    waivers,
)
from meetings.deadlines import State
from meetings.models import Attendance, Meeting, Note


def completed(demo: Demo) -> None:
    """Seven people in two teams: five hold certificates, one was replaced; one missed a month; one was excused late,
    and waits for the approval."""
    cohort = demo.open_cohort(
        branch=STUDENT_BRANCH,
        name=str(demo.month(-10).year),
        first_month=demo.month(-10),
        opens=demo.month(-13),
        closes=demo.month(-11) - timedelta(days=1),
    )
    demo.enroll(cohort, [demo.user("graduate"), *islice(demo.colleagues(STUDENT_BRANCH), 6)])
    officer = demo.user("branch.office")
    staging.form_teams(cohort, by=officer, seed=SEED, now=staging.at(demo.month(-11), 15, cohort=cohort))
    known = demo.user("graduate").participations.get(cohort=cohort)
    team = known.memberships.get().team_id
    demo.hold_meetings(
        cohort,
        unless=lambda meeting, number: (
            (meeting.month, number) in ((6, 0), (4, 1)) and not meeting.teams.filter(pk=team).exists()
        ),
    )
    now = staging.at(demo.month(-2), cohort=cohort) + timedelta(days=9)
    growth.outcome(known, now=now - timedelta(days=12))
    evaluations.close_evaluations(now=now)
    batch = approval.propose_batch(cohort=cohort, by=officer, now=now)
    batch = approval.submit_for_approval(batch=batch, by=officer, now=now)
    head = demo.user("superintendent")
    esign.consent(by=head, now=now)
    batch = approval.approve_batch(batch=batch, by=head, typed_name=head.name, now=now + timedelta(days=2))
    issuing.issue_batch(batch=batch, by=officer, now=now + timedelta(days=2, hours=1))
    _excuse_late(cohort, officer, now=demo.now - timedelta(days=4))
    _join_the_alumni(cohort, now=now + timedelta(days=10))
    statement.pass_on(participant=known, passed_on=True, by=known.user, now=now + timedelta(days=11))
    lost = Certificate.objects.exclude(participant__user=known.user).order_by("pk").first()
    assert lost is not None
    replacing.reissue(
        certificate=lost, by=officer, reason="The holder lost the file.", now=now + timedelta(days=20)
    )


def _join_the_alumni(cohort: Cohort, *, now: datetime) -> None:
    """Three of those who completed let the others find them."""
    completed = cohort.participants.filter(status=Participant.Status.COMPLETED).select_related("user")
    about = ("How to get a pilot through three offices.", "", "What I would do otherwise the second time.")
    for number, (participant, words) in enumerate(zip(completed.order_by("pk")[1:], about, strict=False)):
        competencies = alumni.competencies_of(participant.user)[number : number + 2]
        alumni.save(
            by=participant.user,
            role=participant.role_aimed_for,
            competencies=competencies,
            about=words,
            now=now,
        )


def _excuse_late(cohort: Cohort, officer: User, *, now: datetime) -> None:
    """Somebody shows afterwards why they could not come: their certificate waits for the superintendent."""
    missed = Attendance.objects.get(
        meeting__cohort=cohort, meeting__item__month=4, status=Attendance.Status.ABSENT
    )
    staging.attendance.excuse(
        meeting=missed.meeting, participant=missed.participant, reason="Jury duty.", by=officer, now=now
    )
    batch = approval.propose_batch(cohort=cohort, by=officer, now=now)
    approval.submit_for_approval(batch=batch, by=officer, now=now)


def month_five(demo: Demo) -> None:
    """Eleven people in three teams; everything up to this month is held, one meeting was missed."""
    cohort = demo.open_cohort(
        branch=STUDENT_BRANCH,
        name=f"{demo.month(-4).year} summer",
        first_month=demo.month(-4),
        opens=demo.month(-7),
        closes=demo.month(-5) - timedelta(days=1),
    )
    demo.enroll(cohort, [demo.user("member"), *islice(demo.colleagues(STUDENT_BRANCH), 10)])
    officer = demo.user("branch.office")
    staging.form_teams(cohort, by=officer, seed=SEED, now=staging.at(demo.month(-5), 15, cohort=cohort))
    known = demo.user("member").participations.get(cohort=cohort)
    team = known.memberships.get().team_id
    demo.hold_meetings(
        cohort,
        unless=lambda meeting, number: (
            meeting.month == 3 and number == 1 and not meeting.teams.filter(pk=team).exists()
        ),
        silent=lambda meeting, number: (
            meeting.month == 2 and number == 2 and not meeting.teams.filter(pk=team).exists()
        ),
    )
    _ask_for_a_late_evaluation(cohort, now=demo.now - timedelta(days=1))
    _write_at_the_table(Team.objects.get(pk=team), known, now=demo.now)
    growth.on_the_way(known, now=demo.now)
    away = team_space.members_of(Team.objects.get(pk=team)).exclude(pk=known.pk).last()
    assert away is not None
    reason = "Helps out in another county for some weeks, as agreed with the supervisor."
    waivers.record(participant=away, kind="leave", months=[5, 6], reason=reason, by=officer, now=demo.now)
    _plan_visits(cohort, team, officer=officer, deputy=demo.user("deputy"), now=demo.now)
    _subscribe(known, Team.objects.get(pk=team), now=demo.now)


def _subscribe(member: Participant, team: Team, *, now: datetime) -> None:
    """A colleague has the meetings by mail; the member's supervisor has the dates."""
    colleague = team_space.members_of(team).exclude(pk=member.pk).first()
    assert colleague is not None
    assert member.user.supervisor is not None
    feeds.choose(way=feeds.Way.MAIL, by=colleague.user, now=now)
    busy.create(participant=member, by=member.user.supervisor, now=now)


def _ask_for_a_late_evaluation(cohort: Cohort, *, now: datetime) -> None:
    """Two did not evaluate a meeting in time; one of them asks the branch office to open it again."""
    lines = reopening.missing(cohort, now=now)
    late = next(line.row for line in lines if line.state == State.LATE)
    reopening.ask(meeting=late.meeting, by=late.participant.user, now=now)


def _plan_visits(cohort: Cohort, team: int, *, officer: User, deputy: User, now: datetime) -> None:
    """The deputy comes to the team's next meeting; the final one is one for all teams."""
    own = Meeting.objects.filter(teams=team, status=Meeting.Status.PLANNED, date__gt=now.date())
    visits.plan(meeting=own.earliest("date"), by=deputy, now=now)
    final = own.get(item__kind=CurriculumItem.Kind.FINAL)
    when = scheduling.When(final.date, time(13), final.minutes)
    where = scheduling.Where("Auditorium", Meeting.Mode.IN_PERSON)
    assert final.item is not None
    together.join(cohort=cohort, item=final.item, when=when, where=where, by=officer, now=now)


UPDATES = (
    {
        "status": "The interviews are done; I am writing down what people told me.",
        "success": "Everybody I asked had time for me.",
        "problem": "Two offices want opposite things.",
        "question": "How did you bring such two to one table?",
    },
    {
        "status": "The first draft of the guide is with three colleagues.",
        "problem": "It grows longer with every reader.",
    },
)


def _write_at_the_table(team: Team, member: Participant, *, now: datetime) -> None:
    """At the last meeting that was held, and before the next one."""
    meetings = Meeting.objects.of_team(team).live()
    last = meetings.filter(status=Meeting.Status.HELD).latest("date")
    ahead = meetings.filter(date__gt=last.date).earliest("date")
    mates = list(team_space.members_of(team).exclude(pk=member.pk))
    before = last.starts_at - timedelta(days=2)
    for meeting, texts, at in ((last, UPDATES[0], before), (ahead, UPDATES[1], now)):
        notes.save_update(meeting=meeting, team=team, texts=texts, by=mates[0].user, now=at)
    notes.write(
        meeting=last,
        team=team,
        kind=Note.Kind.ADVICE,
        about=mates[0],
        text="Ask each of them what would be worse: the other’s wish, or no guide at all.",
        by=member.user,
        now=last.ends_at,
    )
    notes.save_action(
        meeting=last,
        team=team,
        owner=member,
        what="Show the plan to two people who will use it",
        how="Half an hour each, with the questions we wrote today",
        due_date=ahead.date,
        by=mates[0].user,
        now=last.ends_at,
    )


def teams(demo: Demo) -> None:
    """Thirteen people of the other branch: one team waits for answers, a draft holds the others."""
    cohort = demo.open_cohort(
        branch=OPERATIONS_BRANCH,
        name=str(demo.month(2).year),
        first_month=demo.month(2),
        opens=demo.now.date() - timedelta(days=70),
        closes=demo.now.date() - timedelta(days=20),
    )
    known = demo.user("operations.member")
    colleagues = [
        each for each in demo.colleagues(OPERATIONS_BRANCH) if each.supervisor_id != known.supervisor_id
    ]
    demo.enroll(cohort, [known, *colleagues[:12]])
    officer, now = demo.user("operations.office"), demo.now - timedelta(days=3)
    draft = team_formation.start_by_hand(cohort=cohort, by=officer, now=now)
    first = [known.participations.get(cohort=cohort)]
    divisions = {first[0].division_id}
    for participant in cohort.participants.order_by("pk"):
        if participant.division_id not in divisions or len(divisions) == len(DIVISIONS[OPERATIONS_BRANCH]):
            divisions.add(participant.division_id)
            first.append(participant)
        if len(first) == 4:
            break
    for participant in first:
        draft = team_draft.move(
            proposal=draft, participant=participant, team=1, version=draft.version, by=officer, now=now
        ).proposal
    reasons = {1: "Two analysts who asked to work on neighboring projects."}
    [team] = team_formation.publish(proposal=draft, by=officer, now=now, reasons=reasons)
    for consent in team.changes.get().consents.exclude(participant=first[0]):
        staging.team_agreement.answer(
            consent=consent, agree=True, by=consent.participant.user, now=now + timedelta(days=1)
        )
    staging.say_wishes(cohort, Random(SEED), now=now + timedelta(days=1))
    staging.propose_teams(cohort, by=officer, seed=SEED, now=now + timedelta(days=2))
