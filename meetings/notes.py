"""What a team's members write for each other: updates before a meeting, advice, action items (M8, M10, M15, M16).

Each member reads all of it, nobody else any of it: it lies encrypted with a key of the team, is in no log, mail or
admin page, and is deleted on a day that the members see.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from coaching import audit
from coaching.errors import Refused
from coaching.meanwhile import merged
from coaching.models import Cohort, Participant, Team, User
from meetings import dates, held, team_space, vault
from meetings.models import ActionItem, Meeting, Note, TeamKey
from meetings.written import clean

Kind = Note.Kind
# M15: what a member says of their project before a meeting.
UPDATE = {
    "status": "Where my project stands",
    "success": "What has worked",
    "problem": "What is difficult",
    "question": "What I want to ask you",
}


class CannotWrite(Refused):
    pass


class DeletedMeanwhile(CannotWrite):
    pass


NOT_A_MEMBER = "Write about the project of a member of your team."
DELETED = "It was deleted meanwhile. Save it as a new one, or leave it."


@dataclass(frozen=True)
class Written:
    """A note as a member reads it."""

    note: Note
    texts: Mapping[str, str]

    @property
    def text(self) -> str:
        return self.texts.get("text", "")

    @property
    def labelled(self) -> list[tuple[str, str]]:
        """Of an update."""
        return [(label, self.texts[key]) for key, label in UPDATE.items() if self.texts.get(key)]


@dataclass(frozen=True)
class Action:
    item: ActionItem
    what: str
    how: str


@dataclass
class Turn:
    """One member at one meeting: what they prepared, what the others gave them, and what they do."""

    member: Participant
    update: Written | None = None
    advice: list[Written] = field(default_factory=list)
    applies: list[Written] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    is_here: bool = False  # whoever left is written about no more
    typed: Mapping[str, str] = field(
        default_factory=dict
    )  # by kind, what the page carries and nobody has saved


def deleted_on(cohort: Cohort) -> date:
    """The day on which what the cohort's teams wrote is deleted."""
    last = dates.end_of_program_month(cohort.first_month, cohort.months)
    return last + timedelta(days=cohort.notes_days)


def why_not_write(meeting: Meeting, now: datetime) -> str:
    """Why nothing can be written about a meeting, in words; empty when it can."""
    if not meeting.is_live:
        return "This meeting was called off. Write at the next one."
    if meeting.local_today(now) >= deleted_on(meeting.cohort):
        return "The program is over, and what your team wrote was deleted as announced."
    return ""


# Reading: only for pages that have seen to it that a member asks.


def turns(meeting: Meeting, team: Team, members: Iterable[Participant]) -> list[Turn]:
    """For each of the meeting's members, in that order; for whoever left, what was written while they were here."""
    here = set(team.memberships.filter(ended_at=None).values_list("participant_id", flat=True))
    found = {each.pk: Turn(each, is_here=each.pk in here) for each in members}
    notes = list(team.notes.filter(meeting=meeting).select_related("author__user", "about__user"))
    items = list(_open_items(team))
    key = _key_of(team) if notes or items else None
    for note in notes:
        turn = found.setdefault(note.about_id, Turn(note.about, is_here=note.about_id in here))
        written = Written(note, _opened(note, key))
        if note.kind == Kind.UPDATE:
            turn.update = written
        else:
            (turn.advice if note.kind == Kind.ADVICE else turn.applies).append(written)
    for item in items:
        if item.owner_id in here and item.owner_id not in found:
            continue  # joined later: their action items stand at the meetings they belong to
        turn = found.setdefault(item.owner_id, Turn(item.owner))
        turn.actions.append(_action(item, key))
    return list(found.values())


def _open_items(team: Team) -> Iterable[ActionItem]:
    return team.action_items.filter(done_at=None).select_related("owner__user", "meeting__item")


def update_of(meeting: Meeting, participant: Participant) -> dict[str, str]:
    note = Note.objects.filter(meeting=meeting, author=participant, kind=Kind.UPDATE).first()
    return _opened(note, _key_of(note.team)) if note else {}


