"""What the offices may know: numbers from three answers on, texts pooled over five or more, and never whose (C1, M17)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from coaching.models import Cohort
from meetings import evaluations
from meetings.models import Attendance, EvaluationAnswer, EvaluationClosing, Meeting, Question

LEAST_RATINGS = evaluations.LEAST_PEOPLE
LEAST_TEXTS = 5


@dataclass(frozen=True)
class QuestionTotal:
    question: str
    answers: int
    mean: float
    counts: tuple[int, int, int, int, int]


@dataclass(frozen=True)
class ClosingTotal:
    """The published numbers of one meeting of the curriculum, over all teams of the cohort; none where too few answered."""

    title: str
    questions: tuple[QuestionTotal, ...]


@dataclass(frozen=True)
class TextPool:
    question: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class AttendanceTotal:
    meetings_held: int
    there: int
    absent: int
    excused: int

    @property
    def percent_there(self) -> int | None:
        marked = self.there + self.absent + self.excused
        return round(100 * self.there / marked) if marked else None


def rating_totals(cohort: Cohort) -> list[ClosingTotal]:
    """One entry for each closing, in the order of the curriculum, the late and extra ones last."""
    counted: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0] * 5))
    answers = EvaluationAnswer.objects.filter(closing__cohort=cohort, rating__isnull=False)
    rows = answers.values_list("closing", "question", "rating").annotate(number=Count("pk"))
    for closing_id, question_id, rating, number in rows:
        counted[closing_id][question_id][(rating or 1) - 1] = number
    questions = list(Question.objects.filter(program=cohort.program_id, kind=Question.Kind.RATING))
    closings = EvaluationClosing.objects.filter(cohort=cohort).select_related("item")
    return [
        _closing_total(closing, counted[closing.pk], questions)
        for closing in sorted(closings, key=lambda each: each.item.position if each.item else 99)
    ]


def _closing_total(
    closing: EvaluationClosing, counted: dict[int, list[int]], questions: list[Question]
) -> ClosingTotal:
    totals = []
    for question in questions:
        counts = counted.get(question.pk, [0] * 5)
        answers = sum(counts)
        if answers >= LEAST_RATINGS:
            mean = sum(value * number for value, number in enumerate(counts, start=1)) / answers
            one, two, three, four, five = counts
            totals.append(QuestionTotal(question.text, answers, mean, (one, two, three, four, five)))
    title = closing.item.title if closing.item else "Extra meetings, and answers that came late"
    return ClosingTotal(title, tuple(totals))


def text_pools(cohort: Cohort) -> list[TextPool]:
    """What was written, by question, pooled over all meetings and in an order that says nothing.

    A pool grows only by whole closings that bring five texts or more; what falls short waits for the last closing.
    """
    texts: dict[int, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    final = None
    for closing in EvaluationClosing.objects.filter(cohort=cohort):
        final = closing if closing.item_id is None else final
    for answer in EvaluationAnswer.objects.filter(closing__cohort=cohort).exclude(text=""):
        texts[answer.question_id][answer.closing_id].append(answer.text)
    pools = []
    for question in Question.objects.filter(program=cohort.program_id, kind=Question.Kind.TEXT):
        large = [text for group in texts[question.pk].values() if len(group) >= LEAST_TEXTS for text in group]
        small = [text for group in texts[question.pk].values() if len(group) < LEAST_TEXTS for text in group]
        shown = large + (small if final and len(small) >= LEAST_TEXTS else [])
        if shown:
            pools.append(TextPool(question.text, tuple(sorted(shown, key=str.casefold))))
    return pools


def attendance_total(cohort: Cohort, *, today: date) -> AttendanceTotal:
    there = Q(status__in=Attendance.THERE)
    marks = Attendance.objects.filter(meeting__cohort=cohort, meeting__date__lte=today).aggregate(
        there=Count("pk", filter=there),
        absent=Count("pk", filter=Q(status=Attendance.Status.ABSENT)),
        excused=Count("pk", filter=Q(status=Attendance.Status.EXCUSED)),
    )
    return AttendanceTotal(cohort.meetings.filter(status=Meeting.Status.HELD).count(), **marks)
