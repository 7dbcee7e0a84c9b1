"""What a person applied with, and what became of it."""

from collections.abc import Iterator

from applications.models import Application, Decision, DraftShare, ReviewStep, SeatOffer
from coaching.models import SignedText, User
from coaching.site.own_data.chapter import Chapter, day
from coaching.site.own_data.signed import signed


def applications(user: User) -> Iterator[Chapter]:
    rows = Application.objects.filter(applicant=user).select_related("cohort__branch").order_by("pk")
    for row in rows:
        yield _application(row)


def _application(row: Application) -> Chapter:
    chapter = Chapter(f"application-{row.pk}", f"Your application to the {row.cohort}, {row.cohort.branch}")
    for part in (_state, _answers, _way, _outcome):
        part(chapter, row)
    steps = ReviewStep.objects.filter(application=row)
    keys = {row.current_text_id, row.paper_text_id, *steps.values_list("text", flat=True)}
    signed(chapter, SignedText.objects.filter(pk__in=[key for key in keys if key]))
    return chapter


def _state(chapter: Chapter, row: Application) -> None:
    facts = [
        ("State", row.get_status_display()),
        ("Begun", day(row.created_at)),
        ("Last saved", day(row.saved_at)),
        ("Sent", day(row.submitted_at)),
        ("Withdrawn", day(row.withdrawn_at)),
        ("Closed", day(row.closed_at)),
        ("Why it was closed", row.closed_reason),
        ("Discussed with your supervisor", day(row.concept_supervisor_date)),
        ("Discussed with your division director", day(row.concept_director_date)),
    ]
    chapter.table("The application", ("What", "Value"), [each for each in facts if each[1]])


def _answers(chapter: Chapter, row: Application) -> None:
    names = ("why", "development", "role_aimed_for", "ultimate_position", "project_title")
    answers = dict.fromkeys((*names, *Application.ANSWERS))
    chapter.table(
        "Your answers as they stand",
        ("Question", "Answer"),
        [
            (str(row._meta.get_field(name).verbose_name).capitalize(), getattr(row, name))  # type: ignore[union-attr]
            for name in answers
            if getattr(row, name)
        ],
    )
    ratings = row.ratings.select_related("competency")
    chapter.table(
        "Grow and glow",
        ("Competency", "Rating", "Your sentence"),
        [(each.competency, each.get_rating_display(), each.sentence) for each in ratings],
    )


def _way(chapter: Chapter, row: Application) -> None:
    shares = DraftShare.objects.filter(application=row).select_related("person")
    chapter.table(
        "Who was allowed to read the draft",
        ("Who", "From", "Until"),
        [(each.person, day(each.shared_at), day(each.ended_at)) for each in shares],
    )
    steps = ReviewStep.objects.filter(application=row).select_related("route_step", "signer", "acted_by")
    chapter.table(
        "Its way",
        ("Step", "With whom", "Since", "State", "By", "When", "Comment to you"),
        [
            (
                *(each.route_step.title, each.signer, day(each.since_at), each.get_status_display()),
                *(each.acted_by or "", day(each.acted_at), each.comment),
            )
            for each in steps.order_by("text", "position", "pk")
        ],
    )


def _outcome(chapter: Chapter, row: Application) -> None:
    chapter.table(
        "What was decided",
        ("Day", "Outcome", "Reason given to you"),
        [
            (day(each.decided_at), each.get_outcome_display(), each.reason)
            for each in Decision.objects.filter(application=row)
        ],
    )
    chapter.table(
        "Seats you were offered",
        ("Asked", "Your answer", "When"),
        [
            (day(each.asked_date), each.get_answer_display(), day(each.answered_at))
            for each in SeatOffer.objects.filter(application=row)
        ],
    )
