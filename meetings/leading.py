"""Leading a part of a meeting: handed over in one press, and prepared a week ahead on one page (M9)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from coaching import audit, outbox
from coaching.errors import Refused
from coaching.meanwhile import ChangedMeanwhile
from coaching.models import Message, Participant, Team, User
from meetings import agenda, program, team_space, who
from meetings.models import Facilitator, Meeting
from meetings.program import Part

PACK_DAYS = 7
PACK = "meetings.pack"
CHOSEN = "meeting.facilitators_chosen"

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
# What is said of a project in less than `agenda.SHORT` minutes.
SHORT_TURNS = (
    "Say beforehand how many minutes each has, and let somebody watch the clock.",
    "What matters most in two or three sentences, then one question or one piece of advice.",
    "Leave thanks and all further questions for after the last turn.",
)
ANY_PART = ("Say what the part is for.", "Let everybody speak.", "Sum up what you agreed on.")


TURNS = [key for key, (pace, *_) in agenda.DEFAULTS.items() if pace is agenda.Pace.TURNS]


class CannotLead(Refused):
    pass


@dataclass(frozen=True)
class Lead:
    """A part with who leads it, or whose turn it would be, and what helps them."""

    part: Part
    checklist: tuple[str, ...]

    @property
    def leader(self) -> Participant | None:
        return self.part.facilitator or self.part.suggested


def leads(meeting: Meeting, team: Team, *, turn: int = 0) -> list[Lead]:
    """Whoever is on leave is not among them. `turn`: minutes that each member has, where what helps is asked for."""
    parts = program.parts_of(meeting, team, who.of(meeting, team).present)
    return [Lead(part, _checklist(part.key, turn)) for part in parts]


def _checklist(component: str, turn: int) -> tuple[str, ...]:
    if component in TURNS and 0 < turn < agenda.SHORT:
        return SHORT_TURNS
    return CHECKLISTS.get(component, ANY_PART)


def to_show(parts: list[Part], meeting: Meeting, now: datetime) -> list[Part]:
    """Of a meeting that is over only what somebody led: there is nobody's turn any more."""
    return parts if now < meeting.ends_at else [each for each in parts if each.facilitator]


def why_not_hand_over(meeting: Meeting, now: datetime) -> str:
    """Why nobody takes or hands over a part, in words; empty when they can. For the page and the write."""
    if not meeting.is_live:
        return "This meeting was called off, so nobody leads it."
    if meeting.ends_at <= now:
        return "This meeting is over, so nobody takes a part of it any more."
    return ""


@transaction.atomic
def hand_over(
    *,
    meeting: Meeting,
    team: Team,
    component: str,
    to: Participant | None,
    by: User,
    now: datetime,
    seen: dict[str, Participant | None] | None = None,
) -> None:
    """Any member says who leads a part, or that nobody does yet; the same twice is once.

    `seen`: who led it when this was decided. Raises NotYourMeeting, CannotLead, ChangedMeanwhile.
    """
    meeting = Meeting.objects.select_for_update(of=("self",)).select_related("item").get(pk=meeting.pk)
    team_space.require_team_member(by, team)
    if why := why_not_hand_over(meeting, now):
        raise CannotLead(why)
    if to is not None and to not in team_space.members_of(team):
        raise CannotLead("Only a member of the team can lead a part of its meeting.")
    present = who.of(meeting, team).present
    if to is not None and to not in present:
        raise CannotLead(f"{to} is away on that day. Choose somebody else for this part.")
    parts = {part.key: part for part in program.parts_of(meeting, team, present)}
    if component in parts and parts[component].is_for_all:
        raise CannotLead("The branch office leads what all teams have together.")
    if component not in parts:
        raise CannotLead("This part is no longer on the agenda. Load the page again.")
    if seen is not None:
        _require_seen(meeting, team, {component: to}, seen, present, by, "Press again if yours still holds.")
    wanted = _led(meeting, team)
    wanted.pop(component, None)
    if to:
        wanted[component] = to.pk
    _write(meeting, team, wanted, by=by, now=now)