def last_update(meeting: Meeting, team: Team, participant: Participant) -> Written | None:
    """What this member wrote before the meeting before this one."""
    earlier = team.notes.filter(
        author=participant, kind=Kind.UPDATE, meeting__date__lt=meeting.date
    ).select_related("meeting__item")
    note = earlier.order_by("-meeting__date").first()
    return Written(note, _opened(note, _key_of(team))) if note else None


def read(note: Note) -> Written:
    return Written(note, _opened(note, _key_of(note.team)))


def read_action(item: ActionItem) -> Action:
    return _action(item, _key_of(item.team))


def open_number(team: Team) -> int:
    """How many action items are open; none of them is read."""
    return ActionItem.objects.filter(team=team, done_at=None).count()


def actions_of(team: Team, *, done: bool) -> list[Action]:
    """The team's action items: open ones by their day, done ones with the latest first."""
    rows = team.action_items.filter(done_at__isnull=not done).select_related("owner__user", "meeting__item")
    rows = rows.order_by("-done_at", "pk") if done else rows
    items = list(rows)
    key = _key_of(team) if items else None
    return [_action(item, key) for item in items]


def own_writing(participant: Participant) -> str:
    """Everything that this participant wrote, and the action items they own, as plain text to take along."""
    notes = participant.notes.select_related("team", "meeting__item", "about__user").order_by(
        "meeting__date", "written_at"
    )
    # M16: what others wrote down for them only as long as they are in that team.
    places = participant.memberships.filter(ended_at=None)
    items = participant.action_items.filter(Q(written_by=participant) | Q(team__in=places.values("team")))
    items = items.select_related("team", "meeting__item")
    keys: dict[int, vault.Key | None] = {}

    def key_of(team: Team) -> vault.Key | None:
        if team.pk not in keys:
            keys[team.pk] = _key_of(team)
        return keys[team.pk]

    lines = [f"What {participant} wrote in the {participant.cohort}", ""]
    by_meeting: dict[Meeting, list[Note]] = defaultdict(list)
    for note in notes:
        by_meeting[note.meeting].append(note)
    for meeting, written in by_meeting.items():
        lines += [str(meeting), ""]
        for note in written:
            texts = _opened(note, key_of(note.team))
            if note.kind == Kind.UPDATE:
                lines += [f"{UPDATE[name]}: {text}" for name, text in texts.items()]
            else:
                lines.append(f"{note.get_kind_display()}, for {note.about}: {texts['text']}")
        lines.append("")
    if items:
        lines += ["Action items", ""]
        for item in items:
            action = _action(item, key_of(item.team))
            state = "done" if item.done_at else f"by {dates.long_date(item.due_date)}"
            lines.append(f"{action.what} ({state})" + (f": {action.how}" if action.how else ""))
    return "\n".join(lines).rstrip() + "\n"


# Writing


@transaction.atomic
def save_update(
    *,
    meeting: Meeting,
    team: Team,
    texts: Mapping[str, str],
    by: User,
    now: datetime,
    seen: Mapping[str, str] | None = None,
) -> Note | None:
    """M15: a member's update before a meeting; saved again, it replaces the earlier one, and with no words it is gone.

    `seen`: see meanwhile.merged. Raises NotYourMeeting, CannotWrite, BothChanged.
    """
    meeting, author = _entering(meeting, team, by, now)
    typed = {name: clean(texts.get(name, ""), CannotWrite) for name in UPDATE}
    note = Note.objects.filter(meeting=meeting, author=author, kind=Kind.UPDATE).first()
    texts = merged(typed, seen=seen, stands=_opened(note, _key_of(team)) if note else {})
    kept = {name: text for name, text in texts.items() if text}
    if not kept:
        if note:
            _remove(note, by=by, now=now)
        return None
    if note and _opened(note, _key_of(team)) == kept:
        return note
    if note:
        held.refuse_if_team_is_kept(team, now)
    note = note or Note(team=team, meeting=meeting, kind=Kind.UPDATE, author=author, about=author)
    return _keep(note, kept, by=by, now=now)


