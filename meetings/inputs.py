"""A supervisor's input on the project, when the participant asks for it, through the program's months (M14).

The supervisor reads the project's title, the question, and what is shared with them; the participant reads the answer, and
the team only if the participant shares it. All of it lies encrypted, is in no log, mail or admin page, and is deleted on
the day on which the teams' texts are.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from coaching import audit, outbox
from coaching.errors import Refused
from coaching.models import Cohort, Participant, User
from meetings import dates, keeping, vault
from meetings.models import SupervisorInput
from meetings.written import clean

ASKED, GIVEN, CLOSED = "meetings.input_asked", "meetings.input_given", "meetings.input_closed"
CHANGE_DAYS = 7  # in which the supervisor can change an answer


class NotYours(Refused):
    pass


class CannotAsk(Refused):
    pass


class CannotAnswer(Refused):
    pass


@dataclass(frozen=True)
class Told:
    """A question and its answer, as those two read them."""

    row: SupervisorInput
    question: str
    answer: str

    @property
    def readers(self) -> str:
        """Who reads it, as the one who asked is told; the supervisor by name, whoever is theirs by now."""
        if self.row.is_shared:
            return f"you, {self.row.supervisor} and your team."
        return f"you and {self.row.supervisor}. Your team only if you share it."

    @property
    def change_until(self) -> date | None:
        return _change_until(self.row)


# Reading: only for pages that have seen to it that one of the readers asks.


def of(participant: Participant) -> list[Told]:
    """What this participant asked and did not take back themself, the latest first."""
    rows = participant.inputs.filter(Q(taken_back_at=None) | Q(supervisor_changed=True))
    rows = rows.select_related("supervisor", "participant__cohort")
    return [read(row) for row in rows]


def shared_with_team(participants: Iterable[Participant]) -> dict[int, list[Told]]:
    """By participant, as far as they shared it; one query."""
    ids = [each.pk for each in participants if each.status != Participant.Status.LEFT]
    found = defaultdict(list)
    rows = SupervisorInput.objects.filter(participant__in=ids, is_shared=True)
    for row in rows.select_related("supervisor", "participant__cohort"):
        found[row.participant_id].append(read(row))
    return dict(found)


def own_writing(participant: Participant) -> str:
    """The questions and their answers as plain text to take along."""
    lines = []
    for told in reversed(of(participant)):
        day = dates.long_date(told.row.asked_at.astimezone(participant.cohort.zone).date())
        lines.append(
            f"Asked {told.row.supervisor} on {day}: {told.question or '(without a certain question)'}"
        )
        if told.answer:
            lines.append(f"Answer of {told.row.supervisor}: {told.answer}")
    return "\n".join(["", "Questions to my supervisor", "", *lines, ""]) if lines else ""


def asked_of(user: User) -> QuerySet[SupervisorInput]:
    """What this person was asked, and was not taken back, by people who still take part."""
    rows = user.inputs_asked.filter(taken_back_at=None).exclude(participant__status=Participant.Status.LEFT)
    rows = rows.select_related("participant__user", "participant__cohort__program")
    return rows.prefetch_related("participant__cohort__program__curriculum")


def read(row: SupervisorInput) -> Told:
    return Told(row, _opened(row, "question"), _opened(row, "answer") if row.answer is not None else "")


# When


def ends_on(cohort: Cohort) -> date:
    """The last day of the program's months."""
    return dates.end_of_program_month(cohort.first_month, cohort.months)


def why_not_ask(participant: Participant, now: datetime) -> str:
    """Why the supervisor cannot be asked today, in words; empty when they can."""
    cohort, supervisor = participant.cohort, participant.user.supervisor
    today = now.astimezone(cohort.zone).date()
    if today < cohort.first_month:
        return f"From {dates.long_date(cohort.first_month)} on you can ask your supervisor here."
    if today > ends_on(cohort):
        return "The program’s months are over. Talk with your supervisor directly."
    if supervisor is None or not supervisor.is_active:
        return "No supervisor who could answer is on record for you. Ask the branch office to correct it."
    return ""


def why_not_answer(row: SupervisorInput, now: datetime) -> str:
    """Why the one who was asked cannot write today, in words; empty when they can."""
    cohort = row.participant.cohort
    today = now.astimezone(cohort.zone).date()
    if row.supervisor_changed:
        return f"{row.participant} has another supervisor now, so the question is closed."
    if row.taken_back_at:
        return f"{row.participant} has taken the question back."
    until = _change_until(row)
    if until and today > until:
        return f"You could change it until {dates.long_date(until)}. Talk with {row.participant} directly."
    if until is None and today > ends_on(cohort):
        return f"The program’s months are over. Talk with {row.participant} directly."
    return ""


def _change_until(row: SupervisorInput) -> date | None:
    if row.answered_at is None:
        return None
    return row.answered_at.astimezone(row.participant.cohort.zone).date() + timedelta(days=CHANGE_DAYS)


# Writing


