"""A participant's project during the program: milestones, outcome, and updates for the readers they choose (C4, C7, C8).

Its author alone writes a text, and alone says who reads it. All of it lies encrypted and is in no log, mail or admin page.
What the program may read is kept as long as the cohort's records; everything else is deleted with what the teams wrote.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from coaching import audit
from coaching.errors import Refused
from coaching.models import Participant, User
from meetings import dates, held, keeping, notes, vault
from meetings.models import ProjectText
from meetings.written import clean

Kind = ProjectText.Kind
Audience = ProjectText.Audience
# Which texts each reader reads: those for them, and those for more than them.
FOR_PROGRAM = (Audience.PROGRAM,)
FOR_SUPERVISOR = (Audience.SUPERVISOR, *FOR_PROGRAM)
FOR_TEAM = (Audience.TEAM, *FOR_SUPERVISOR)
AS_IT_IS = "as_it_is"  # beside the audiences, where “my supervisor” has become somebody else


class NotYourProject(Refused):
    pass


class CannotWrite(Refused):
    pass


@dataclass(frozen=True)
class Written:
    row: ProjectText
    text: str

    @property
    def readers(self) -> str:
        """Who reads it beside its author, in words."""
        who = str(self.row.supervisor) if self.row.supervisor else "no supervisor (none was on record)"
        if self.row.audience == Audience.SUPERVISOR:
            return f"you, your team and {who}"
        if self.row.audience == Audience.PROGRAM:
            return f"you, your team, {who}, your division director and the branch deputy"
        return "you alone" if self.row.audience == Audience.SELF else "you and your team"

    def is_for_an_earlier(self, supervisor: User | None) -> bool:
        """Whether its author has to choose anew before their supervisor of now reads it."""
        now = supervisor.pk if supervisor else None
        return self.row.audience in FOR_SUPERVISOR and self.row.supervisor_id != now


@dataclass
class Project:
    """What one participant wrote, as far as a reader may read it: milestones by their day, the latest update first."""

    milestones: list[Written] = field(default_factory=list)
    outcome: Written | None = None
    updates: list[Written] = field(default_factory=list)

    @property
    def texts(self) -> list[Written]:
        return [*self.milestones, *([self.outcome] if self.outcome else []), *self.updates]

    @property
    def is_empty(self) -> bool:
        return not self.texts


# Reading: only for pages that have seen to it that such a reader asks.


def own(participant: Participant) -> Project:
    return _read([participant], Audience.values)[participant.pk]


def shared_with_team(participants: Iterable[Participant]) -> dict[int, Project]:
    return _read(_taking_part(participants), FOR_TEAM)


def shared_with_supervisor(
    participants: Iterable[Participant], supervisor: User | None
) -> dict[int, Project]:
    """What its authors shared with this person by name, whoever is their supervisor by now."""
    return _read(
        _taking_part(participants), FOR_SUPERVISOR, Q(supervisor=supervisor) if supervisor else Q(pk=None)
    )


def shared_with_program(participants: Iterable[Participant]) -> dict[int, Project]:
    """For the division director and the branch deputy (C7, C8), by participant, each of whom has an entry; one query."""
    return _read(_taking_part(participants), FOR_PROGRAM)


def _taking_part(participants: Iterable[Participant]) -> list[Participant]:
    return [each for each in participants if each.status != Participant.Status.LEFT]


def _read(
    participants: Iterable[Participant], audiences: Collection[str], also: Q | None = None
) -> dict[int, Project]:
    found = {each.pk: Project() for each in participants}
    rows = ProjectText.objects.filter(also or Q(), participant__in=found, audience__in=audiences)
    for row in rows.select_related("supervisor"):
        project, written = found[row.participant_id], read(row)
        if row.kind == Kind.OUTCOME:
            project.outcome = written
        else:
            (project.milestones if row.kind == Kind.MILESTONE else project.updates).append(written)
    return found


def read(row: ProjectText) -> Written:
    opened = vault.unseal(bytes(row.ciphertext), row=_name(row), key=vault.of_the_site())
    return Written(row, str(opened["text"]))


def own_writing(participant: Participant) -> str:
    """As plain text to take along; empty where there is nothing."""
    project = own(participant)
    lines = [
        f"{each.text} ({'done' if each.row.done_at else f'by {dates.long_date(each.row.due_date)}'})"
        for each in project.milestones
        if each.row.due_date
    ]
    parts = [("Milestones of my project", lines)]
    parts.append(("Outcome of my project", [project.outcome.text] if project.outcome else []))
    parts.append(("Updates on my project", [each.text for each in project.updates]))
    return "".join("\n".join(["", title, "", *texts, ""]) for title, texts in parts if texts)


def why_not_write(participant: Participant, now: datetime) -> str:
    """Why nothing more can be written, in words; empty when it can."""
    if now.astimezone(participant.cohort.zone).date() >= notes.deleted_on(participant.cohort):
        return "The program is over. What you shared with it can still be deleted, but no longer changed."
    return ""


# Writing


@transaction.atomic
def save(
    *,
    participant: Participant,
    kind: str,
    text: str,
    audience: str,
    by: User,
    now: datetime,
    due_date: date | None = None,
    row: ProjectText | None = None,
) -> ProjectText:
    """Write a text or change it, and say who reads it; the same twice is one, and there is one outcome.

    `audience` AS_IT_IS: of a text that is there, whoever reads it now; an earlier supervisor too.
    Raises NotYourProject, CannotWrite.
    """
    participant = _own(participant, by)
    if why := why_not_write(participant, now):
        raise CannotWrite(why)
    if not (text := clean(text, CannotWrite)):
        raise CannotWrite("Write something first.")
    if (kind == Kind.MILESTONE) != (due_date is not None):
        raise CannotWrite("Say by when you want to reach the milestone.")
    row = _current(row) if row else _found(participant, kind, text, audience, due_date)
    supervisor = participant.user.supervisor if audience in FOR_SUPERVISOR else None
    if audience == AS_IT_IS:
        if row is None:
            raise CannotWrite("Choose who may read it.")
        audience, supervisor = row.audience, row.supervisor
    if due_date and (row is None or row.due_date != due_date):
        _check_day(due_date, participant, now)
    row = row or ProjectText(participant=participant, kind=kind)
    if row.pk and (read(row).text, row.audience, row.due_date, row.supervisor) == (
        text,
        audience,
        due_date,
        supervisor,
    ):
        return row
    if row.pk and (read(row).text, row.due_date) != (text, due_date):
        held.refuse_if_participant_is_kept(participant, now)
    row.audience, row.due_date, row.written_at = Audience(audience), due_date, now
    row.supervisor = supervisor
    _seal(row, text)
    audit.record("project_text.saved", by=by, obj=row, now=now, data={"kind": kind, "audience": audience})
    return row


def _check_day(day: date, participant: Participant, now: datetime) -> None:
    cohort = participant.cohort
    if day < now.astimezone(cohort.zone).date():
        raise CannotWrite(f"{dates.long_date(day)} is over. Choose today or a day ahead.")
    last = dates.end_of_program_month(cohort.first_month, cohort.months)
    if day > last:
        raise CannotWrite(f"The program ends on {dates.long_date(last)}. Choose that day or an earlier one.")


def _current(row: ProjectText) -> ProjectText:
    found = ProjectText.objects.filter(pk=row.pk).first()
    if found is None:
        raise CannotWrite(notes.DELETED)
    return found


def _found(
    participant: Participant, kind: str, text: str, audience: str, due_date: date | None
) -> ProjectText | None:
    rows = participant.project_texts.filter(kind=kind)
    if kind == Kind.OUTCOME:
        return rows.first()
    same = rows.filter(audience=audience, due_date=due_date, done_at=None)
    return next((each for each in same if read(each).text == text), None)


@transaction.atomic
def set_done(*, row: ProjectText, done: bool, by: User, now: datetime) -> ProjectText:
    """A milestone is reached, or open again; a second call changes nothing. Raises NotYourProject, CannotWrite."""
    participant = _own(row.participant, by)
    if why := why_not_write(participant, now):
        raise CannotWrite(why)
    row = _current(row)
    if row.kind != Kind.MILESTONE:
        raise CannotWrite("Only a milestone can be done.")
    if bool(row.done_at) != done:
        row.done_at = now if done else None
        row.save(update_fields=["done_at"])
        audit.record("milestone.done" if done else "milestone.reopened", by=by, obj=row, now=now)
    return row


@transaction.atomic
def delete(*, row: ProjectText, by: User, now: datetime) -> None:
    """Its author takes it back at any time; a second call changes nothing. Raises NotYourProject."""
    _own(row.participant, by)
    found = ProjectText.objects.filter(pk=row.pk).first()
    if found:
        held.refuse_if_participant_is_kept(found.participant, now)
        audit.record("project_text.deleted", by=by, obj=found, now=now)
        found.delete()


def delete_what_is_due(*, now: datetime) -> int:
    """What only its author and their team or supervisor read, with the team's texts; the rest with the cohort's records.

    Of whoever left, all of it with the team's texts. Safe to run at any time.
    """
    kept = Q(audience=Audience.PROGRAM) & ~Q(participant__status=Participant.Status.LEFT)
    past = Q(participant__cohort__in=keeping.past_records(now))
    due = ProjectText.objects.filter(participant__cohort__in=keeping.over(now)).filter(~kept | past)
    return keeping.not_held(due, now).delete()[0]


def _own(participant: Participant, by: User) -> Participant:
    """Locked, so that what is sent twice at once is written once."""
    participant = (
        Participant.objects.select_for_update(of=("self",))
        .select_related("cohort__program", "user__supervisor")
        .get(pk=participant.pk)
    )
    if participant.user_id != by.pk or participant.status == Participant.Status.LEFT:
        raise NotYourProject("Only who takes part writes about their project.")
    return participant


def _seal(row: ProjectText, text: str) -> None:
    if row.pk is None:  # its number stands inside the text
        row.save()
    row.ciphertext = vault.seal({"text": text}, row=_name(row), key=vault.of_the_site())
    row.save()


def _name(row: ProjectText) -> str:
    return f"projecttext {row.pk}"


# Who reads it, by name


def choices(participant: Participant, row: ProjectText | None = None) -> list[tuple[str, str]]:
    """What each audience means for this participant, the narrowest first.

    Of a text that an earlier supervisor reads, first that it stays so.
    """
    written = read(row) if row else None
    is_earlier = written and written.is_for_an_earlier(participant.user.supervisor)
    kept = [(AS_IT_IS, f"As it is: {written.readers}")] if written and is_earlier else []
    own_places = participant.memberships.filter(ended_at=None)
    mates = Participant.objects.filter(
        memberships__ended_at=None, memberships__team__in=own_places.values("team")
    ).exclude(pk=participant.pk)
    names = list(mates.select_related("user").order_by("user__name").values_list("user__name", flat=True))
    supervisor, division = participant.user.supervisor, participant.division
    theirs = f"my supervisor, {supervisor}" if supervisor else "my supervisor (none is on record)"
    director = _with_name("my division director", division.head if division else None)
    if now := participant.division_now:  # C8: the division of the start keeps its list
        director = _with_name(
            f"the director of {division} (not of {now})", division.head if division else None
        )
    deputy = _with_name("the branch deputy", participant.cohort.branch.head)
    return [
        *kept,
        (Audience.SELF, "Only me"),
        (Audience.TEAM, f"My team: {_listed(names)}" if names else "My team, once it stands"),
        (Audience.SUPERVISOR, f"My team, and {theirs}"),
        (Audience.PROGRAM, f"My team; {theirs}; {director}; and {deputy}"),
    ]


def _with_name(office: str, head: User | None) -> str:
    return f"{office}, {head}" if head else f"{office} (nobody at present)"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
