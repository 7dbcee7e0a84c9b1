"""Whoever would rather sign on paper says so: the text is printed, and the branch office enters what comes back (A15)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from applications import checks, drafting, notices, routing, settling, text, workflow
from applications.models import Application, ReviewStep
from applications.routing import Signer
from applications.settling import DecisionNeeded
from coaching import audit, signing
from coaching.models import SignedText, User


@transaction.atomic
def ask_to_apply(*, application: Application, by: User, now: datetime) -> Application:
    """Keep the text as it is now, to be printed and signed on paper; asked again, what was printed stays while it is right.

    Raises drafting.NotYours, drafting.NotEditable, drafting.NotOpen, workflow.NotComplete, routing.NoSigner.
    """
    application = drafting.lock_own(application, by, to="print")
    if application.status == Application.Status.DRAFT:
        reasons = drafting.reasons_not_to_start(by, application.cohort, now=now)
        if reasons:
            raise drafting.NotOpen(" ".join(reasons))
    findings = checks.missing(application, on=drafting.today_of(application.cohort, now))
    if findings:
        raise workflow.NotComplete(findings)
    seen = drafting.preview(application, now=now)
    if application.paper_text and is_right(application, seen.route):
        return application
    application.paper_text = signing.signed_text(
        kind=SignedText.Kind.APPLICATION, text=seen.text, by=by, now=now
    )
    application.save(update_fields=["paper_text"])
    audit.record("application.paper_asked", by=by, obj=application, now=now, data={"text": seen.digest})
    notices.paper_asked(application, key=f"{application.pk}:{application.paper_text_id}", now=now)
    return application


def printed_date(application: Application) -> date:
    return drafting.today_of(application.cohort, application.paper_text.created_at)  # type: ignore[union-attr]


def is_right(application: Application, route: Sequence[Signer]) -> bool:
    """Whether the printed text says what the application says now, and who signs it."""
    return _as_printed(application, route) == application.paper_text.text  # type: ignore[union-attr]


def _as_printed(application: Application, route: Sequence[Signer]) -> str:
    """The text of now as it would have been printed on the day of the sheet."""
    return text.canonical(application, route, on=printed_date(application))


def why_void(application: Application, *, now: datetime) -> str:
    """In words, why the sheet that was printed cannot be entered any more; empty while it can, or where there is none."""
    if application.paper_text is None or not application.is_editable:
        return ""
    try:
        today = drafting.today_of(application.cohort, now)
        route = routing.route_for(application.applicant, application.cohort, on=today)
    except routing.NoSigner:
        return "One of the posts that sign it has nobody now."
    if is_right(application, route):
        return ""
    before = text.sections(application.paper_text.text)
    after = text.sections(_as_printed(application, route))
    changed = {one.title for one in after if one not in before}
    who = text.ROUTE in changed
    what = bool(changed - {"", text.ROUTE}) or not who
    named = [part for part, is_so in (("what it says", what), ("who signs it", who)) if is_so]
    return f"{' and '.join(named).capitalize()} {'have' if len(named) > 1 else 'has'} changed since."


@transaction.atomic
def ask_to_sign(*, application: Application, by: User, now: datetime) -> ReviewStep:
    """Whoever it waits on will sign on paper. Asked twice is asked once; signing here stays possible.

    Raises NotWaitingOnYou, DecisionNeeded.
    """
    application, settled = settling.lock_for_act(application, by, now, None)
    step, right = settled[0]
    if step.route_step.decides:
        raise DecisionNeeded("The decision is made here. Name a designee if you would rather not sign in.")
    if step.paper_asked_at:
        return step
    step.paper_asked_at = now
    step.save(update_fields=["paper_asked_at"])
    audit.record(
        "application.paper_asked",
        by=by,
        obj=application,
        now=now,
        on_behalf_of=right.on_behalf_of,
        data={"step": step.pk},
    )
    notices.paper_asked(application, key=f"{application.pk}:step:{step.pk}", now=now)
    return step
