"""What a person signed and did, what was written to them, what they were given, and the trail of it all."""

from django.db.models import Q

from applications.models import Application
from certificates.models import Certificate, CertificateFile
from coaching.models import AuditEvent, Message, Participant, SignOff, User
from coaching.site.mail_words import about
from coaching.site.own_data.chapter import Chapter, day
from meetings.models import HelpRequest, SupervisorInput, Visit


def signatures(user: User) -> Chapter:
    chapter = Chapter("signatures", "What you signed, and what you did for others")
    accounts = user.accounts.values("pk")
    rows = SignOff.objects.filter(Q(signer=user) | Q(on_behalf_of=user) | Q(attested_by__in=accounts))
    chapter.table(
        "Signatures",
        ("When", "Under", "As", "For", "Statement", "SHA-256 of the text"),
        [
            (
                *(day(each.signed_at), each.text.get_kind_display(), each.capacity, each.on_behalf_of or ""),
                *(each.statement, each.text.digest),
            )
            for each in rows.select_related("text", "on_behalf_of").order_by("signed_at", "pk")
        ],
    )
    asked = SupervisorInput.objects.filter(supervisor=user).select_related("participant__user")
    chapter.table(
        "Questions that your employees asked you",
        ("Asked", "By", "Answered"),
        [(day(each.asked_at), each.participant, day(each.answered_at)) for each in asked],
    )
    visits = Visit.objects.filter(person=user).select_related("meeting__item")
    chapter.table(
        "Meetings you planned to visit",
        ("Meeting", "Planned", "Taken back"),
        [(each.meeting, day(each.planned_at), day(each.taken_back_at)) for each in visits],
    )
    helped = HelpRequest.objects.filter(
        Q(asked_by__in=accounts) | Q(answered_by__in=accounts)
    ).select_related("team")
    chapter.table(
        "Requests for help",
        ("Team", "Asked", "Answered"),
        [(each.team, day(each.asked_at), day(each.answered_at)) for each in helped],
    )
    return chapter


def mail(user: User) -> Chapter:
    """A mail is kept as its kind and day; what it said was made from the state of things when it left."""
    chapter = Chapter("mail", "Mail to you")
    chapter.table(
        "Mail",
        ("Asked for", "About", "State", "Sent"),
        [
            (day(each.created_at), about(each.kind), each.get_status_display(), day(each.sent_at))
            for each in Message.objects.filter(recipient__in=user.accounts).order_by("created_at", "pk")
        ],
    )
    return chapter


def certificates(user: User) -> Chapter:
    chapter = Chapter("certificates", "Your certificates")
    rows = Certificate.objects.filter(participant__user=user).order_by("pk")
    chapter.table(
        "Register",
        ("Number", "Name", "Issued", "State", "Ended", "Why", "SHA-256 of the file"),
        [
            (
                *(each.serial, each.claims.get("name", ""), day(each.issued_date), each.get_status_display()),
                *(day(each.ended_at), each.reason, each.digest),
            )
            for each in rows
        ],
    )
    for file in CertificateFile.objects.filter(certificate__in=rows).select_related("certificate"):
        chapter.files.append((f"{file.certificate.serial}.pdf", bytes(file.pdf)))
    return chapter


def trail(user: User) -> Chapter:
    """What they did, with whichever account, and what was done to what is theirs; details where it is both: others may say
    what was written of somebody else, by themself for an office too."""
    chapter = Chapter("trail", "The audit trail about you")
    accounts = user.accounts.values("pk")
    theirs = Q(pk=None)
    for label, keys in (
        ("coaching.user", accounts),
        ("applications.application", Application.objects.filter(applicant=user).values("pk")),
        ("coaching.participant", Participant.objects.filter(user=user).values("pk")),
        ("certificates.certificate", Certificate.objects.filter(participant__user=user).values("pk")),
    ):
        theirs |= Q(object_type=label, object_id__in=keys)
    own = Q(actor__in=accounts)
    told = set(AuditEvent.objects.filter(own & theirs).values_list("pk", flat=True))
    events = AuditEvent.objects.filter(own | theirs | Q(on_behalf_of__in=accounts))
    chapter.table(
        "Events",
        ("Number", "When", "What", "By", "On", "Details"),
        [
            (
                *(each.pk, day(each.at), each.action, each.actor or "The program"),
                f"{each.object_type} {each.object_id}",
                str(each.payload.data) if each.pk in told and hasattr(each, "payload") else "",
            )
            for each in events.select_related("actor", "payload").order_by("pk")
        ],
    )
    return chapter