@transaction.atomic
def choose(
    *,
    meeting: Meeting,
    team: Team,
    chosen: dict[str, Participant | None],
    by: User | None,
    now: datetime,
    seen: dict[str, Participant | None] | None = None,
) -> bool:
    """Write down who leads which component, as the team agreed; it can be swapped at any time (M9). False: it stood so.

    `seen`: who led each when this was decided; what was left as it was then is left as it is now.
    Raises NotYourMeeting, CannotLead, ChangedMeanwhile.
    """
    meeting = Meeting.objects.select_for_update().get(pk=meeting.pk, meeting_teams__team=team)
    team_space.require_team_member(by, team)
    if why := why_not_hand_over(meeting, now):
        raise CannotLead(why)
    leaders = {each for each in chosen.values() if each}
    if not leaders <= set(team_space.members_of(team)):
        raise team_space.NotYourMeeting("Only a member of the team can lead a part of its meeting.")
    present = who.of(meeting, team).present
    if gone := sorted(str(each) for each in leaders - set(present)):
        raise CannotLead(f"{' and '.join(gone)} cannot lead a part: away on that day.")
    wanted = {key: each.pk for key, each in chosen.items() if each}
    if seen is not None:
        touched = {key: each for key, each in chosen.items() if each != seen.get(key)}
        then = "What you chose is kept. If it still holds, send it again."
        _require_seen(meeting, team, touched, seen, present, by, then)
        kept = {key: pk for key, pk in _led(meeting, team).items() if key not in touched}
        wanted = kept | {key: pk for key, pk in wanted.items() if key in touched}
    return _write(meeting, team, wanted, by=by, now=now)


def _require_seen(
    meeting: Meeting,
    team: Team,
    touched: dict[str, Participant | None],
    seen: dict[str, Participant | None],
    present: list[Participant],
    by: User | None,
    then: str,
) -> None:
    """Nobody undoes what they have not seen. Raises ChangedMeanwhile, with who chose what, and what to do `then`."""
    changed = [
        f"“{part.title}” is led by {part.facilitator or 'nobody yet'}."
        for part in program.parts_of(meeting, team, present)
        if part.key in touched and part.facilitator not in (seen.get(part.key), touched[part.key])
    ]
    if not changed:
        return
    members = [each.user_id for each in team_space.members_of(team)]
    last = audit.events_of(meeting, CHOSEN).filter(actor__in=members).last()
    name = "Somebody" if last is None else "You" if last.actor == by else last.actor
    raise ChangedMeanwhile(f"{name} chose who leads while this page was open. {' '.join(changed)} {then}")


def _led(meeting: Meeting, team: Team) -> dict[str, int]:
    """By component, the participant who leads it."""
    return {row.component: row.participant_id for row in meeting.facilitators.filter(team=team)}


def _write(meeting: Meeting, team: Team, wanted: dict[str, int], *, by: User | None, now: datetime) -> bool:
    """False: it stood so."""
    before = _led(meeting, team)
    if wanted == before:
        return False
    meeting.facilitators.filter(team=team).delete()
    Facilitator.objects.bulk_create(
        Facilitator(meeting=meeting, team=team, component=key, participant_id=pk)
        for key, pk in wanted.items()
    )
    audit.record(CHOSEN, by=by, obj=meeting, now=now, data=wanted)
    _prepare({pk for key, pk in wanted.items() if before.get(key) != pk}, meeting, team, now=now)
    return True


def _pack_key(meeting: Meeting, team: Team) -> str:
    return f"{meeting.pk}.{meeting.date}.{team.pk}"


def _prepare(participants: Collection[int], meeting: Meeting, team: Team, *, now: datetime) -> None:
    """Who takes a part over when the others have had their page gets it too."""
    key, ids = _pack_key(meeting, team), {"meeting": meeting.pk, "team": team.pk}
    if Message.objects.filter(kind=PACK, key__startswith=f"{PACK}:{key}:").exists():
        for user in User.objects.filter(participations__in=participants):
            outbox.queue(kind=PACK, to=user, key=key, now=now, ids=ids, revive=True)


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
    waiting = [(meeting, team, _pack_key(meeting, team)) for meeting in soon for team in meeting.teams.all()]
    waiting = [each for each in waiting if each[2] not in done]
    for meeting, team, key in waiting:
        to = {lead.leader.user for lead in leads(meeting, team) if lead.leader}
        ids = {"meeting": meeting.pk, "team": team.pk}
        outbox.queue_many(kind=PACK, to=to, key=key, now=now, ids=ids)
    return len(waiting)