@transaction.atomic
def write(
    *, meeting: Meeting, team: Team, kind: str, about: Participant, text: str, by: User, now: datetime
) -> Note:
    """An idea or advice for a member's project, or how the competency applies to it; the same twice is one.

    Raises NotYourMeeting, CannotWrite.
    """
    meeting, author = _entering(meeting, team, by, now)
    if kind not in (Kind.ADVICE, Kind.COMPETENCY):
        raise CannotWrite("Choose what you are writing about.")
    if not team_space.members_of(team).filter(pk=about.pk).exists():
        raise CannotWrite(NOT_A_MEMBER)
    text = _needed(text)
    key = _key_of(team)
    for same in Note.objects.filter(meeting=meeting, author=author, about=about, kind=kind):
        if _opened(same, key)["text"] == text:
            return same
    note = Note(team=team, meeting=meeting, kind=kind, author=author, about=about)
    return _keep(note, {"text": text}, by=by, now=now)


@transaction.atomic
def change(*, note: Note, text: str, by: User, now: datetime, seen: Mapping[str, str] | None = None) -> Note:
    """Its author alone changes a note. `seen`: see meanwhile.merged. Raises NotYourMeeting, CannotWrite, BothChanged."""
    note = _own(note, by, now)
    before = _opened(note, _key_of(note.team))
    texts = merged({"text": _needed(text)}, seen=seen, stands=before)
    if texts == before:
        return note
    held.refuse_if_team_is_kept(note.team, now)
    return _keep(note, texts, by=by, now=now)


@transaction.atomic
def delete(*, note: Note, by: User, now: datetime) -> None:
    """Its author takes a note back; a second call changes nothing. Raises NotYourMeeting, CannotWrite."""
    if Note.objects.filter(pk=note.pk).exists():
        _remove(_own(note, by, now), by=by, now=now)


@transaction.atomic
def save_action(
    *,
    meeting: Meeting,
    team: Team,
    owner: Participant,
    what: str,
    how: str,
    due_date: date,
    by: User,
    now: datetime,
    item: ActionItem | None = None,
    seen: Mapping[str, str] | None = None,
) -> ActionItem:
    """Agree on what a member does until a day, or change it: any member may (T7). The same twice is one.

    `seen`: see meanwhile.merged. Raises NotYourMeeting, CannotWrite, BothChanged.
    """
    meeting, writer = _entering(meeting, team, by, now)
    key = _key_of(team)
    texts: dict[str, Any] = {"what": _needed(what), "how": clean(how, CannotWrite)}
    owner_pk = owner.pk
    if item is not None:
        item = _current_item(item, team)
        stands = _opened(item, key) | {"owner": item.owner_id, "due_date": item.due_date}
        texts = merged(texts | {"owner": owner_pk, "due_date": due_date}, seen=seen, stands=stands)
        if texts != stands:
            held.refuse_if_team_is_kept(team, now)
        owner_pk, due_date = texts.pop("owner"), texts.pop("due_date")
    if not team_space.members_of(team).filter(pk=owner_pk).exists():
        raise CannotWrite("Choose a member of your team who does it.")
    if (item is None or item.due_date != due_date) and due_date < meeting.local_today(now):
        raise CannotWrite(f"{dates.long_date(due_date)} is over. Choose today or a day ahead.")
    if item is None:
        for same in team.action_items.filter(
            meeting=meeting, owner=owner_pk, due_date=due_date, done_at=None
        ):
            if _opened(same, key) == texts:
                return same
        item = ActionItem(team=team, meeting=meeting, written_by=writer, written_at=now)
    item.owner_id, item.due_date = owner_pk, due_date
    _seal(item, texts)
    audit.record("action_item.saved", by=by, obj=item, now=now)
    return item


def _current_item(item: ActionItem, team: Team) -> ActionItem:
    found = ActionItem.objects.select_for_update(of=("self",)).filter(pk=item.pk, team=team).first()
    if found is None:
        raise DeletedMeanwhile(DELETED)
    return found


@transaction.atomic
def set_done(*, item: ActionItem, done: bool, by: User, now: datetime) -> ActionItem:
    """Any member says that it is done, or open again (T7); a second call changes nothing. Raises NotYourMeeting."""
    team_space.require_team_member(by, item.team)
    item = ActionItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if bool(item.done_at) == done:
        return item
    item.done_at = now if done else None
    item.save(update_fields=["done_at"])
    audit.record("action_item.done" if done else "action_item.reopened", by=by, obj=item, now=now)
    return item


