"""Plays the people of a program, for the demo and for simulations: nothing is written here but through the write
functions that the pages use, each at the moment it is said to happen."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import astuple, fields
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from applications import checks, choosing, deciding, drafting, releasing, workflow
from applications.models import Application, Rating
from coaching import esign, staff_file, staff_import, team_agreement, team_formation, team_wishes
from coaching.meeting_times import times_of
from coaching.models import Cohort, Competency, Consent, Participant, Team, TeamProposal, User
from coaching.site import lifecycle
from coaching.site.population import POSITIONS, PROJECTS, ROLES, WHY, Employee
from coaching.team_problem import available
from meetings import attendance, evaluations, scheduling
from meetings.models import Attendance, Meeting, Question

PROPOSAL_STEPS = 20_000  # of the solver: repeatable, and about a second
CRITERIA = deciding.Criteria(
    interest_in_program="Asked good questions about the commitment and has planned the time for it.",
    interest_in_leadership="Already guides colleagues without being asked to.",
    division_project="The division needs it, and it can be done in eight months.",
)
REMARKS = (
    "More time for the questions, please.",
    "The idea to map our users helped me.",
    "Good pace, and everybody had a turn.",
)


def at(day: date, hour: int = 10, *, cohort: Cohort | None = None) -> datetime:
    """That hour of that day, where the cohort is (or in UTC)."""
    return datetime.combine(day, time(hour), tzinfo=cohort.zone if cohort else UTC)


def load_staff(employees: Iterable[Employee], *, now: datetime) -> dict[str, User]:
    """Import a staff list, without invitations; returns the people by mail address."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(field.name for field in fields(Employee))
    writer.writerows(astuple(employee) for employee in employees)
    staff_import.import_staff(staff=staff_file.parse(file.getvalue()), by=None, now=now, invite=False)
    return {user.email: user for user in User.objects.select_related("unit", "supervisor")}


# Applications


def write_application(*, cohort: Cohort, applicant: User, chance: Random, now: datetime) -> Application:
    """A complete draft, ready to be signed."""
    application = drafting.start(cohort=cohort, by=applicant, now=now)
    competencies = checks.competencies_of(application)
    answers = draw_answers(chance, today=drafting.today_of(cohort, now))
    answers["project_competencies"] = chance.sample(competencies, 2)
    drafting.save_answers(application=application, by=applicant, answers=answers, now=now)
    ratings = draw_ratings(competencies, chance)
    drafting.save_ratings(application=application, by=applicant, ratings=ratings, now=now)
    application.refresh_from_db()
    return application


def draw_answers(chance: Random, *, today: date) -> dict[str, object]:
    title, description, outcome, measure = chance.choice(PROJECTS)
    return {
        "why": chance.choice(WHY),
        "development": "I want to practice asking instead of telling, and to hear how I come across.",
        "role_aimed_for": chance.choice(ROLES),
        "ultimate_position": chance.choice(POSITIONS),
        "project_title": title,
        "project_description": description,
        "project_outcome": outcome,
        "project_measure": measure,
        "specific": "One product of the division, with a named owner.",
        "measurable": measure,
        "achievable": "My unit has the data and two colleagues who will help.",
        "realistic": "It takes about two hours a week beside my other work."
        if chance.random() < 0.8
        else "Yes.",
        "timely": "First version in month three, in use by month six.",
        "concept_supervisor_date": today - timedelta(days=chance.randint(3, 12)),
        "concept_director_date": today - timedelta(days=chance.randint(0, 2)),
    }


def draw_ratings(competencies: list[Competency], chance: Random) -> dict[Competency, tuple[str, str]]:
    """One to three to grow in, one to three to glow in, the rest neither (A6)."""
    drawn = chance.sample(competencies, len(competencies))
    grow, glow = chance.choices((1, 2, 3), (40, 40, 20), k=2)
    kinds = [Rating.Kind.GROW] * grow + [Rating.Kind.GLOW] * glow
    kinds += [Rating.Kind.NEITHER] * (len(drawn) - len(kinds))
    return {competency: (kind, "") for competency, kind in zip(drawn, kinds, strict=False)}


def submit(application: Application, *, now: datetime) -> Application:
    """The applicant signs and sends it (A7)."""
    esign.consent(by=application.applicant, now=now)
    return workflow.submit(
        application=application,
        by=application.applicant,
        typed_name=application.applicant.name,
        benefits_acknowledged=True,
        voluntary_acknowledged=True,
        commitment_made=True,
        now=now,
    )


def change_measure(application: Application, words: str, *, now: datetime) -> None:
    """What an applicant does when the application comes back."""
    drafting.save_answers(
        application=application,
        by=application.applicant,
        answers={"project_measure": f"{application.project_measure} {words}"},
        now=now,
    )


def come_back_changed(application: Application, *, now: datetime) -> Application:
    """Returned by whoever it waits on; a day later changed and submitted again."""
    workflow.return_for_changes(
        application=application,
        by=waits_on(application),
        comment="Please say how you will know that it worked.",
        now=now,
    )
    later = now + timedelta(days=1)
    change_measure(application, "Counted before we begin, and again in month six.", now=later)
    return submit(application, now=later)


def waits_on(application: Application) -> User:
    """The person the application waits on."""
    step = application.current_step()
    if step is None:
        raise ValueError(f"The application {application} waits on nobody.")
    return step.signer


