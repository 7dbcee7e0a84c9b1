"""Evaluating meetings: written by a person, read as nobody's (C1).

While an evaluation is open its answers lie encrypted, for their author to change: saved while they are written, and
counted only once they are sent. The evaluations of one meeting of the curriculum close for all teams of a cohort
together, `evaluation_days` after the last of these meetings: the answers are shuffled into rows that know no person, no
team and no moment, and the drafts are deleted. Whose evaluation the branch office opens again answers until the
program's last closing: those answers are counted apart. `meetings.deadlines` says until when. Where fewer than
LEAST_PEOPLE answered what closes together, nothing of it is kept but that they answered.
"""

import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from coaching import audit
from coaching.errors import Refused
from coaching.meanwhile import merged
from coaching.models import Cohort, CurriculumItem, Participant, Program, User
from meetings import dates, deadlines, vault
from meetings.deadlines import State
from meetings.models import (
    Attendance,
    EvaluationAnswer,
    EvaluationClosing,
    EvaluationDraft,
    EvaluationReceipt,
    Meeting,
    Question,
)

Answers = dict[int, int | str]

LEAST_PEOPLE = 3  # whose answers close together; those of fewer would name their writers, and are not kept

ABOUT_GROWTH = "I understand this meeting’s topic better than before."
DEFAULT_QUESTIONS = (
    (Question.Kind.RATING, "The meeting was worth its time."),
    (Question.Kind.RATING, "I got questions, ideas or advice that help my project."),
    (Question.Kind.RATING, ABOUT_GROWTH),
    (Question.Kind.RATING, "Everybody had their fair share of the time."),
    (Question.Kind.RATING, "I could speak openly."),
    (Question.Kind.TEXT, "What helped you most?"),
    (Question.Kind.TEXT, "What should be different next time?"),
)


class CannotEvaluate(Refused):
    pass


def seed_questions(program: Program) -> int:
    """Give a program its questionnaire, once; an office may have changed it since. Returns how many lines are new."""
    if program.questions.exists():
        return 0
    questions = [
        Question(
            program=program, position=position, kind=kind, text=text, is_about_growth=text == ABOUT_GROWTH
        )
        for position, (kind, text) in enumerate(DEFAULT_QUESTIONS, start=1)
    ]
    return len(Question.objects.bulk_create(questions))


def questions_for(cohort: Cohort) -> list[Question]:
    return list(Question.objects.filter(program=cohort.program_id, is_active=True))


OVER = "The program’s evaluations are closed, and none can be opened again."


def attendance_of(meeting: Meeting, user: User) -> Attendance | None:
    """What says that this person was there, and so may evaluate the meeting."""
    there = meeting.attendance.filter(participant__user=user, status__in=Attendance.THERE)
    return there.select_related("participant", "meeting__cohort").first()


def has_sent(meeting: Meeting, participant: Participant) -> bool:
    return EvaluationReceipt.objects.filter(meeting=meeting, participant=participant).exists()


def why_not_answer(row: Attendance, *, now: datetime) -> str:
    """Why this person cannot answer now, in words with what to do; empty when they can. For the page and the form."""
    window = deadlines.window(row)
    match window.state(row.meeting.local_today(now)):
        case State.OVER:
            return OVER
        case State.LATE:
            return (
                f"It was open until {dates.long_date(window.until)}; ask the branch office to open it again."
            )
        case _:
            return ""


def unanswered() -> QuerySet[Attendance]:
    """Whoever was at a meeting and has not evaluated it, in the programs whose evaluations are not closed (C1).

    Of whoever left the program none is asked.
    """
    received = EvaluationReceipt.objects.filter(
        participant=OuterRef("participant"), meeting=OuterRef("meeting")
    )
    closed = EvaluationClosing.objects.filter(cohort=OuterRef("meeting__cohort"), item=None)
    here = Attendance.objects.exclude(participant__status=Participant.Status.LEFT)
    return here.filter(~Exists(received), ~Exists(closed), status__in=Attendance.THERE)


