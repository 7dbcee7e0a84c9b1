"""Everything the program has about one person, as tables and texts that they can read.

It has what they wrote, what was decided and recorded about them and told to them, and what they signed. It has nothing of
what others wrote for somebody else: not what the offices advise each other about a selection, not the reasons of others'
answers, not their teammates' words.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from allauth.mfa.models import Authenticator
from django.db.models import Q, QuerySet
from django.utils import timezone

from applications.models import Application, Decision, DraftShare, ProjectChange, ReviewStep, SeatOffer
from certificates.models import Certificate, CertificateFile, HolderName, SignaturePicture
from coaching.models import (
    AlumniEntry,
    AuditEvent,
    Consent,
    Delegation,
    ESignConsent,
    Message,
    Participant,
    RoleAssignment,
    SignedText,
    SignOff,
    TeamWishes,
    User,
)
from coaching.site.mail_words import about
from meetings import evaluations, needs, taking_along, vault
from meetings.models import (
    Acceptance,
    Attendance,
    CalendarChoice,
    EvaluationDraft,
    EvaluationReceipt,
    EvaluationReopening,
    HelpRequest,
    Need,
    SupervisorInput,
    Visit,
    Waiver,
)

Row = tuple[object, ...]
UNREADABLE = "It lies encrypted with a key that the site no longer has."


@dataclass(frozen=True)
class Table:
    title: str
    header: tuple[str, ...]
    rows: Sequence[Row]


@dataclass
class Chapter:
    """One file of the export; each of its tables is also a file for a spreadsheet."""

    name: str
    title: str
    tables: list[Table] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)

    def table(self, title: str, header: Sequence[str], rows: Sequence[Row]) -> None:
        if rows:
            self.tables.append(Table(title, tuple(header), rows))

    def text(self, title: str, text: str) -> None:
        if text.strip():
            self.texts.append((title, text))

    @property
    def is_empty(self) -> bool:
        return not (self.tables or self.texts or self.files)


def day(value: date | datetime | None) -> str:
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return value.isoformat() if value else ""


def person(user: User) -> Chapter:
    chapter = Chapter("person", "Your entry in the directory")
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
    roles = RoleAssignment.objects.filter(user=user).select_related("unit")
    chapter.table(
        "Offices",
        ("Office", "Of", "From", "Until"),
        [(each.get_office_display(), each.unit, day(each.start_date), day(each.end_date)) for each in roles],
    )
    orders = Delegation.objects.filter(Q(person=user) | Q(principal=user)).select_related(
        "person", "principal"
    )
    chapter.table(
        "Orders to sign for somebody",
        ("Order", "Reason", "From", "Until", "Ended early"),
        [
            (str(each), each.reason, day(each.start_date), day(each.end_date), day(each.ended_at))
            for each in orders
        ],
    )
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
    ways = CalendarChoice.objects.filter(user=user).order_by("pk")
    chapter.table(
        "Your meetings in your own calendar",
        ("Way", "Since", "Until"),
        [(each.get_way_display(), day(each.created_at), day(each.revoked_at)) for each in ways],
    )
    names = HolderName.objects.filter(person=user)
    chapter.table(
        "Your name on certificates",
        ("Written", "Said aloud", "Day"),
        [(each.name, each.pronunciation, day(each.written_at)) for each in names],
    )
    listed = AlumniEntry.objects.filter(user=user)
    chapter.table(
        "What you let other alumni find",
        ("Role", "Competencies", "About", "Since"),
        [
            (each.role, ", ".join(map(str, each.competencies.all())), each.about, day(each.listed_at))
            for each in listed
        ],
    )
    for picture in SignaturePicture.objects.filter(person=user):
        content = bytes(picture.picture)
        ending = "png" if content.startswith(b"\x89PNG") else "jpg"
        chapter.files.append((f"signature-picture.{ending}", content))
    return chapter


def applications(user: User) -> Iterator[Chapter]:
    rows = Application.objects.filter(applicant=user).select_related("cohort__branch").order_by("pk")
    for row in rows:
        yield _application(row)


def _application(row: Application) -> Chapter:
    chapter = Chapter(f"application-{row.pk}", f"Your application to the {row.cohort}, {row.cohort.branch}")
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
    keys = {row.current_text_id, row.paper_text_id, *steps.values_list("text", flat=True)}
    _signed(chapter, SignedText.objects.filter(pk__in=[key for key in keys if key]))
    return chapter


def _signed(chapter: Chapter, texts: QuerySet[SignedText]) -> None:
    """The exact texts, with who signed each, and the scans of what is on paper."""
    for text in texts:
        signatures = text.sign_offs.select_related("signer", "on_behalf_of", "scan")
        chapter.text(f"Text of {day(text.created_at)} (SHA-256 {text.digest})", text.text)
        chapter.table(
            f"Signatures under the text of {day(text.created_at)}",
            ("Who", "As", "For", "When", "On paper"),
            [
                (
                    *(each.typed_name, each.capacity, each.on_behalf_of or ""),
                    *(day(each.signed_at), "Yes" if each.on_paper else ""),
                )
                for each in signatures
            ],
        )
        for scan in {each.scan for each in signatures if each.scan}:
            ending = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[scan.kind]
            chapter.files.append((f"scan-{scan.pk}.{ending}", bytes(scan.content)))


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
    _signed(chapter, SignedText.objects.filter(project_changes__in=changes).distinct())
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


def signatures(user: User) -> Chapter:
    chapter = Chapter("signatures", "What you signed, and what you did for others")
    rows = SignOff.objects.filter(Q(signer=user) | Q(on_behalf_of=user) | Q(attested_by=user))
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
    helped = HelpRequest.objects.filter(Q(asked_by=user) | Q(answered_by=user)).select_related("team")
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
            for each in Message.objects.filter(recipient=user).order_by("created_at", "pk")
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
    """What they did, and what was done to what is theirs; the details of their own acts alone, as others may have written
    something of somebody else into theirs."""
    chapter = Chapter("trail", "The audit trail about you")
    own = Q(actor=user) | Q(on_behalf_of=user) | Q(object_type="coaching.user", object_id=user.pk)
    for label, keys in (
        ("applications.application", Application.objects.filter(applicant=user)),
        ("coaching.participant", Participant.objects.filter(user=user)),
        ("certificates.certificate", Certificate.objects.filter(participant__user=user)),
    ):
        own |= Q(object_type=label, object_id__in=keys.values("pk"))
    events = AuditEvent.objects.filter(own).select_related("actor", "payload").order_by("pk")
    chapter.table(
        "Events",
        ("Number", "When", "What", "By", "On", "Details"),
        [
            (
                *(each.pk, day(each.at), each.action, each.actor or "The program"),
                f"{each.object_type} {each.object_id}",
                str(each.payload.data) if each.actor_id == user.pk and hasattr(each, "payload") else "",
            )
            for each in events
        ],
    )
    return chapter


def chapters(user: User) -> Iterator[Chapter]:
    """One after the other, for progress; those with nothing in them too."""
    yield person(user)
    yield from applications(user)
    yield from participations(user)
    for part in (signatures, mail, certificates, trail):
        yield part(user)


def number(user: User) -> int:
    """How many chapters there are."""
    return 5 + user.applications.count() + user.participations.count()
