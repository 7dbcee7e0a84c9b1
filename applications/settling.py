"""What one act of a signer does: it settles the step that waits on them, and those that follow with the same signer."""

from collections.abc import Mapping
from datetime import date, datetime

from applications import drafting, routing
from applications.models import Application, Outcome, ReviewStep
from applications.routing import Authority, Settled
from coaching import audit, signing
from coaching.errors import Refused
from coaching.models import RouteStep, SignOff, User


class TextChanged(Refused):
    """What was read is not what would be signed."""


class NotWaitingOnYou(Refused):
    """The application does not wait on this person, or no longer."""


class ReasonMissing(Refused):
    pass


class ConceptNotDiscussed(Refused):
    """A3: the date given lies after the submission; `office` is the one it was discussed with."""

    said = (
        "The project concept has to be discussed before the application is submitted. If that has not happened, "
        "return the application with a comment."
    )

    def __init__(self, office: str, said: str = said) -> None:
        self.office = office
        super().__init__(said)


class DecisionNeeded(Refused):
    """The deciding office signs by deciding (A9), and nobody else decides."""


def lock_for_act(
    application: Application, by: User, now: datetime, text_id: int | None
) -> tuple[Application, Settled]:
    application = drafting.lock(application)
    settled = routing.steps_to_settle(application, by, on=drafting.today_of(application.cohort, now))
    if not settled:
        raise NotWaitingOnYou(why_not(application, by))
    check_text(application, text_id)
    return application, settled


def check_text(application: Application, text_id: int | None) -> None:
    if text_id is not None and text_id != application.current_text_id:
        raise TextChanged(
            "The applicant has changed the application since you opened it. Please read it again."
        )


def why_not(application: Application, by: User) -> str:
    """Who was first, or whom it waits on: what somebody needs to know whose act came to nothing."""
    if by.pk == application.applicant_id:
        return "Nobody signs their own application."  # A9
    waiting = application.current_step()
    if waiting:
        now = f"It waits on {waiting.signer} ({waiting.route_step.title}), not on you."
    else:
        now = f"It does not wait on anybody: it is “{application.get_status_display().lower()}”."
    return " ".join(part for part in (_last_act(application), now) if part)


def _last_act(application: Application) -> str:
    """Who was the last to do something with it."""
    if application.status == Application.Status.WITHDRAWN:
        return f"{application.applicant} has withdrawn this application."
    step = application.route().filter(acted_at__isnull=False).order_by("-acted_at", "-position").first()
    return f"{step.acted_by} has {step.get_status_display().lower()} this application." if step else ""


def sign_steps(
    application: Application,
    settled: Settled,
    by: User,
    typed_name: str,
    concept_dates: Mapping[str, date],
    now: datetime,
    outcome: Outcome | None = None,
) -> SignOff:
    """One signature for all steps this person settles, in each capacity (A9)."""
    right = settled[0][1]
    sign_off = signing.sign(
        text=application.current_text,  # type: ignore[arg-type]
        by=by,
        capacity="; also ".join(routing.capacity(step, each) for step, each in settled)[:200],
        statement="\n".join(statements(settled, outcome)),
        typed_name=typed_name,
        now=now,
        on_behalf_of=right.on_behalf_of,
        delegation=right.delegation,
    )
    mark_signed(application, settled, sign_off, concept_dates, by=by, now=now)
    return sign_off


def mark_signed(
    application: Application,
    settled: Settled,
    sign_off: SignOff,
    concept_dates: Mapping[str, date],
    *,
    by: User,
    now: datetime,
) -> None:
    """The steps that this signature settles are done; `by` is who recorded it, the signer where it is no paper."""
    for step, _ in settled:
        step.status = ReviewStep.Status.SIGNED
        step.since_at = step.since_at or now
        step.acted_at, step.acted_by, step.sign_off = now, sign_off.signer, sign_off
        step.concept_date = confirmed_concept_date(application, step, concept_dates)
        step.save()
    audit.record(
        "application.signed_on_paper" if sign_off.on_paper else "application.signed",
        by=by,
        obj=application,
        now=now,
        on_behalf_of=sign_off.on_behalf_of,
        data={"steps": [step.pk for step, _ in settled], "sign_off": sign_off.pk},
    )


RECEIPT = "I have read this application. My signature does not support the participation."


def statements(settled: Settled, outcome: Outcome | None = None) -> list[str]:
    """What is signed, a line for each capacity, then the decision (A8, A9).

    One person who supervises or directs and also decides signs once. Whoever does not select the applicant supports
    nothing with it: of the steps before the decision they sign that they have read the application.
    """
    lines = []
    for step, right in settled:
        refused = outcome == Outcome.NOT_SELECTED and not step.route_step.decides
        said = RECEIPT if refused else step.route_step.statement
        lines.append(f"As {routing.capacity(step, right)}: {said}" if len(settled) > 1 else said)
    return [*lines, f"Decision: {outcome.label}."] if outcome else lines


def confirmed_concept_date(
    application: Application, step: ReviewStep, given: Mapping[str, date]
) -> date | None:
    """A3: the date this office confirms, or corrects in `given`. Raises ConceptNotDiscussed."""
    stated = stated_concept_date(application, step)
    if stated is None:
        return None
    confirmed = given.get(step.office) or stated
    if confirmed > concept_discussed_by(application):
        raise ConceptNotDiscussed(step.office)
    return confirmed


def concept_discussed_by(application: Application) -> date:
    """A3: the last day on which it can have been discussed: that of the submission."""
    return drafting.today_of(application.cohort, application.submitted_at)  # type: ignore[arg-type]


# A3: who confirms, when signing, the day on which the concept was discussed.
ASKED_ABOUT_CONCEPT = (RouteStep.Office.SUPERVISOR, RouteStep.Office.DIRECTOR)


def stated_concept_date(application: Application, step: ReviewStep) -> date | None:
    """When the applicant says they discussed the concept with this office; None for offices that are not asked (A3)."""
    if step.office == RouteStep.Office.SUPERVISOR:
        return application.concept_supervisor_date
    return application.concept_director_date if step.office == RouteStep.Office.DIRECTOR else None


def refuse(
    application: Application,
    settled: tuple[ReviewStep, Authority],
    by: User,
    status: ReviewStep.Status,
    comment: str,
    now: datetime,
) -> ReviewStep:
    step, right = settled
    step.status, step.comment = status, comment.strip()
    step.acted_at, step.acted_by = now, by
    step.save(update_fields=["status", "comment", "acted_at", "acted_by"])
    supersede(application)
    audit.record(
        f"application.{status.value}",
        by=by,
        obj=application,
        now=now,
        on_behalf_of=right.on_behalf_of,
        data={"step": step.pk, "comment": step.comment},
    )
    return step


def supersede(application: Application) -> None:
    pending = application.review_steps.filter(status=ReviewStep.Status.PENDING)
    pending.update(status=ReviewStep.Status.SUPERSEDED)
