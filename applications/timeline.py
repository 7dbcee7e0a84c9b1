"""What happened to an application, in order, and what comes next: who did what, when, and for whom."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from applications.models import Application, Decision, ReviewStep
from applications.settling import stated_concept_date


@dataclass(frozen=True)
class Event:
    title: str
    text: str = ""
    at: datetime | None = None
    state: str = "done"


def timeline(application: Application) -> list[Event]:
    """Derived from the rows of the workflow, so that it cannot say anything else than they do."""
    steps = (
        application.review_steps.with_people()
        .select_related("text", "assigned_by", "replaces__signer")
        .order_by("text__created_at", "position", "pk")
    )
    events: list[Event] = []
    for number, (_, round_) in enumerate(groupby(steps, key=lambda step: step.text_id)):
        rows = list(round_)
        again = " again" if number else ""
        events.append(Event(f"Submitted{again} by {application.applicant}", at=rows[0].text.created_at))
        events += _acts(application, rows)
        events += [_reassigned(each) for each in rows if each.replaces]
    events += [_decision(each) for each in application.decisions.all()]
    if application.withdrawn_at:
        title = f"Withdrawn by {application.applicant}"
        events.append(Event(title, at=application.withdrawn_at, state="stopped"))
    if application.closed_at:
        title = f"Closed without a decision by {application.closed_by}"
        events.append(Event(title, application.closed_reason, application.closed_at, "stopped"))
    events.sort(key=lambda event: event.at)  # type: ignore[arg-type, return-value]
    return events + _ahead(application)


def _acts(application: Application, steps: list[ReviewStep]) -> list[Event]:
    events = []
    acted = [step for step in steps if step.acted_at]
    for _, together in groupby(acted, key=lambda step: (step.acted_at, step.status)):
        rows = list(together)
        events.append(_signed(application, rows) if rows[0].sign_off else _refused(rows[0]))
    return events


def _signed(application: Application, steps: list[ReviewStep]) -> Event:
    """One signature, in one or several capacities (A9)."""
    sign_off = steps[0].sign_off
    assert sign_off is not None
    for_whom = f" for {sign_off.on_behalf_of}" if sign_off.on_behalf_of else ""
    parts = [f"{sign_off.capacity}{for_whom}."]
    for step in steps:
        stated = stated_concept_date(application, step)
        if step.concept_date and step.concept_date != stated:
            parts.append(f"Says the project concept was discussed on {step.concept_date:%B %-d, %Y}.")  # A3
    return Event(f"Signed by {steps[0].acted_by}", " ".join(parts), steps[0].acted_at)


def _reassigned(step: ReviewStep) -> Event:
    """A9: both names, by whom and why."""
    assert step.replaces is not None
    title = f"{step.route_step.title}: {step.signer} signs in place of {step.replaces.signer}"
    return Event(title, f"{step.reason} Given by {step.assigned_by}.", step.assigned_at)


def _refused(step: ReviewStep) -> Event:
    state = "stopped" if step.status == ReviewStep.Status.DECLINED else "done"
    title = f"{step.get_status_display()} by {step.acted_by} ({step.route_step.title})"
    return Event(title, step.comment, step.acted_at, state)


def _decision(decision: Decision) -> Event:
    state = "stopped" if decision.outcome == Decision.Outcome.NOT_SELECTED else "done"
    return Event(f"Decision: {decision.get_outcome_display()}", decision.reason, decision.decided_at, state)


def _ahead(application: Application) -> list[Event]:
    """What is still to come: where it waits, and after whom."""
    events = []
    if application.status == Application.Status.RETURNED:
        return [Event(f"Waits on {application.applicant} to change and submit it again", state="current")]
    if application.status != Application.Status.IN_REVIEW:
        return []
    for step in application.route().filter(status=ReviewStep.Status.PENDING):
        title = f"{'Waits on' if step.since_at else 'Then'} {step.signer} ({step.route_step.title})"
        due = f"Asked to sign by {step.due_date:%A, %B %-d, %Y}." if step.due_date else ""
        text = " ".join(part for part in (due, step.reason) if part)
        events.append(Event(title, text, step.since_at, "current" if step.since_at else "ahead"))
    return events
