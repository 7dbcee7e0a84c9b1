"""What the directory says about people, and how somebody gets a wrong entry put right."""

import unicodedata
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from coaching import audit, offices, outbox, people_changes
from coaching.errors import Refused
from coaching.models import DirectoryCorrection, JobClassification, OrgUnit, User
from coaching.permissions import directory_keeper
from coaching.typed import JOINERS

Field = DirectoryCorrection.Field
Status = DirectoryCorrection.Status


class CorrectionRefused(Refused):
    pass


class PersonNotFound(Refused):
    pass


def find_person(text: str, *, also_left: bool = False) -> User:
    """The active person with this mail address or, if only one has it, this name. Raises PersonNotFound.

    `also_left`: those, too, whose account is closed.
    """
    words = " ".join(text.split())
    people = User.objects.filter(erased_at=None) if also_left else User.objects.filter(is_active=True)
    people = people.filter(merged_into=None)
    found = list(people.filter(email=words.lower())) or list(people.filter(merged_from__email=words.lower()))
    found = found or list(people.filter(name__iexact=words)[:2])
    if not found:
        raise PersonNotFound(f"Nobody on record has the mail address or name “{words}”. Check the spelling.")
    if len(found) > 1:
        raise PersonNotFound(f"Several people are called “{words}”. Give the mail address instead.")
    return found[0]


def typed(person: User) -> str:
    """What find_person finds this person by: their name, or the mail address where the name is not enough."""
    try:
        found = find_person(person.name)
    except PersonNotFound:
        return person.email
    return person.name if found == person else person.email


@transaction.atomic
def report_correction(*, user: User, field: str, says: str, now: datetime) -> DirectoryCorrection:
    """Note what a person says is wrong about them; an open report on the same field is replaced.

    Raises CorrectionRefused when the text is empty, too long, or what the directory says already.
    """
    User.objects.select_for_update().get(pk=user.pk)
    says = _checked(user, Field(field), says)
    correction = DirectoryCorrection.objects.filter(user=user, field=field, status=Status.OPEN).first()
    if correction and correction.says == says:
        return correction
    if correction:
        correction.says, correction.created_at = says, now
        correction.save(update_fields=["says", "created_at"])
    else:
        correction = DirectoryCorrection.objects.create(user=user, field=field, says=says, created_at=now)
    audit.record("correction.reported", by=user, obj=correction, now=now, data={"field": field})
    for officer in officers_for(user, now=now):
        outbox.queue(
            kind="correction_reported",
            to=officer,
            key=f"{correction.pk}:{now:%Y%m%dT%H%M%S.%f}",
            ids={"correction": correction.pk},
            now=now,
        )
    return correction


def _checked(user: User, field: Field, says: str) -> str:
    says = " ".join(says.split())
    longest = 200 if field == Field.NAME else 300
    if not says:
        raise CorrectionRefused("Say what it should be.")
    if len(says) > longest:
        raise CorrectionRefused(f"That is too long: at most {longest} characters.")
    if any(unicodedata.category(each).startswith("C") for each in says if each not in JOINERS):
        raise CorrectionRefused("There is a character in it that cannot be seen. Type it again by hand.")
    if says == DirectoryCorrection(user=user, field=field).on_record:
        raise CorrectionRefused("That is what the directory says already.")
    return says


def officers_for(user: User, *, now: datetime) -> list[User]:
    """Who settles this person's corrections: the branch office, or who keeps the directory where there is none."""
    branch = user.branch
    officers = offices.branch_officers(branch, on=timezone.localdate(now)) if branch else []
    others = [officer for officer in officers if officer != user]
    staff = User.objects.filter(is_staff=True, is_active=True).exclude(pk=user.pk)
    return others or [each for each in staff if directory_keeper(each)]


def corrections_for(officer: User, *, on: date) -> QuerySet[DirectoryCorrection]:
    """Corrections this person may settle: of their own branch's people, or anybody's for who keeps the
    directory; never their own."""
    corrections = DirectoryCorrection.objects.exclude(user=officer)
    if directory_keeper(officer):
        return corrections
    branches = offices.office_branches(officer, on=on)
    return corrections.filter(user__unit__in=OrgUnit.objects.under(*branches))


@transaction.atomic
def settle_correction(
    *,
    correction: DirectoryCorrection,
    confirm: bool,
    by: User,
    now: datetime,
    value: JobClassification | User | None = None,
) -> DirectoryCorrection:
    """Confirm, which changes the directory, or decline. For a classification or a supervisor, `value` is the
    one to put in. A second call of the same kind changes nothing.

    Raises CorrectionRefused when somebody settled it the other way, or the value does not fit; ChangeRefused for a circle.
    """
    correction = DirectoryCorrection.objects.select_for_update().get(pk=correction.pk)
    status = Status.CONFIRMED if confirm else Status.DECLINED
    if not corrections_for(by, on=timezone.localdate(now)).filter(pk=correction.pk).exists():
        raise CorrectionRefused("This correction is for another office to settle.")
    if correction.status == status:
        return correction
    if correction.status != Status.OPEN:
        raise CorrectionRefused(f"{correction.settled_by} has settled this correction already.")
    if confirm:
        _apply(correction, value, by, now)
    correction.status, correction.settled_at, correction.settled_by = status, now, by
    correction.save(update_fields=["status", "settled_at", "settled_by"])
    audit.record(f"correction.{status}", by=by, obj=correction, now=now, data={"field": correction.field})
    outbox.queue(
        kind="correction_settled",
        to=correction.user,
        key=str(correction.pk),
        ids={"correction": correction.pk},
        now=now,
    )
    return correction


def _apply(
    correction: DirectoryCorrection, value: JobClassification | User | None, by: User, now: datetime
) -> None:
    fits = {
        Field.NAME: correction.says if correction.field == Field.NAME else None,
        Field.CLASSIFICATION: value if isinstance(value, JobClassification) else None,
        Field.SUPERVISOR: value if isinstance(value, User) else None,
    }[Field(correction.field)]
    if fits is None:
        raise CorrectionRefused(
            f"Choose the {correction.get_field_display().lower()} to put in the directory."
        )
    people_changes.change(
        person=correction.user,
        values={correction.field: fits},
        by=by,
        now=now,
        reason="The person reported it.",
    )
