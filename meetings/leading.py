"""Leading a part of a meeting: handed over in one press, and prepared a week ahead on one page (M9)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from coaching import audit, outbox
from coaching.models import Message, Participant, Team, User
from meetings import program, team_space, who
from meetings.models import Facilitator, Meeting
from meetings.program import CannotLead, Part

PACK_DAYS = 7
PACK = "meetings.pack"

# By component: what helps whoever leads it.
CHECKLISTS: dict[str, tuple[str, ...]] = {
    "program": (
        "Give the word to the people who run the program, and keep time for questions.",
        "Agree how you reach each other, and who leads the next meeting.",
        "Read your agreement together, and accept it.",
    ),
    "introductions": (
        "Begin with yourself, briefly, so that the others see how long a turn is.",
        "Let each one say what they hope to get from the team.",
        "Ask after each project: what would be a good result?",
    ),
    "projects": (
        "Say who speaks in which order, and let somebody watch the clock.",
        "Hear the whole update before the first question, and questions before advice.",
        "End each turn with what is done next, by whom and until when; note it.",
    ),
    "competency": (
        "Read the skills aloud, and ask where each of you met one of them this month.",
        "Take one question at a time; everybody speaks once before anybody twice.",
        "Ask each member how it applies to their project, and note it.",
    ),
    "outcomes": (
        "Agree beforehand who begins, and with the deputy when they join.",
        "Let each one say what came of it, what it is measured by, and what they would do again.",
        "Leave a minute after each for thanks and one question.",
    ),
    "review": (
        "Go through the competencies in their order, a few minutes each.",
        "Ask each member where they have grown, and what they take with them.",
        "Agree whether and how you go on as a group.",
    ),
}
ANY_PART = ("Say what the part is for.", "Let everybody speak.", "Sum up what you agreed on.")


@dataclass(frozen=True)
class Lead:
    """A part with who leads it, or whose turn it would be, and what helps them."""

    part: Part
    checklist: tuple[str, ...]

    @property
    def leader(self) -> Participant | None:
        return self.part.facilitator or self.part.suggested


def leads(meeting: Meeting, team: Team) -> list[Lead]:
    """Whoever is on leave is not among them."""
    parts = program.parts_of(meeting, team, who.of(meeting, team).present)
    return [Lead(part, CHECKLISTS.get(part.key, ANY_PART)) for part in parts]


@transaction.atomic
def hand_over(
    *, meeting: Meeting, team: Team, component: str, to: Participant | None, by: User, now: datetime
) -> None:
    """Any member says who leads a part, or that nobody does yet; the same twice is once.

    Raises NotYourMeeting, CannotLead.
    """
    meeting = Meeting.objects.select_for_update(of=("self",)).select_related("item").get(pk=meeting.pk)
    team_space.require_team_member(by, team)
    if not meeting.is_live:
        raise CannotLead("This meeting was called off, so nobody leads it.")
    if to is not None and to not in team_space.members_of(team):
        raise CannotLead("Only a member of the team can lead a part of its meeting.")
    present = who.of(meeting, team).present
    if to is not None and to not in present:
        raise CannotLead(f"{to} is away on that day. Choose somebody else for this part.")
    if component not in {part.key for part in program.parts_of(meeting, team, present)}:
        raise CannotLead("This part is no longer on the agenda. Load the page again.")
    rows = meeting.facilitators.filter(team=team, component=component)
    if [row.participant_id for row in rows] == ([to.pk] if to else []):
        return
    rows.delete()
    if to:
        Facilitator.objects.create(meeting=meeting, team=team, component=component, participant=to)
    data = {component: to.pk if to else None}
    audit.record("meeting.facilitators_chosen", by=by, obj=meeting, now=now, data=data)


def queue_packs(*, now: datetime) -> int:
    """A week ahead, the page that prepares them to whoever leads; once for each date of a meeting. Safe to repeat."""
    today = timezone.localdate(now)
    since = now - timedelta(days=PACK_DAYS + 1)
    keys = Message.objects.filter(kind=PACK, created_at__gte=since).values_list("key", flat=True)
    done = {key.split(":")[1] for key in keys}
    soon = (
        Meeting.objects.upcoming(today)
        .filter(date__gt=today, date__lte=today + timedelta(days=PACK_DAYS), item__isnull=False)
        .select_related("cohort", "item")
        .prefetch_related("teams")
    )
    waiting = [
        (meeting, team, f"{meeting.pk}.{meeting.date}.{team.pk}")
        for meeting in soon
        for team in meeting.teams.all()
    ]
    waiting = [each for each in waiting if each[2] not in done]
    for meeting, team, key in waiting:
        to = {lead.leader.user for lead in leads(meeting, team) if lead.leader}
        ids = {"meeting": meeting.pk, "team": team.pk}
        outbox.queue_many(kind=PACK, to=to, key=key, now=now, ids=ids)
    return len(waiting)