def sign(application: Application, *, now: datetime) -> Application:
    """Whoever it waits on signs (A8)."""
    signer = waits_on(application)
    esign.consent(by=signer, now=now)
    return workflow.sign(application=application, by=signer, typed_name=signer.name, now=now)


def decider(application: Application) -> User:
    return application.route()[len(application.route()) - 1].signer


def choose(application: Application, outcome: str, *, now: datetime, reason: str = "") -> None:
    """The deputy chooses, against the three criteria (A10); nobody is told."""
    choosing.choose(
        application=application,
        by=decider(application),
        outcome=outcome,
        criteria=CRITERIA,
        reason=reason,
        now=now,
    )


def release(cohort: Cohort, *, by: User, now: datetime) -> None:
    """All that was chosen becomes decisions together (A11)."""
    esign.consent(by=by, now=now)
    listed = releasing.bundle(cohort, by, now=now).listed
    releasing.release(cohort=cohort, by=by, typed_name=by.name, listed=listed, now=now)


def decide(application: Application, outcome: str, *, now: datetime, reason: str = "") -> None:
    """Choose, and release at once."""
    choose(application, outcome, now=now, reason=reason)
    release(application.cohort, by=decider(application), now=now)


def accept(application: Application, *, now: datetime) -> None:
    decide(application, Application.Status.ACCEPTED, now=now)


# Teams


def say_wishes(cohort: Cohort, chance: Random, *, now: datetime) -> None:
    """Two of three who wait for a team say when they can meet, and one with whom they would rather not be."""
    waiting = available(cohort)
    keys = [each.key for each in times_of(cohort)]
    answering = [each for place, each in enumerate(waiting) if place % 3]
    for place, participant in enumerate(answering):
        others = [each.user for each in waiting if each.division_id != participant.division_id]
        team_wishes.save(
            participant=participant,
            times=sorted(chance.sample(keys, k=len(keys) * 2 // 3), key=keys.index),
            track=chance.choice(Cohort.TrackPreference.values),
            rather_not=others[:1] if place == 0 else [],
            by=participant.user,
            now=now,
        )


def propose_teams(cohort: Cohort, *, by: User, seed: int, now: datetime) -> TeamProposal:
    """A repeatable proposal for everybody without a team."""
    return team_formation.propose(cohort=cohort, by=by, now=now, seed=seed, steps=PROPOSAL_STEPS)


def answer_all(team: Team, *, now: datetime, declines: Mapping[int, str] | None = None) -> bool:
    """Every member answers (T4), those in `declines` (by participant id) with no; whether all agreed."""
    declines = declines or {}
    consents = Consent.objects.filter(change__team=team).select_related("participant__user").order_by("pk")
    for consent in consents:
        reason = declines.get(consent.participant_id, "")
        team_agreement.answer(
            consent=consent, agree=not reason, by=consent.participant.user, reason=reason, now=now
        )
    return not any(consent.participant_id in declines for consent in consents)


def form_teams(cohort: Cohort, *, by: User, seed: int, now: datetime) -> list[Team]:
    """Propose, publish, agree and confirm, without anybody objecting."""
    proposal = propose_teams(cohort, by=by, seed=seed, now=now)
    teams = team_formation.publish(proposal=proposal, by=by, now=now + timedelta(hours=1))
    for team in teams:
        answer_all(team, now=now + timedelta(days=2))
        lifecycle.confirm_team(team=team, by=by, now=now + timedelta(days=3))
    return teams


# Meetings


def hold(
    meeting: Meeting, *, absent: Iterable[Participant] = (), remote: Iterable[Participant] = ()
) -> list[Participant]:
    """A member takes attendance when the meeting ends; returns who was there."""
    away, online = set(absent), set(remote)
    members = attendance.expected(meeting)
    there = [member for member in members if member not in away]
    marks: dict[Participant, str] = dict.fromkeys(away, Attendance.Status.ABSENT)
    marks |= {
        member: Attendance.Status.REMOTE if member in online else Attendance.Status.PRESENT
        for member in there
    }
    attendance.take_attendance(
        meeting=meeting, marks=marks, by=(there or members)[0].user, now=meeting.ends_at
    )
    return there


def make_up(team: Team, meeting: Meeting, *, by: User) -> Meeting | None:
    """An extra meeting a week later, which makes the month good (M2); None when the month is over by then."""
    day = meeting.date + timedelta(days=7)
    if day.month != meeting.date.month:
        return None
    return scheduling.add_extra(
        team=team,
        when=scheduling.When(date=day, start_time=meeting.start_time, minutes=60),
        where=scheduling.Where(mode=Meeting.Mode.REMOTE),
        by=by,
        now=meeting.ends_at + timedelta(hours=1),
        title="Catching up",
    )


def evaluate(
    meeting: Meeting, participant: Participant, questions: Iterable[Question], chance: Random
) -> None:
    """Answer the questionnaire the day after (C1)."""
    answers: dict[int, int | str] = {}
    for question in questions:
        if question.kind == Question.Kind.RATING:
            answers[question.pk] = chance.choices((2, 3, 4, 5), (5, 20, 45, 30))[0]
        elif chance.random() < 0.4:
            answers[question.pk] = chance.choice(REMARKS)
    evaluations.submit_evaluation(
        meeting=meeting, answers=answers, by=participant.user, now=meeting.ends_at + timedelta(days=1)
    )