@transaction.atomic
def ask(*, participant: Participant, question: str, by: User, now: datetime) -> SupervisorInput:
    """Ask the supervisor of today for input, with a question or without; while one waits, a second press is the first.

    Raises NotYours, CannotAsk.
    """
    participant = (
        Participant.objects.select_for_update(of=("self",))
        .select_related("user__supervisor", "cohort__program")
        .get(pk=participant.pk)
    )
    if participant.user_id != by.pk or participant.status == Participant.Status.LEFT:
        raise NotYours("Only who takes part asks their supervisor.")
    question = clean(question, CannotAsk)
    waiting = participant.inputs.filter(taken_back_at=None, answered_at=None).first()
    if waiting and _opened(waiting, "question") == question:
        return waiting
    if waiting:
        raise CannotAsk(f"{waiting.supervisor} has not answered yet. Take that question back to ask another.")
    if why := why_not_ask(participant, now):
        raise CannotAsk(why)
    supervisor = participant.user.supervisor
    assert supervisor is not None
    row = SupervisorInput(participant=participant, supervisor=supervisor, asked_at=now, question=b"")
    row.save()  # its number stands inside the text
    row.question = _sealed(row, "question", question)
    row.save(update_fields=["question"])
    audit.record("input.asked", by=by, obj=row, now=now)
    outbox.queue(kind=ASKED, to=supervisor, key=f"{row.pk}", now=now, ids={"asked": row.pk})
    return row


@transaction.atomic
def take_back(*, row: SupervisorInput, by: User, now: datetime) -> SupervisorInput:
    """While it is unanswered; a second call changes nothing. Raises NotYours, CannotAsk."""
    row = _locked(row)
    _require_participant(row, by)
    if row.taken_back_at:
        return row
    if row.answered_at:
        raise CannotAsk(f"{row.supervisor} has answered meanwhile.")
    row.taken_back_at = now
    row.save(update_fields=["taken_back_at"])
    audit.record("input.taken_back", by=by, obj=row, now=now)
    return row


@transaction.atomic
def close_where_supervisors_changed(*, now: datetime) -> int:
    """Questions that wait for a supervisor who is theirs no longer; the participant hears that they may ask the new one.

    However the change came into the directory; safe to run at any time and twice.
    """
    rows = SupervisorInput.objects.filter(taken_back_at=None, answered_at=None)
    rows = rows.exclude(participant__status=Participant.Status.LEFT)
    changed = rows.exclude(supervisor=F("participant__user__supervisor")) | rows.filter(
        participant__user__supervisor=None
    )
    found = list(changed.select_for_update(of=("self",)).select_related("participant__user"))
    for row in found:
        row.taken_back_at, row.supervisor_changed = now, True
        row.save(update_fields=["taken_back_at", "supervisor_changed"])
        audit.record("input.supervisor_changed", by=None, obj=row, now=now)
        outbox.queue(kind=CLOSED, to=row.participant.user, key=f"{row.pk}", now=now, ids={"closed": row.pk})
    return len(found)


@transaction.atomic
def answer(*, row: SupervisorInput, text: str, by: User, now: datetime) -> SupervisorInput:
    """The one who was asked answers, or changes the answer for some days; the same twice is once.

    Raises NotYours, CannotAnswer.
    """
    row = _locked(row)
    if row.supervisor_id != by.pk or row.participant.status == Participant.Status.LEFT:
        raise NotYours("Only the supervisor who was asked can answer.")
    if why := why_not_answer(row, now):
        raise CannotAnswer(why)
    if not (text := clean(text, CannotAnswer)):
        raise CannotAnswer("Write something first.")
    if row.answer is not None and _opened(row, "answer") == text:
        return row
    is_first = row.answered_at is None
    row.answer = _sealed(row, "answer", text)
    row.answered_at = row.answered_at or now
    row.save(update_fields=["answer", "answered_at"])
    audit.record("input.given" if is_first else "input.changed", by=by, obj=row, now=now)
    outbox.queue(kind=GIVEN, to=row.participant.user, key=f"{row.pk}", now=now, ids={"given": row.pk})
    return row


@transaction.atomic
def share(*, row: SupervisorInput, shared: bool, by: User, now: datetime) -> SupervisorInput:
    """The participant lets the team read it, or no longer; a second call changes nothing. Raises NotYours, CannotAsk."""
    row = _locked(row)
    _require_participant(row, by)
    if row.answered_at is None:
        raise CannotAsk("There is no answer yet that the team could read.")
    if row.is_shared != shared:
        row.is_shared = shared
        row.save(update_fields=["is_shared"])
        audit.record("input.shared" if shared else "input.unshared", by=by, obj=row, now=now)
    return row


def delete_what_is_due(*, now: datetime) -> int:
    """On the day on which the cohort's teams' texts are deleted; safe to run at any time."""
    over = SupervisorInput.objects.filter(participant__cohort__in=keeping.over(now))
    return keeping.not_held(over, now).delete()[0]


def _locked(row: SupervisorInput) -> SupervisorInput:
    rows = SupervisorInput.objects.select_for_update(of=("self",))
    return rows.select_related("supervisor", "participant__user", "participant__cohort__program").get(
        pk=row.pk
    )


def _require_participant(row: SupervisorInput, by: User) -> None:
    if row.participant.user_id != by.pk or row.participant.status == Participant.Status.LEFT:
        raise NotYours("Only who asked can do this.")


def _sealed(row: SupervisorInput, part: str, text: str) -> bytes:
    return vault.seal({"text": text}, row=f"input {row.pk} {part}", key=vault.of_the_site())


def _opened(row: SupervisorInput, part: str) -> str:
    sealed = bytes(getattr(row, part))
    return str(vault.unseal(sealed, row=f"input {row.pk} {part}", key=vault.of_the_site())["text"])
