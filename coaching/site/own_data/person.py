"""What is on record about a person as such, and what they set up for themself."""

from allauth.mfa.models import Authenticator
from django.db.models import Q

from certificates.models import HolderName, SignaturePicture
from coaching.models import AlumniEntry, Delegation, ESignConsent, RoleAssignment, User
from coaching.site.own_data.chapter import Chapter, Row, day
from meetings.models import CalendarChoice


def person(user: User) -> Chapter:
    chapter = Chapter("person", "Your entry in the directory")
    for part in (_on_record, _offices, _signing_in_and_calendar, _name_and_signature, _among_alumni):
        part(chapter, user)
    return chapter


def _on_record(chapter: Chapter, user: User) -> None:
    facts: list[Row] = [
        ("Name", user.name),
        ("Mail address", user.email),
        ("Job classification", user.classification or ""),
        ("Career track", user.career_track or ""),
        ("Unit", user.unit or ""),
        ("Supervisor", user.supervisor or ""),
        ("In the directory since", day(user.created_at)),
        ("Invited", day(user.invited_at)),
        ("Last sign-in", day(user.last_login)),
    ]
    chapter.table("On record", ("What", "Value"), facts)
    chapter.table(
        "Corrections you reported",
        ("Day", "What", "Should be", "State"),
        [
            (day(each.created_at), each.get_field_display(), each.says, each.get_status_display())
            for each in user.corrections.all()
        ],
    )


def _offices(chapter: Chapter, user: User) -> None:
    roles = RoleAssignment.objects.filter(user__in=user.accounts).select_related("unit")
    chapter.table(
        "Offices",
        ("Office", "Of", "From", "Until"),
        [(each.get_office_display(), each.unit, day(each.start_date), day(each.end_date)) for each in roles],
    )
    orders = Delegation.objects.filter(
        Q(person__in=user.accounts) | Q(principal__in=user.accounts)
    ).select_related("person", "principal")
    chapter.table(
        "Orders to sign for somebody",
        ("Order", "Reason", "From", "Until", "Ended early"),
        [
            (str(each), each.reason, day(each.start_date), day(each.end_date), day(each.ended_at))
            for each in orders
        ],
    )


def _signing_in_and_calendar(chapter: Chapter, user: User) -> None:
    consents = ESignConsent.objects.filter(person=user)
    chapter.table(
        "Consent to sign electronically",
        ("Day", "Wording", "Text"),
        [(day(each.given_at), each.version, each.text) for each in consents],
    )
    steps = Authenticator.objects.filter(user=user).order_by("pk")
    chapter.table(
        "Second step at sign-in",
        ("Kind", "Set up", "Last used"),
        [(each.get_type_display(), day(each.created_at), day(each.last_used_at)) for each in steps],
    )
    ways = CalendarChoice.objects.filter(user__in=user.accounts).order_by("pk")
    chapter.table(
        "Your meetings in your own calendar",
        ("Way", "Since", "Until"),
        [(each.get_way_display(), day(each.created_at), day(each.revoked_at)) for each in ways],
    )


def _name_and_signature(chapter: Chapter, user: User) -> None:
    names = HolderName.objects.filter(person=user)
    chapter.table(
        "Your name on certificates",
        ("Written", "Said aloud", "Day"),
        [(each.name, each.pronunciation, day(each.written_at)) for each in names],
    )
    for picture in SignaturePicture.objects.filter(person=user):
        content = bytes(picture.picture)
        ending = "png" if content.startswith(b"\x89PNG") else "jpg"
        chapter.files.append((f"signature-picture.{ending}", content))


def _among_alumni(chapter: Chapter, user: User) -> None:
    listed = AlumniEntry.objects.filter(user=user)
    chapter.table(
        "What you let other alumni find",
        ("Role", "Competencies", "About", "Since"),
        [
            (each.role, ", ".join(map(str, each.competencies.all())), each.about, day(each.listed_at))
            for each in listed
        ],
    )
