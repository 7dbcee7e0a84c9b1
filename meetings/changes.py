"""What was changed that somebody does not know yet: on a page that was open meanwhile, and by mail."""

from django.db.models import Q

from coaching.meanwhile import ChangedMeanwhile
from coaching.models import Message, User
from meetings import invitations
from meetings.models import Meeting, MeetingChange

# Mails that tell where a meeting stands: those about it, and those about all meetings of a team.
OF_A_MEETING = (invitations.CHANGED, invitations.KIND, "meetings.reminder")
OF_A_TEAM = ("meetings.laid_out", "meetings.rhythm", "meetings.places", "meetings.day_set")


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
