"""Release: the choices of a cohort become decisions together, each signed, and everybody hears on the same day (A9–A11)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from applications import choosing, deciding, drafting, routing, settling
from applications.models import Application, Choice, Outcome, Release
from applications.settling import Settled
from coaching import audit
from coaching.enrollment import seats_taken
from coaching.errors import Refused
from coaching.models import Cohort, User

Status = Application.Status


class NothingToRelease(Refused):
    pass


class ListChanged(Refused):
    """What was read and signed is not what would be released."""


class CannotRelease(Refused):
    """Nothing is released while one of the choices cannot be: too few seats, or an application that moved on."""


@dataclass(frozen=True)
class Item:
    """One choice as it would be released by this person."""

    choice: Choice
    settled: Settled

    @property
    def application(self) -> Application:
        return self.choice.application

    @property
    def statements(self) -> list[str]:
        return settling.statements(self.settled, Outcome(self.choice.outcome))

    @property
    def name(self) -> str:
        return f"{self.choice.pk}.{self.choice.version}"


@dataclass(frozen=True)
class Stale:
    """A choice whose application is no longer what it was."""

    choice: Choice
    why: str


@dataclass(frozen=True)
class Bundle:
    """All open choices of a cohort, as one person finds them."""

    cohort: Cohort
    taken: int
    ready: list[Item]
    stale: list[Stale]
    for_others: list[Choice]  # somebody else of the deciding office settles these

    @property
    def listed(self) -> str:
        """What the form carries: which choices were read, and which version of each."""
        return ",".join(item.name for item in self.ready)

    @property
    def accepted(self) -> list[Item]:
        return [item for item in self.ready if item.choice.outcome == Outcome.ACCEPTED]

    @property
    def too_many(self) -> int:
        return max(0, self.taken + len(self.accepted) - self.cohort.seats)

    def by_outcome(self) -> list[tuple[Outcome, list[Item]]]:
        groups = [(each, [item for item in self.ready if item.choice.outcome == each]) for each in Outcome]
        return [(outcome, items) for outcome, items in groups if items]

    def problems(self) -> list[str]:
        """Why nothing can be released now, with the names; empty: it can."""
        found = [each.why for each in self.stale]
        if self.too_many:
            free = max(0, self.cohort.seats - self.taken)
            found.append(
                f"{_seats(free)} free, and you chose to accept {len(self.accepted)}: {_names(self.accepted)}. Choose "
                f"otherwise for {self.too_many}, or ask the branch office ({self.cohort.contact_email}) for more seats."
            )
        return found


def _seats(number: int) -> str:
    return "1 seat is" if number == 1 else f"{number or 'No'} seats are"


def _names(items: Iterable[Item]) -> str:
    return ", ".join(item.application.applicant.name for item in items)


def bundle(cohort: Cohort, by: User, *, now: datetime) -> Bundle:
    """What this person would release now. Never their own application: about that, others choose (A9)."""
    choices = Choice.objects.filter(application__cohort=cohort).exclude(application__applicant=by)
    choices = choices.select_related("application__applicant", "chosen_by").order_by(
        "application__applicant__name", "pk"
    )
    found = list(choices)
    day = drafting.today_of(cohort, now)
    chosen = Application.objects.filter(cohort=cohort, choice__isnull=False)
    mine = routing.all_to_decide(chosen, by, on=day)
    stale = [Stale(choice, why) for choice in found if (why := why_stale(choice))]
    left = [choice for choice in found if not why_stale(choice)]
    return Bundle(
        cohort=cohort,
        taken=seats_taken(cohort),
        ready=[Item(each, mine[each.application_id]) for each in left if each.application_id in mine],
        stale=stale,
        for_others=[each for each in left if each.application_id not in mine],
    )


def why_stale(choice: Choice) -> str:
    """What has happened to the application since it was chosen; empty: nothing that matters."""
    application = choice.application
    name = application.applicant.name
    if application.status == Status.WITHDRAWN:
        return f"{name} has withdrawn."
    if application.status == Status.RETURNED:
        return f"{name}’s application was returned for changes."
    if application.status not in (Status.IN_REVIEW, Status.WAITLISTED):
        return f"{name}’s application is “{application.get_status_display().lower()}” already."
    if application.current_text_id != choice.text_id:
        return f"{name} has changed the application since you chose."
    return ""


@transaction.atomic
def release(*, cohort: Cohort, by: User, typed_name: str, listed: str, now: datetime) -> Release:
    """Sign, decide, enroll and tell: every choice on the list that was read, or none of them (A9–A11).

    `listed` is Bundle.listed of the page that was read; the same list twice is one release. Raises NothingToRelease,
    ListChanged, CannotRelease, signing.NameDoesNotMatch, settling.ConceptNotDiscussed.
    """
    cohort = Cohort.objects.select_for_update().get(pk=cohort.pk)
    digest = hashlib.sha256(listed.encode()).hexdigest()
    earlier = Release.objects.filter(cohort=cohort, digest=digest).select_related("released_by").first()
    if earlier:
        return earlier
    _lock_chosen(cohort)
    found = bundle(cohort, by, now=now)
    if problems := found.problems():
        raise CannotRelease("Nothing was released. " + " ".join(problems))
    if not found.ready:
        raise NothingToRelease(
            "There is no choice to release: somebody may have released or taken back what you read."
        )
    check_listed(found, listed)
    made = Release.objects.create(cohort=cohort, digest=digest, released_by=by, released_at=now)
    for item in found.ready:
        choice = item.choice
        deciding.decide(
            application=choice.application,
            by=by,
            outcome=choice.outcome,
            criteria=choosing.criteria_of(choice),
            typed_name=typed_name,
            reason=choice.reason,
            concept_dates=choosing.concept_dates(choice),
            text_id=choice.text_id,
            release=made,
            now=now,
        )
    counts = {outcome.value: len(items) for outcome, items in found.by_outcome()}
    audit.record("selection.released", by=by, obj=made, now=now, data=counts)
    return made


def _lock_chosen(cohort: Cohort) -> None:
    """Until the release is through, nobody withdraws, returns or chooses otherwise."""
    chosen = Application.objects.filter(cohort=cohort, pk__in=Choice.objects.values("application"))
    list(chosen.order_by("pk").select_for_update().values_list("pk"))


def check_listed(found: Bundle, listed: str) -> None:
    """Raises ListChanged, naming what was not read."""
    if found.listed != listed:
        raise ListChanged(_what_changed(found, listed))


def _what_changed(found: Bundle, listed: str) -> str:
    read = set(listed.split(","))
    new = [item for item in found.ready if item.name not in read]
    gone = len(read - {item.name for item in found.ready})
    what = [f"new or changed: {_names(new)}"] if new else []
    what += [f"{gone} that you read changed or went"] if gone and not new else []
    return f"Nothing was released: the list has changed since you opened it ({'; '.join(what)}). Read it again, then sign."