def own_answers(meeting: Meeting, participant: Participant) -> Answers:
    """What this participant has answered and can still change."""
    draft = EvaluationDraft.objects.filter(meeting=meeting, participant=participant).first()
    return _opened(draft) if draft else {}


@transaction.atomic
def save_draft(
    *,
    meeting: Meeting,
    answers: Mapping[int, int | str],
    by: User,
    now: datetime,
    seen: Mapping[int, str] | None = None,
) -> None:
    """Keep what has been written so far, without a receipt; nobody counts it. What was sent stays whole.

    `seen`: see meanwhile.merged. Raises CannotEvaluate, BothChanged.
    """
    _, draft, is_sent = _open(meeting, by, now)
    kept = _answers(draft, answers, seen, whole=is_sent)
    if kept:
        _keep(draft, kept)
    elif draft.pk:  # everything was taken out again
        draft.delete()


@transaction.atomic
def submit_evaluation(
    *,
    meeting: Meeting,
    answers: Mapping[int, int | str],
    by: User,
    now: datetime,
    seen: Mapping[int, str] | None = None,
) -> None:
    """Keep somebody's answers by question id until the evaluation closes; sent again, they replace the earlier ones.

    `seen`: see meanwhile.merged. Raises CannotEvaluate, BothChanged.
    """
    row, draft, is_sent = _open(meeting, by, now)
    _keep(draft, _answers(draft, answers, seen, whole=True))
    if not is_sent:
        receipt = EvaluationReceipt.objects.create(meeting=row.meeting, participant=row.participant)
        audit.record("evaluation.received", by=by, obj=receipt, now=now)


def _open(meeting: Meeting, by: User, now: datetime) -> tuple[Attendance, EvaluationDraft, bool]:
    """Under the meeting's lock: that this person was there, their draft, and whether it was sent."""
    meeting = Meeting.objects.select_for_update(of=("self",)).get(pk=meeting.pk)
    row = attendance_of(meeting, by)
    if row is None:
        raise CannotEvaluate("Only people who were at a meeting evaluate it. Has attendance been taken?")
    draft = EvaluationDraft.objects.filter(meeting=meeting, participant=row.participant).first()
    is_sent = has_sent(meeting, row.participant)
    if is_sent and not draft:
        raise CannotEvaluate(
            "Your evaluation is in and has closed. Nothing leads to what you answered, so it cannot be changed now."
        )
    if why := why_not_answer(row, now=now):
        raise CannotEvaluate(why)
    return row, draft or EvaluationDraft(meeting=meeting, participant=row.participant), is_sent


def _answers(
    draft: EvaluationDraft, answers: Mapping[int, int | str], seen: Mapping[int, str] | None, *, whole: bool
) -> Answers:
    """What is to be kept of what was sent and of what stands."""
    questions = questions_for(draft.meeting.cohort)
    typed = {question.pk: answers.get(question.pk) for question in questions}
    stands = _opened(draft) if draft.pk else {}
    return _checked(merged(typed, seen=seen, stands=stands), questions, whole=whole)


def _keep(draft: EvaluationDraft, answers: Answers) -> None:
    draft.ciphertext = vault.seal({str(key): value for key, value in answers.items()}, row=_row(draft))
    draft.save()


def _checked(answers: Mapping[int, int | str], questions: Iterable[Question], *, whole: bool) -> Answers:
    """Ratings from 1 to 5, if `whole` one for every rating question; texts where there is one; nothing else."""
    kept: Answers = {}
    for question in questions:
        answer = answers.get(question.pk)
        if question.kind == Question.Kind.RATING:
            if type(answer) is int and 1 <= answer <= 5:
                kept[question.pk] = answer
            elif whole:
                raise CannotEvaluate(f"Choose an answer from 1 to 5: “{question.text}”")
        elif isinstance(answer, str) and answer.strip():
            kept[question.pk] = answer.strip()
    return kept


def close_evaluations(*, now: datetime) -> int:
    """Close what is due, in every cohort that still has something open; returns how many closings were made."""
    open_cohorts = (
        Cohort.objects.filter(meetings__isnull=False)
        .exclude(pk__in=EvaluationClosing.objects.filter(item=None).values("cohort"))
        .distinct()
    )
    return sum(_close_cohort(cohort, now) for cohort in open_cohorts.select_related("program", "branch"))


