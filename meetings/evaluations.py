"""Evaluating meetings: written by a person, read as nobody's (C1).

While an evaluation is open its answers lie encrypted, for their author to change. The evaluations of one meeting of
the curriculum close for all teams of a cohort together, `evaluation_days` after the last of these meetings: the answers
are shuffled into rows that know no person, no team and no moment, and the drafts are deleted. Whoever answers later
still can, for the certificate's sake, until the program's last closing: those answers are counted apart.
"""

import random
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max

from coaching import audit
from coaching.errors import Refused
from coaching.models import Cohort, CurriculumItem, Participant, Program, User
from meetings import dates, vault
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

DEFAULT_QUESTIONS = (
    (Question.Kind.RATING, "The meeting was worth its time."),
    (Question.Kind.RATING, "I got questions, ideas or advice that help my project."),
    (Question.Kind.RATING, "I understand this meeting’s topic better than before."),
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
        Question(program=program, position=position, kind=kind, text=text)
        for position, (kind, text) in enumerate(DEFAULT_QUESTIONS, start=1)
    ]
    return len(Question.objects.bulk_create(questions))


def questions_for(cohort: Cohort) -> list[Question]:
    return list(Question.objects.filter(program=cohort.program_id, is_active=True))


def to_evaluate(meeting: Meeting, user: User) -> Participant | None:
    """The participant who was there and may evaluate the meeting, if this person is one."""
    there = meeting.attendance.filter(
        participant__user=user, status__in=(Attendance.Status.PRESENT, Attendance.Status.REMOTE)
    ).select_related("participant")
    row = there.first()
    return row.participant if row else None


def is_closed(meeting: Meeting) -> bool:
    """Whether nothing can be answered any more: the program's last closing has been."""
    return EvaluationClosing.objects.filter(cohort=meeting.cohort_id, item=None).exists()


def answer_by(meeting: Meeting) -> date:
    """The last day on which answers are counted together with those of the cohort's other teams."""
    return answer_by_each([meeting])[meeting.pk]


def answer_by_each(meetings: Collection[Meeting]) -> dict[int, date]:
    """By meeting; one query for any number, whose cohorts have been read. An extra meeting goes by its own date."""
    last = _last_dates({each.cohort_id for each in meetings})
    days = {each.pk: last.get((each.cohort_id, each.item_id)) if each.item_id else None for each in meetings}
    return {
        each.pk: (days[each.pk] or each.date) + timedelta(days=each.cohort.evaluation_days)
        for each in meetings
    }


def _last_dates(cohorts: Collection[int]) -> dict[tuple[int, int | None], date]:
    """By cohort and meeting of the curriculum (None: the extra ones), the last day on which a team meets for it."""
    rows = Meeting.objects.live().filter(cohort__in=cohorts).values("cohort", "item")
    found = rows.annotate(last=Max("date")).values_list("cohort", "item", "last").order_by()
    return {(cohort, item): day for cohort, item, day in found}


def unanswered(meeting: Meeting) -> list[Participant]:
    """Who was there and has not evaluated the meeting (C1)."""
    rows = meeting.attendance.filter(status__in=(Attendance.Status.PRESENT, Attendance.Status.REMOTE))
    rows = rows.exclude(participant__in=meeting.receipts.values("participant"))
    return [row.participant for row in rows.select_related("participant__user")]


def own_answers(meeting: Meeting, participant: Participant) -> Answers:
    """What this participant has answered and can still change."""
    draft = EvaluationDraft.objects.filter(meeting=meeting, participant=participant).first()
    return _opened(draft) if draft else {}


@transaction.atomic
def submit_evaluation(*, meeting: Meeting, answers: Mapping[int, int | str], by: User, now: datetime) -> None:
    """Keep somebody's answers by question id until the evaluation closes; sent again, they replace the earlier ones."""
    meeting = Meeting.objects.select_for_update().get(pk=meeting.pk)
    participant = to_evaluate(meeting, by)
    if participant is None:
        raise CannotEvaluate("Only people who were at a meeting evaluate it. Has attendance been taken?")
    if is_closed(meeting):
        raise CannotEvaluate(
            "The program's evaluations are closed. Ask the branch office if one of yours is missing."
        )
    receipt = EvaluationReceipt.objects.filter(meeting=meeting, participant=participant).first()
    draft = EvaluationDraft.objects.filter(meeting=meeting, participant=participant).first()
    if receipt and not draft:
        raise CannotEvaluate(
            "Your evaluation is in, and has been counted without your name. It cannot be changed now."
        )
    kept = _checked(answers, questions_for(meeting.cohort))
    draft = draft or EvaluationDraft(meeting=meeting, participant=participant)
    draft.ciphertext = vault.seal({str(key): value for key, value in kept.items()}, row=_row(draft))
    draft.save()
    if receipt is None:
        receipt = EvaluationReceipt.objects.create(meeting=meeting, participant=participant)
        audit.record("evaluation.received", by=by, obj=receipt, now=now)


def _checked(answers: Mapping[int, int | str], questions: Iterable[Question]) -> Answers:
    """Ratings for every rating question, texts where there is one; nothing else."""
    kept: Answers = {}
    for question in questions:
        answer = answers.get(question.pk)
        if question.kind == Question.Kind.RATING:
            if type(answer) is not int or not 1 <= answer <= 5:
                raise CannotEvaluate(f"Choose an answer from 1 to 5: “{question.text}”")
            kept[question.pk] = answer
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
    last = {item: day for (_, item), day in _last_dates([cohort.pk]).items()}
    closed = set(cohort.closings.values_list("item_id", flat=True))
    due = [item for item, day in last.items() if item and item not in closed and day + days < today]
    for item in CurriculumItem.objects.filter(pk__in=due):
        _close(cohort=cohort, item=item, now=now)
    program_end = dates.end_of_month(dates.add_months(cohort.first_month, cohort.months - 1))
    if max(program_end, *last.values()) + days < today:
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
    known = {question.pk: question for question in Question.objects.filter(program=cohort.program_id)}
    rows = [
        EvaluationAnswer(closing=closing, question=known[key], **_value(value))
        for draft in drafts
        for key, value in _opened(draft).items()
    ]
    random.SystemRandom().shuffle(rows)
    EvaluationAnswer.objects.bulk_create(rows, batch_size=500)
    EvaluationDraft.objects.filter(pk__in=[draft.pk for draft in drafts]).delete()
    audit.record("evaluations.closed", by=None, obj=closing, now=now, data={"evaluations": len(drafts)})


def _value(answer: int | str) -> dict[str, object]:
    return {"rating": answer} if isinstance(answer, int) else {"text": answer}


def _opened(draft: EvaluationDraft) -> Answers:
    data = vault.unseal(bytes(draft.ciphertext), row=_row(draft))
    return {int(key): value for key, value in data.items() if isinstance(value, int | str)}


def _row(draft: EvaluationDraft) -> str:
    return f"evaluation of {draft.meeting_id} by {draft.participant_id}"
