"""What was changed that somebody does not know yet: on a page that was open meanwhile, and by mail."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, TypeVar

from django.db.models import Q

from coaching.errors import Refused
from coaching.models import Message, User
from meetings import invitations
from meetings.models import Meeting, MeetingChange

# Mails that tell where a meeting stands: those about it, and those about all meetings of a team.
OF_A_MEETING = (invitations.CHANGED, invitations.KIND, "meetings.reminder")
OF_A_TEAM = ("meetings.laid_out", "meetings.rhythm", "meetings.places", "meetings.day_set")

Key = TypeVar("Key")  # what a text is called where it is saved


class ChangedMeanwhile(Refused):
    """Somebody else was first: what was sent holds only when it is sent again."""


class BothChanged(ChangedMeanwhile):
    """What the page changed was changed elsewhere too. `keys`: which of what `stands` now."""

    def __init__(self, keys: Iterable[Any], stands: Mapping[Any, Any]) -> None:
        super().__init__(
            "This was changed while this page was open. If what you typed still holds, send it again."
        )
        self.keys, self.stands = set(keys), stands


def mark(value: object) -> str:
    """By which a page knows again what it showed, without repeating it."""
    text = str("" if value is None else value).replace("\r\n", "\n").strip()
    return sha256(text.encode()).hexdigest()[:16]


def merged(
    typed: Mapping[Key, Any], *, seen: Mapping[Key, str] | None, stands: Mapping[Key, Any]
) -> dict[Key, Any]:
    """What is to be saved: what was typed, and what stands now where the page changed nothing.

    `seen`: the marks of what the page showed; None: all is new. Raises BothChanged.
    """
    if seen is None:
        return dict(typed)
    shown = {key: seen.get(key, mark(None)) for key in typed}
    now = {key: stands.get(key) for key in typed}
    touched = {key for key, value in typed.items() if mark(value) != shown[key]}
    if both := [key for key in touched if mark(now[key]) not in (shown[key], mark(typed[key]))]:
        raise BothChanged(both, now)
    return {key: value if key in touched else now[key] for key, value in typed.items()}


def require_seen(meeting: Meeting, seen: int | None, by: User | None) -> None:
    """Refuse what was decided on an older version of the meeting (`seen`: its sequence). Raises ChangedMeanwhile."""
    if seen is None or seen == meeting.sequence:
        return
    missed = list(meeting.changes.select_related("made_by")[: max(meeting.sequence - seen, 1)])
    words = " ".join(_told(each, by) for each in reversed(missed))
    raise ChangedMeanwhile(
        f"This meeting was changed while this page was open. {words} "
        "What you typed is kept. If it still holds, send it again."
    )


def _told(change: MeetingChange, by: User | None) -> str:
    """ "Alice Example: Moved from Wednesday … to Thursday … (The room is being painted)." """
    who = "You" if by and change.made_by_id == by.pk else change.made_by or "The program"
    reason = f" ({change.reason})" if change.reason else ""
    words = f"{who}: {change.summary}{reason}"
    return words if words.endswith(".") else f"{words}."


def not_told(recipient: User, meeting: Meeting, change: int) -> list[MeetingChange]:
    """What others changed since this person was last told of the meeting, oldest first, for the mail about `change`.

    Empty where a later mail to them says it.
    """
    of_meeting = Q(kind__in=OF_A_MEETING, ids__meeting=meeting.pk)
    teams = list(meeting.teams.values_list("pk", flat=True))
    rows = list(
        Message.objects.filter(of_meeting | Q(kind__in=OF_A_TEAM, ids__team__in=teams), recipient=recipient)
    )
    if any(row.kind == invitations.CHANGED and row.ids["change"] > change for row in rows):
        return []
    told = [row.sent_at for row in rows if row.sent_at and row.status == Message.Status.SENT]
    found = meeting.changes.select_related("made_by").order_by("made_at", "pk")
    news = [each for each in found if not told or each.made_at > max(told) or each.pk == change]
    return [each for each in news if each.made_by_id is None or each.made_by_id != recipient.pk]
