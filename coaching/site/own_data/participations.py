"""A person's part in a program: teams, meetings, and their own words (M16)."""

from collections.abc import Callable, Iterator
from functools import partial

from applications.models import ProjectChange
from coaching.models import Consent, Participant, SignedText, TeamWishes, User
from coaching.site.own_data.chapter import Chapter, Row, day
from coaching.site.own_data.signed import signed
from meetings import evaluations, needs, taking_along, vault
from meetings.models import (
    Acceptance,
    Attendance,
    EvaluationDraft,
    EvaluationReceipt,
    EvaluationReopening,
    Need,
    Waiver,
)

UNREADABLE = "It lies encrypted with a key that the site no longer has."


def participations(user: User) -> Iterator[Chapter]:
    rows = Participant.objects.filter(user=user).select_related(
        "user", "cohort__program", "cohort__branch", "cohort__competency_model", "division", "classification"
    )
    for row in rows.order_by("pk"):
        yield _participation(row)


def _participation(row: Participant) -> Chapter:
    chapter = Chapter(f"participation-{row.pk}", f"Your part in the {row.cohort}, {row.cohort.branch}")
    facts = [
        ("State", row.get_status_display()),
        ("Since", day(row.enrolled_at)),
        ("Left", day(row.left_at)),
        ("Why you left", row.left_reason),
        ("Hours passed on to the training office since", day(row.hours_passed_on_at)),
        ("Completed", day(row.completed_at)),
        ("Division at the start", row.division or ""),
        ("Classification at the start", row.classification or ""),
        ("Role you aim for", row.role_aimed_for),
    ]
    chapter.table("On record", ("What", "Value"), [each for each in facts if each[1]])
    goal = getattr(row, "goal", None)
    if goal:
        chapter.table(
            "Your project as it was approved",
            ("What", "Value"),
            [
                ("Title", goal.title),
                ("Description", goal.description),
                ("Expected outcome", goal.expected_outcome),
                ("Measure", goal.measure),
                ("Competencies", ", ".join(str(each) for each in goal.competencies.all())),
            ],
        )
    changes = ProjectChange.objects.filter(participant=row)
    chapter.table(
        "Changes of the project you asked for",
        ("Asked", "Title", "Why", "State", "Comment to you"),
        [
            (day(each.asked_at), each.title, each.why, each.get_status_display(), each.comment)
            for each in changes
        ],
    )
    signed(chapter, SignedText.objects.filter(project_changes__in=changes).distinct())
    _in_teams(chapter, row)
    _at_meetings(chapter, row)
    _written(chapter, row)
    return chapter


def _in_teams(chapter: Chapter, row: Participant) -> None:
    places = row.memberships.select_related("team")
    chapter.table(
        "Your teams",
        ("Team", "From", "Until"),
        [(each.team, day(each.joined_at), day(each.ended_at)) for each in places],
    )
    for wishes in TeamWishes.objects.filter(participant=row):
        names = ", ".join(each.name for each in wishes.rather_not.all())
        said: list[Row] = [
            ("Times", ", ".join(wishes.times)),
            ("Career tracks of the team", wishes.get_track_display()),
            ("Rather not with", names),
        ]
        chapter.table("What you said before teams were formed", ("What", "Value"), said)
    chapter.table(
        "Teams you were asked about",
        ("What", "Your answer", "Your reason", "When"),
        [
            (each.change.get_kind_display(), each.get_answer_display(), each.reason, day(each.answered_at))
            for each in Consent.objects.filter(participant=row).select_related("change")
        ],
    )
    chapter.table(
        "Agreements you accepted",
        ("When", "Text"),
        [(day(each.accepted_at), each.text) for each in Acceptance.objects.filter(participant=row)],
    )


def _at_meetings(chapter: Chapter, row: Participant) -> None:
    marks = Attendance.objects.filter(participant=row).select_related("meeting__item", "recorded_by")
    chapter.table(
        "Attendance",
        ("Day", "Meeting", "Month of the program", "Mark", "Reason", "Entered by", "Entered"),
        [
            (
                *(day(each.meeting.date), each.meeting.heading, each.meeting.month or ""),
                *(each.get_status_display(), each.reason, each.recorded_by or "", day(each.recorded_at)),
            )
            for each in marks.order_by("meeting__date", "pk")
        ],
    )
    chapter.table(
        "Months you were excused from",
        ("Month", "What", "Reason", "Recorded", "Taken back"),
        [
            (each.month, each.words, each.reason, day(each.recorded_at), day(each.taken_back_at))
            for each in Waiver.objects.filter(participant=row)
        ],
    )
    receipts = EvaluationReceipt.objects.filter(participant=row).select_related("meeting__item")
    chapter.table(
        "Meetings you evaluated",
        ("Day", "Meeting"),
        [(day(each.meeting.date), each.meeting.heading) for each in receipts.order_by("meeting__date", "pk")],
    )
    questions = {each.pk: each.text for each in row.cohort.program.questions.all()}
    drafts = EvaluationDraft.objects.filter(participant=row).select_related("meeting__item")
    chapter.table(
        "Your answers in evaluations that are still open",
        ("Meeting", "Question", "Your answer"),
        [
            (draft.meeting, questions.get(key, ""), answer)
            for draft in drafts
            for key, answer in evaluations.own_answers(draft.meeting, row).items()
        ],
    )
    chapter.table(
        "Evaluations that were opened again for you",
        ("Meeting", "Asked", "Until", "Reason"),
        [
            (each.meeting, day(each.asked_at), day(each.until_date), each.reason)
            for each in EvaluationReopening.objects.filter(participant=row).select_related("meeting__item")
        ],
    )


def _written(chapter: Chapter, row: Participant) -> None:
    """M16: their own words; what teammates wrote stays with them."""
    chapter.text("What you wrote", _readable(partial(taking_along.own_writing, row)))
    for need in Need.objects.filter(participant=row):
        chapter.text("What you need to take part", _readable(partial(needs.read, need)))


def _readable(read: Callable[[], str]) -> str:
    try:
        return read()
    except vault.CannotRead:
        return UNREADABLE