@transaction.atomic
def delete_action(*, item: ActionItem, by: User, now: datetime) -> None:
    """What was written down by mistake; a second call changes nothing. Raises NotYourMeeting."""
    team_space.require_team_member(by, item.team)
    found = ActionItem.objects.select_for_update(of=("self",)).filter(pk=item.pk).first()
    if found:
        held.refuse_if_team_is_kept(found.team, now)
        audit.record("action_item.deleted", by=by, obj=found, now=now)
        found.delete()


def delete_what_is_due(*, now: datetime) -> int:
    """Delete the texts and keys of teams whose day has come and that are not held; returns how many teams. Safe to run at
    any time."""
    teams = Team.objects.filter(pk__in=TeamKey.objects.values("team")).select_related("cohort__program")
    due = [team for team in teams if now.astimezone(team.cohort.zone).date() >= deleted_on(team.cohort)]
    return sum(_delete_all(team, now) for team in due)


@transaction.atomic
def _delete_all(team: Team, now: datetime) -> bool:
    Team.objects.select_for_update(of=("self",)).get(pk=team.pk)  # whoever asks with an order waits
    if held.teams(now).filter(pk=team.pk).exists():
        return False
    team.notes.all().delete()
    team.action_items.all().delete()
    TeamKey.objects.filter(team=team).delete()
    audit.record("team_texts.deleted", by=None, obj=team, now=now)
    return True


def _entering(meeting: Meeting, team: Team, by: User, now: datetime) -> tuple[Meeting, Participant]:
    """The meeting, locked, and the member who writes."""
    meeting = (
        Meeting.objects.select_for_update(of=("self",))
        .select_related("cohort__program")
        .get(pk=meeting.pk, meeting_teams__team=team)
    )
    team_space.require_team_member(by, team)
    if why := why_not_write(meeting, now):
        raise CannotWrite(why)
    return meeting, team_space.members_of(team).get(user=by)


def _own(note: Note, by: User, now: datetime) -> Note:
    rows = Note.objects.select_for_update(of=("self",)).select_related(
        "team", "author", "meeting__cohort__program"
    )
    found = rows.filter(pk=note.pk).first()
    if found is None:
        raise DeletedMeanwhile(DELETED)
    note = found
    team_space.require_team_member(by, note.team)
    if note.author.user_id != by.pk:
        raise team_space.NotYourMeeting("Only who wrote this can change it.")
    if why := why_not_write(note.meeting, now):
        raise CannotWrite(why)
    return note


def _needed(text: str) -> str:
    text = clean(text, CannotWrite)
    if not text:
        raise CannotWrite("Write something first.")
    return text


def _keep(note: Note, texts: Mapping[str, str], *, by: User, now: datetime) -> Note:
    note.written_at = now
    _seal(note, texts)
    audit.record("team_note.saved", by=by, obj=note, now=now)
    return note


def _remove(note: Note, *, by: User, now: datetime) -> None:
    held.refuse_if_team_is_kept(note.team, now)
    audit.record("team_note.deleted", by=by, obj=note, now=now)
    note.delete()


def _seal(row: Note | ActionItem, texts: Mapping[str, str]) -> None:
    if row.pk is None:  # its number stands inside the text
        row.save()
    row.ciphertext = vault.seal(dict(texts), row=_row(row), key=_key_of(row.team, make=True))
    row.save()


def _key_of(team: Team, *, make: bool = False) -> vault.Key | None:
    found = TeamKey.objects.filter(team=team).first()
    if found is None and make:
        Team.objects.select_for_update().get(pk=team.pk)  # two members may write the first words at once
        found, _ = TeamKey.objects.get_or_create(team=team, defaults={"wrapped": vault.new_wrapped_key()})
    return vault.unwrapped(bytes(found.wrapped)) if found else None


def _row(row: Note | ActionItem) -> str:
    return f"{row._meta.model_name} {row.pk}"


def _opened(row: Note | ActionItem, key: vault.Key | None) -> dict[str, str]:
    if key is None:
        raise vault.CannotRead("The key of this team is gone.")
    return {
        name: str(text) for name, text in vault.unseal(bytes(row.ciphertext), row=_row(row), key=key).items()
    }


def _action(item: ActionItem, key: vault.Key | None) -> Action:
    texts = _opened(item, key)
    return Action(item, texts["what"], texts["how"])
