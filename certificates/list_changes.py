"""What is another on a list that was brought up to date, in words for whoever did it."""

from certificates.claims import hours_of
from certificates.models import Batch, BatchEntry
from certificates.templatetags.certificate_text import hours
from coaching.models import Cohort

Lines = dict[int, tuple[str, int]]
"""The name and the minutes of each participant."""


def lines_of_draft(cohort: Cohort) -> Lines:
    entries = BatchEntry.objects.filter(batch__cohort=cohort, batch__status=Batch.Status.DRAFT)
    return {entry.participant_id: (entry.name, entry.minutes) for entry in entries}


def told(before: Lines, after: Lines) -> str:
    stay = [(before[key], after[key]) for key in after if key in before]
    parts = {
        "Added": [name for key, (name, _) in after.items() if key not in before],
        "Taken off": [name for key, (name, _) in before.items() if key not in after],
        "Written otherwise": [f"{new}, before {old}" for (old, _), (new, _) in stay if new != old],
        "Other hours": [
            f"{name}, {_hours(new)} instead of {_hours(old)}" for (_, old), (name, new) in stay if new != old
        ],
    }
    changes = [f"{what}: {'; '.join(lines)}." for what, lines in parts.items() if lines]
    return " ".join(["The list is up to date.", *(changes or ["Nothing on it has changed."])])


def _hours(minutes: int) -> str:
    return hours(hours_of(minutes))
