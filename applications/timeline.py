"""What happened to an application, in order: who did what, when, for whom, and with which text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import Exists, OuterRef, QuerySet

from applications import routing
from applications.drafting import today_of
from applications.models import Application, Decision, ProjectChange, ReviewStep, SeatOffer
from applications.settling import stated_concept_date
from coaching import audit
from coaching.models import SignOff


@dataclass(frozen=True)
class Event:
    """`text_number` counts the texts that were submitted; `text_pk` is the one it was about, `change_pk` the change of the
    project."""

    title: str
    text: str = ""
    at: datetime | None = None
    state: str = "done"
    comment: str = ""
    text_number: int = 0
    text_pk: int | None = None
    change_pk: int | None = None


def steps_of(application: Application) -> list[ReviewStep]:
    """All that were ever asked for, text by text; `came_on_paper`: the applicant's signature under it (A15)."""
    on_paper = _on_paper(application).filter(text=OuterRef("text"))
    return list(
        application.review_steps.with_people()
        .annotate(came_on_paper=Exists(on_paper))
        .select_related("text", "assigned_by", "replaces__signer", "sign_off__delegation")
        .order_by("text__created_at", "text", "position", "pk")
    )


def route_of(application: Application, steps: list[ReviewStep]) -> list[ReviewStep]:
    """Of these, what Application.route() finds."""
    given_away = ReviewStep.Status.REASSIGNED
    return [
        each for each in steps if each.text_id == application.current_text_id and each.status != given_away
    ]


def timeline(
    application: Application, *, later: bool = False, steps: list[ReviewStep] | None = None
) -> list[Event]:
    """Derived from the rows of the workflow and the audit trail, so that it cannot say anything else than they do.
    What the deputy means to decide is no event before it is released.

    `later`: also what came after the decision, free seats and changed projects; no signer's business (M17).
    `steps`: where they are known, those of steps_of().
    """
    steps = steps_of(application) if steps is None else steps
    decisions = _decisions(application) if any(_decided(each) for each in steps) else {}
    events: list[Event] = []
    number = 0
    on_paper = _by_text(application) if any(each.came_on_paper for each in steps) else {}  # type: ignore[attr-defined]
    for number, (_, round_) in enumerate(groupby(steps, key=lambda step: step.text_id), start=1):
        rows = list(round_)
        events += _round(application, rows, number, on_paper.get(rows[0].text_id), decisions)
    of_steps = {step.sign_off_id for step in steps}
    events += [_decision(each, number) for pk, each in decisions.items() if pk not in of_steps]
    if later and decisions:
        events += [*_seats(application), *_changes(application)]
    if application.withdrawn_at:
        title = f"Withdrawn by {application.applicant}"
        events.append(Event(title, at=application.withdrawn_at, state="stopped"))
    if application.closed_at:
        title = f"Closed without a decision by {application.closed_by}"
        events.append(
            Event(title, at=application.closed_at, state="stopped", comment=application.closed_reason)
        )
    return sorted(events, key=lambda event: event.at)  # type: ignore[arg-type, return-value]


def _seats(application: Application) -> Iterator[Event]:
    """Whether somebody on the waitlist still wants a seat, each as it was written down: the row of an offer has only the
    latest day and answer, the audit trail has all."""
    asked: date | None = None
    stands = False  # the offer: a no ends it, unless it becomes a yes
    for event in audit.events_of(application, "waitlist.asked", "waitlist.answered"):
        written = f"Written down by {event.actor}."
        if event.action == "waitlist.answered":
            answer = SeatOffer.Answer(event.payload.data["answer"])
            yield Event(answer.label, written, event.at)
            stands = answer != SeatOffer.Answer.NO
            continue
        day = date.fromisoformat(event.payload.data["asked_date"])
        if asked and stands:
            text = f"{day:%B %-d, %Y}, not {asked:%B %-d, %Y}. {written}"
            yield Event("The day of asking was corrected", text, event.at)
        else:
            yield Event("Asked whether a seat is still wanted", f"On {day:%B %-d, %Y}. {written}", event.at)
        asked, stands = day, True


def _changes(application: Application) -> Iterator[Event]:
    """A14: that the project was to be changed, and what came of it; what the change says stands in its text."""
    changes = ProjectChange.objects.filter(
        participant__user=application.applicant_id, participant__cohort=application.cohort_id
    )
    for change in changes.with_people():
        title = f"{application.applicant} asked to change the project"
        yield Event(title, at=change.asked_at, change_pk=change.pk)
        if change.acted_at:
            yield _answered(change)


def _answered(change: ProjectChange) -> Event:
    sign_off = change.sign_off
    is_declined = change.status == ProjectChange.Status.DECLINED
    post = f", {routing.post_title(change.route_step, change.unit)}" if is_declined else ""
    return Event(
        f"Changed project: {change.get_status_display().lower()}",
        f"Signed by {sign_off.signer}, {_capacity(sign_off)}" if sign_off else f"By {change.acted_by}{post}.",
        change.acted_at,
        "stopped" if is_declined else "done",
        change.comment,
        change_pk=change.pk,
    )


def _decided(step: ReviewStep) -> bool:
    return step.route_step.decides and step.sign_off_id is not None


