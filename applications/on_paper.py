"""Whoever would rather sign on paper says so: the text is printed, and the branch office enters what comes back (A15)."""

from datetime import datetime

from django.db import transaction

from applications import checks, drafting, notices, settling, workflow
from applications.models import Application, ReviewStep
from applications.settling import DecisionNeeded
from coaching import audit, signing
from coaching.models import SignedText, User


@transaction.atomic
def ask_to_apply(*, application: Application, by: User, now: datetime) -> Application:
    """Keep the text as it is now, to be printed and signed on paper; asked again, the text of then takes its place.

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
    if application.paper_text and application.paper_text.digest == seen.digest:
        return application
    application.paper_text = signing.signed_text(
        kind=SignedText.Kind.APPLICATION, text=seen.text, by=by, now=now
    )
    application.save(update_fields=["paper_text"])
    audit.record("application.paper_asked", by=by, obj=application, now=now, data={"text": seen.digest})
    notices.paper_asked(application, key=f"{application.pk}:{application.paper_text_id}", now=now)
    return application


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
