"""The mails of an application, built from its state when they are sent; what is no longer true is not sent."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from applications import drafting, project_changes, routing
from applications.models import Application, Decision, DraftShare, ProjectChange, ReviewStep, SeatOffer
from coaching.models import SignOff, User
from coaching.outbox import Build, Mail, render_mail

PEOPLE = ("applicant", "cohort__program", "cohort__branch")


def _application(pk: int) -> Application:
    return Application.objects.select_related(*PEOPLE).get(pk=pk)


def _render(name: str, recipient: User, application: Application, **context: object) -> Mail:
    step = application.current_step()
    page = reverse("application", args=[application.pk])
    return render_mail(
        f"mail/application_{name}.txt",
        {
            "recipient": recipient,
            "application": application,
            "applicant": application.applicant,
            "cohort": application.cohort,
            "waiting": step,
            "page": settings.SITE_URL + page,
            "approval_page": settings.SITE_URL + reverse("approval", args=[application.pk]),
            **context,
        },
    )


def _submitted(recipient: User, *, application: int, text: int) -> Mail | None:
    found = _application(application)
    if found.current_text_id != text or found.status != Application.Status.IN_REVIEW:
        return None
    return _render("submitted", recipient, found)


def _received(recipient: User, *, application: int, text: int) -> Mail | None:
    found = _application(application)
    if found.current_text_id != text or found.status != Application.Status.IN_REVIEW:
        return None
    return _render("received", recipient, found)


def _to_sign(recipient: User, *, step: int) -> Mail | None:
    """Only while it waits at this step, and on this person."""
    found = ReviewStep.objects.with_people().select_related("application").get(pk=step)
    application = _application(found.application_id)
    today = timezone.localdate()
    if application.current_step() != found or routing.authority(found, recipient, on=today) is None:
        return None
    return _render(
        "to_sign",
        recipient,
        application,
        step=found,
        for_another=routing.with_whom(found, on=today) != recipient,
    )


def _signed(recipient: User, *, application: int, sign_off: int) -> Mail | None:
    found = _application(application)
    signature = SignOff.objects.select_related("signer", "on_behalf_of").get(pk=sign_off)
    if found.current_text_id != signature.text_id or found.status != Application.Status.IN_REVIEW:
        return None
    return _render("signed", recipient, found, sign_off=signature)


def _returned(recipient: User, *, step: int) -> Mail | None:
    return _about_step("returned", recipient, step, Application.Status.RETURNED)


def _declined(recipient: User, *, step: int) -> Mail | None:
    return _about_step("declined", recipient, step, Application.Status.DECLINED)


def _about_step(name: str, recipient: User, pk: int, status: str) -> Mail | None:
    step = ReviewStep.objects.with_people().get(pk=pk)
    application = _application(step.application_id)
    if application.status != status or application.current_text_id != step.text_id:
        return None
    return _render(name, recipient, application, step=step)


def _paper_asked(recipient: User, *, application: int) -> Mail | None:
    """Only while a paper is to come in."""
    found = _application(application)
    step = found.current_step()
    if found.is_editable and found.paper_text_id:
        page = reverse("paper_receive", args=[application])
        return _render("paper_asked", recipient, found, who=found.applicant, page=settings.SITE_URL + page)
    if step is None or step.paper_asked_at is None:
        return None
    page = reverse("paper_signature", args=[application])
    return _render("paper_asked", recipient, found, who=step.signer, page=settings.SITE_URL + page)


def _reassigned(recipient: User, *, step: int) -> Mail | None:
    """Only while it stands: neither signed since then nor given to yet another."""
    steps = ReviewStep.objects.with_people().select_related("assigned_by", "replaces__signer")
    found = steps.get(pk=step)
    application = _application(found.application_id)
    if found.status != ReviewStep.Status.PENDING or application.status != Application.Status.IN_REVIEW:
        return None
    return _render(
        "reassigned",
        recipient,
        application,
        step=found,
        own=recipient == application.applicant,
        takes_over=recipient == found.signer,
    )


def _outcome(recipient: User, *, decision: int) -> Mail | None:
    """A11. A waitlisting that has become something else in the meantime is not told."""
    found = Decision.objects.get(pk=decision)
    application = _application(found.application_id)
    if application.status != found.outcome:
        return None
    return _render(found.outcome, recipient, application, decision=found)


def _seat_answered(recipient: User, *, offer: int, answered: int) -> Mail | None:
    """Of the answer that stands; what has been decided since then has a mail of its own."""
    found = SeatOffer.objects.get(pk=offer)
    application = _application(found.application_id)
    if application.status != Application.Status.WAITLISTED or found.answered_at is None:
        return None
    if int(found.answered_at.timestamp() * 1_000_000) != answered:
        return None
    wants = found.answer == SeatOffer.Answer.YES
    return _render("seat_answered", recipient, application, offer=found, wants=wants)


def _withdrawn(recipient: User, *, application: int) -> Mail | None:
    found = _application(application)
    readable = Application.objects.visible_to(recipient).filter(pk=application).exists()
    return _render("withdrawn", recipient, found, own=recipient == found.applicant, readable=readable)


def _closed(recipient: User, *, application: int) -> Mail | None:
    found = _application(application)
    return _render("closed", recipient, found, own=recipient == found.applicant)


def _more_time(recipient: User, *, application: int) -> Mail | None:
    """Only while it can be sent, and has not been."""
    found = _application(application)
    open_still = drafting.today_of(found.cohort, timezone.now()) <= found.cohort.applications_close_date
    return _render("more_time", recipient, found) if found.is_editable and open_still else None


def _route_problem(recipient: User, *, application: int) -> Mail | None:
    """Only while the problem is there."""
    found = _application(application)
    if not found.is_editable:
        return None
    try:
        drafting.preview(found, now=timezone.now())
    except routing.NoSigner as problem:
        return _render("route_problem", recipient, found, problem=problem)
    return None


def _draft_shared(recipient: User, *, share: int) -> Mail | None:
    """Only while it is shared (A3)."""
    found = DraftShare.objects.open().filter(pk=share).first()
    if found is None:
        return None
    application = _application(found.application_id)
    context = {"recipient": recipient, "applicant": application.applicant, "cohort": application.cohort}
    page = settings.SITE_URL + reverse("application_draft", args=[application.pk])
    return render_mail("mail/draft_shared.txt", {**context, "page": page})


def _change(pk: int) -> ProjectChange:
    return ProjectChange.objects.with_people().get(pk=pk)


def _render_change(name: str, recipient: User, change: ProjectChange, page: str) -> Mail:
    context = {"recipient": recipient, "change": change, "page": settings.SITE_URL + page}
    return render_mail(f"mail/{name}.txt", {**context, "cohort": change.participant.cohort})


def _project_change_asked(recipient: User, *, change: int) -> Mail | None:
    found = _change(change)
    if project_changes.right_to_act(found, recipient, on=timezone.localdate()) is None:
        return None
    return _render_change(
        "project_change_asked", recipient, found, reverse("project_approval", args=[change])
    )


def _project_change_taken_back(recipient: User, *, change: int) -> Mail | None:
    found = _change(change)
    return _render_change("project_change_taken_back", recipient, found, reverse("approvals"))


def _project_change_settled(recipient: User, *, change: int) -> Mail | None:
    found = _change(change)
    page = reverse("project", args=[found.participant_id])
    return _render_change("project_change_settled", recipient, found, page)


BUILDERS: dict[str, Build] = {
    "application_submitted": _submitted,
    "application_received": _received,
    "application_to_sign": _to_sign,
    "application_signed": _signed,
    "application_returned": _returned,
    "application_declined": _declined,
    "application_reassigned": _reassigned,
    "application_paper_asked": _paper_asked,
    "application_outcome": _outcome,
    "application_seat_answered": _seat_answered,
    "application_withdrawn": _withdrawn,
    "application_closed": _closed,
    "application_more_time": _more_time,
    "application_route_problem": _route_problem,
    "draft_shared": _draft_shared,
    "project_change_asked": _project_change_asked,
    "project_change_taken_back": _project_change_taken_back,
    "project_change_settled": _project_change_settled,
}