def _decisions(application: Application) -> dict[int, Decision]:
    """By signature."""
    related = ("sign_off__signer", "sign_off__on_behalf_of", "sign_off__delegation")
    return {each.sign_off_id: each for each in application.decisions.select_related(*related)}


def _on_paper(application: Application) -> QuerySet[SignOff]:
    """The applicant's signatures that came on paper (A15)."""
    return SignOff.objects.filter(signer=application.applicant_id, on_paper=True)


def _by_text(application: Application) -> dict[int, SignOff]:
    found = _on_paper(application).filter(text__in=application.review_steps.values("text"))
    return {each.text_id: each for each in found.select_related("attested_by")}


def _round(
    application: Application,
    steps: list[ReviewStep],
    number: int,
    paper: SignOff | None,
    decisions: dict[int, Decision],
) -> list[Event]:
    """Everything about one text, from its submission on."""
    text = steps[0].text
    again = "Changed and submitted again" if number > 1 else "Signed and submitted"
    submitted = Event(
        f"Entered by {paper.attested_by} (branch office)" if paper else f"{again} by {application.applicant}",
        _came(application, paper) if paper else "",
        at=paper.attested_at if paper else text.created_at,
        text_number=number,
        text_pk=text.pk,
    )
    acted = [step for step in steps if step.acted_at]
    events = [submitted]
    for _, together in groupby(acted, key=lambda step: (step.acted_at, step.sign_off_id)):
        rows = list(together)
        sign_off = rows[0].sign_off
        if sign_off is None:
            events.append(_refused(rows[0], number))
        elif decision := decisions.get(sign_off.pk):
            events.append(_decision(decision, number, _confirmed(application, rows)))
        else:
            events.append(_signed(application, rows, sign_off, number))
    return events + [_reassigned(step, number) for step in steps if step.replaces]


def _signed(application: Application, steps: list[ReviewStep], sign_off: SignOff, number: int) -> Event:
    """One signature, in one or several capacities (A9)."""
    parts = [_capacity(sign_off), *_confirmed(application, steps)]
    if sign_off.on_paper:  # A15
        parts.append(_paper(application, sign_off))
    title = f"Signed by {steps[0].acted_by}"
    return Event(title, " ".join(parts), steps[0].acted_at, text_number=number, text_pk=steps[0].text_id)


def _capacity(sign_off: SignOff) -> str:
    """As what, for whom and by which order (A9)."""
    whom = f", for {sign_off.on_behalf_of}" if sign_off.on_behalf_of else ""
    order = sign_off.delegation
    if order is None:
        return f"{sign_off.capacity}{whom}."
    until = f"{order.start_date:%B %-d, %Y} to {order.end_date:%B %-d, %Y}"
    written = f" ({order.written_order})" if order.written_order else ""
    return f"{sign_off.capacity}{whom}. By order from {until}: {order.reason.rstrip('.')}{written}."


def _confirmed(application: Application, steps: list[ReviewStep]) -> list[str]:
    """A3: the days that were corrected."""
    dates = [(step.concept_date, stated_concept_date(application, step)) for step in steps]
    return [
        f"Says the project concept was discussed on {day:%B %-d, %Y}."
        for day, stated in dates
        if day and day != stated
    ]


def _paper(application: Application, sign_off: SignOff) -> str:
    day = today_of(application.cohort, sign_off.signed_at)
    return f"On paper of {day:%B %-d, %Y}, attested by {sign_off.attested_by}."


def _came(application: Application, signed: SignOff) -> str:
    """A15: by hand first, received later, entered last; the day of receipt is kept of the current text."""
    day = today_of(application.cohort, signed.signed_at)
    parts = [f"On paper, signed by {application.applicant} on {day:%B %-d, %Y}"]
    if application.submitted_at and application.current_text_id == signed.text_id:
        received = today_of(application.cohort, application.submitted_at)
        parts.append(f"received on {received:%B %-d, %Y}")
    return " and ".join(parts) + "."


def _reassigned(step: ReviewStep, number: int) -> Event:
    """A9: both names, by whom and why."""
    assert step.replaces is not None
    title = f"{step.route_step.title}: {step.signer} signs in place of {step.replaces.signer}"
    text = f"Given by {step.assigned_by}."
    return Event(title, text, step.assigned_at, comment=step.reason, text_number=number, text_pk=step.text_id)


def _refused(step: ReviewStep, number: int) -> Event:
    state = "stopped" if step.status == ReviewStep.Status.DECLINED else "returned"
    title = f"{step.get_status_display()} by {step.acted_by}"
    return Event(
        title,
        f"{step.route_step.title}.",
        step.acted_at,
        state,
        step.comment,
        text_number=number,
        text_pk=step.text_id,
    )


def _decision(decision: Decision, number: int, confirmed: Sequence[str] = ()) -> Event:
    """The decision and its signature are one act."""
    sign_off = decision.sign_off
    return Event(
        f"Decision: {decision.get_outcome_display().lower()}",
        " ".join([f"Signed by {sign_off.signer}, {_capacity(sign_off)}", *confirmed]),
        decision.decided_at,
        "stopped" if decision.outcome == Decision.Outcome.NOT_SELECTED else "done",
        decision.reason,
        text_number=number,
        text_pk=sign_off.text_id,
    )