def _close_cohort(cohort: Cohort, now: datetime) -> int:
    today = now.astimezone(cohort.zone).date()
    days = timedelta(days=cohort.evaluation_days)
    found = deadlines.last_dates([cohort.pk])
    closed = set(cohort.closings.values_list("item_id", flat=True))
    due = [item for (_, item), day in found.items() if item and item not in closed and day + days < today]
    for item in CurriculumItem.objects.filter(pk__in=due):
        _close(cohort=cohort, item=item, now=now)
    if deadlines.last_day(cohort, found) < today:
        _close(cohort=cohort, item=None, now=now)
        return len(due) + 1
    return len(due)


@transaction.atomic
def _close(*, cohort: Cohort, item: CurriculumItem | None, now: datetime) -> None:
    Cohort.objects.select_for_update().get(pk=cohort.pk)
    closing, created = EvaluationClosing.objects.get_or_create(
        cohort=cohort, item=item, defaults={"closed_at": now}
    )
    if not created:
        return
    # Nobody can submit while their meeting is locked; the last closing takes all that is left.
    meetings = list(
        Meeting.objects.select_for_update().filter(cohort=cohort, **({"item": item} if item else {}))
    )
    drafts = list(EvaluationDraft.objects.filter(meeting__in=meetings))
    receipts = EvaluationReceipt.objects.filter(meeting__in=meetings)
    sent_by = set(receipts.values_list("meeting_id", "participant_id"))
    there = set(
        Attendance.objects.filter(meeting__in=meetings, status__in=Attendance.THERE).values_list(
            "meeting_id", "participant_id"
        )
    )
    sent = [draft for draft in drafts if (draft.meeting_id, draft.participant_id) in sent_by & there]
    if len({draft.participant_id for draft in sent}) >= LEAST_PEOPLE:
        _keep_without_names(closing, sent)
    still_written = _still_written([draft for draft in drafts if draft not in sent], now)
    EvaluationDraft.objects.filter(pk__in={draft.pk for draft in drafts} - still_written).delete()
    # C1: whoever was not there after all has evaluated nothing; if that changes again, they still can.
    for draft in drafts:
        if (draft.meeting_id, draft.participant_id) in sent_by - there:
            receipts.filter(meeting=draft.meeting_id, participant=draft.participant_id).delete()
    audit.record("evaluations.closed", by=None, obj=closing, now=now, data={"evaluations": len(sent)})


def _keep_without_names(closing: EvaluationClosing, sent: list[EvaluationDraft]) -> None:
    known = {each.pk: each for each in Question.objects.filter(program=closing.cohort.program_id)}
    rows = [
        EvaluationAnswer(closing=closing, question=known[key], **_value(value))
        for draft in sent
        for key, value in _opened(draft).items()
    ]
    random.SystemRandom().shuffle(rows)
    EvaluationAnswer.objects.bulk_create(rows, batch_size=500)


def _still_written(unsent: list[EvaluationDraft], now: datetime) -> set[int]:
    """Drafts of people who can still send them: their day is a later one than the others'."""
    rows = Attendance.objects.filter(
        meeting__in=[draft.meeting_id for draft in unsent], status__in=Attendance.THERE
    ).select_related("meeting__cohort")
    windows = deadlines.windows(list(rows))
    open_for = {
        (row.meeting_id, row.participant_id)
        for row in rows
        if windows[row.pk].state(row.meeting.local_today(now)) is State.OPEN
    }
    return {draft.pk for draft in unsent if (draft.meeting_id, draft.participant_id) in open_for}


def _value(answer: int | str) -> dict[str, object]:
    return {"rating": answer} if isinstance(answer, int) else {"text": answer}


def _opened(draft: EvaluationDraft) -> Answers:
    data = vault.unseal(bytes(draft.ciphertext), row=_row(draft))
    return {int(key): value for key, value in data.items() if isinstance(value, int | str)}


def _row(draft: EvaluationDraft) -> str:
    return f"evaluation of {draft.meeting_id} by {draft.participant_id}"
