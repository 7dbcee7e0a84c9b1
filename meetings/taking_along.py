"""What a participant wrote, as plain text to take along; whoever left can until the day on which it is deleted.

After they left it is their own words alone (M16): no answer of their supervisor, and nothing that somebody else wrote down.
"""

from datetime import date

from coaching.models import Participant
from meetings import growth, inputs, notes, project


def until(participant: Participant, *, today: date) -> date | None:
    """The day from which on nothing is left of it for whoever left the program; None once it has come."""
    day = notes.deleted_on(participant.cohort)
    return day if today < day else None


def own_writing(participant: Participant) -> str:
    parts = [notes.own_writing(participant)]
    parts += [of.own_writing(participant) for of in (project, inputs, growth)]
    return "".join(parts)
