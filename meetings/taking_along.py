"""What a participant wrote, as plain text to take along while they are in a team; whoever leaves takes it first (M16)."""

from coaching.models import Participant
from meetings import growth, inputs, notes, project


def own_writing(participant: Participant) -> str:
    parts = [notes.own_writing(participant)]
    parts += [of.own_writing(participant) for of in (project, inputs, growth)]
    return "".join(parts)
