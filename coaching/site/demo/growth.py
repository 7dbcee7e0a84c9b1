"""What participants of the demo write about their projects, and share."""

from datetime import datetime, timedelta

from coaching.models import Participant
from meetings import inputs, project
from meetings.models import ProjectText

Audience = ProjectText.Audience
MILESTONES = (
    ("Talk with eight people who will use it", Audience.PROGRAM, -40, True),
    ("A first draft that three colleagues have read", Audience.PROGRAM, 12, False),
    ("Try it in my own unit for a month", Audience.TEAM, 60, False),
)
UPDATE = (
    "The interviews are done. What people need most is one page that says whom to ask, so I begin with that."
)
QUESTIONS = (
    (
        "Whom outside our division should I talk with?",
        "Ask Educational Data: they solved the same thing last year.",
    ),
    ("Is it all right if I try this in our unit first?", ""),
)
OUTCOME = (
    "The page is in use in both units. Questions that came back took four days before, and take one day now."
)


def on_the_way(participant: Participant, *, now: datetime) -> None:
    """Milestones, an update for the director too, one answer of the supervisor, and a question that waits for one."""
    member = participant.user
    for text, audience, days, is_done in MILESTONES:
        row = project.save(
            participant=participant,
            kind=ProjectText.Kind.MILESTONE,
            text=text,
            audience=audience,
            due_date=now.date() + timedelta(days=days),
            by=member,
            now=now - timedelta(days=70),
        )
        if is_done:
            project.set_done(row=row, done=True, by=member, now=now - timedelta(days=42))
    project.save(
        participant=participant,
        kind=ProjectText.Kind.UPDATE,
        text=UPDATE,
        audience=Audience.PROGRAM,
        by=member,
        now=now - timedelta(days=20),
    )
    for (question, answer), days in zip(QUESTIONS, (35, 1), strict=True):
        at = now - timedelta(days=days)
        row_asked = inputs.ask(participant=participant, question=question, by=member, now=at)
        if answer:
            inputs.answer(row=row_asked, text=answer, by=row_asked.supervisor, now=at + timedelta(days=2))
            inputs.share(row=row_asked, shared=True, by=member, now=at + timedelta(days=3))


def outcome(participant: Participant, *, now: datetime) -> None:
    """C4: recorded at the end, for the director and the deputy too."""
    project.save(
        participant=participant,
        kind=ProjectText.Kind.OUTCOME,
        text=OUTCOME,
        audience=Audience.PROGRAM,
        by=participant.user,
        now=now,
    )
