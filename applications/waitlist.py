"""The waitlist: in which order the branch office asks when a seat becomes free, and what people answered.

The order is the office's own way of going about it; it weighs nobody, and no applicant is told their place (M17).
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Max, OuterRef, Prefetch, QuerySet

from applications import drafting, notices
from applications.models import Application, Decision, Outcome, SeatOffer
from coaching import audit
from coaching.counting import NumberOf
from coaching.enrollment import seats_taken
from coaching.errors import Refused
from coaching.models import Cohort, Participant, User
from coaching.permissions import require_office


class NotOnWaitlist(Refused):
    pass


class NotNext(Refused):
    """No seat is free, or somebody else is to be asked first."""


class NotAsked(Refused):
    pass


class WrongDay(Refused):
    pass


@dataclass(frozen=True)
class Entry:
    """One person on the waitlist, with the offer that stands, if any."""

    application: Application
    offer: SeatOffer | None
    said_no: SeatOffer | None

    @property
    def asked(self) -> SeatOffer | None:
        """The last time they were asked."""
        return self.offer or self.said_no

    @property
    def wants(self) -> bool:
        return self.offer is not None and self.offer.answer == SeatOffer.Answer.YES

    @property
    def decision(self) -> Decision | None:
        """That put them here, with the reason they were given."""
        return next(iter(self.application.decisions.all()), None)

    def in_words(self) -> str:
        """ "Ana Reyes was asked on November 20, 2026 and wants the seat"."""
        assert self.offer is not None
        said = "wants the seat" if self.wants else "has not answered"
        return f"{self.application.applicant} was asked on {self.offer.asked_date:%B %-d, %Y} and {said}"


@dataclass(frozen=True)
class Waitlist:
    cohort: Cohort
    free: int
    entries: list[Entry]

    @property
    def offered(self) -> list[Entry]:
        """Asked, and neither accepted yet nor said no."""
        return [entry for entry in self.entries if entry.offer]

    @property
    def unpromised(self) -> int:
        """Seats that are free and offered to nobody."""
        return max(0, self.free - len(self.offered))

    @property
    def next(self) -> Application | None:
        """Whom to ask now; None while no seat is free that is not offered already."""
        if not self.unpromised:
            return None
        return next((entry.application for entry in self.entries if not entry.offer), None)

    def in_words(self) -> str:
        """ "1 seat is free. Next to ask: Ana Reyes." Empty while there is nothing to do."""
        enough = self.free >= len(self.offered)
        if not self.entries or (enough and not self.free):
            return ""
        parts = [f"{_seats(self.free)} free."]
        parts += [f"{each.in_words()}." for each in self.offered]
        if not enough:
            parts.append(
                "Not everybody who was asked can have one: the branch office tells them, or adds seats."
            )
        elif any(each.wants for each in self.offered):
            parts.append("The deputy accepts whoever wants it.")
        if self.next:
            parts.append(f"Next to ask: {self.next.applicant}.")
        return " ".join(parts)


def _seats(number: int) -> str:
    return f"{number or 'No'} {'seats are' if number > 1 else 'seat is'}"


@dataclass(frozen=True)
class Promised:
    """Who was asked, has not said no, and is not chosen to be accepted; and how many seats are left for them."""

    entries: list[Entry]
    left: int

    @property
    def passed_over(self) -> bool:
        """M17: a warning, no ban; the deputy decides."""
        return len(self.entries) > self.left

    def people(self) -> str:
        return " ".join(f"{each.in_words()}." for each in self.entries)

    def seats(self) -> str:
        return f"{_seats(self.left).lower()} left"


def promised(cohort: Cohort, *, left: int, beside: Collection[Application], without: User) -> Promised | None:
    """Whose seat would be given away where so many are left; not these, nor whoever is chosen to be accepted already."""
    standing = SeatOffer.objects.standing().filter(
        application__cohort=cohort, application__status=Application.Status.WAITLISTED
    )
    others = standing.exclude(application__choice__outcome=Outcome.ACCEPTED)
    others = others.exclude(application__in=beside).exclude(application__applicant=without)
    found = others.select_related("application__applicant").order_by("application__applicant__name", "pk")
    entries = [Entry(offer.application, offer, None) for offer in found]
    return Promised(entries, left) if entries else None


def waitlisted(cohort: Cohort) -> "QuerySet[Application]":
    return _in_order(Application.objects.filter(cohort=cohort))


def _in_order(applications: "QuerySet[Application]") -> "QuerySet[Application]":
    """Those on the waitlist, as they are asked."""
    rows = applications.filter(status=Application.Status.WAITLISTED)
    return rows.order_by(F("waitlist_place").asc(nulls_last=True), "applicant__name", "pk")


def waitlists(cohorts: "QuerySet[Cohort]", *, without: User | None = None) -> list[Waitlist]:
    """Free seats and people of these cohorts; `without` leaves out the reader's own application."""
    here = Participant.objects.filter(cohort=OuterRef("pk")).exclude(status=Participant.Status.LEFT)
    found = list(cohorts.annotate(taken=NumberOf(here)))
    rows = _in_order(Application.objects.filter(cohort__in=found)).exclude(applicant=without)
    offers = Prefetch("seat_offers", queryset=SeatOffer.objects.select_related("asked_by", "answered_by"))
    entries: dict[int, list[Entry]] = defaultdict(list)
    for each in rows.select_related("applicant__unit__parent__parent").prefetch_related(offers, "decisions"):
        entries[each.cohort_id].append(entry_of(each))
    return [Waitlist(each, max(0, each.seats - each.taken), entries[each.pk]) for each in found]


def next_to_ask(cohort: Cohort) -> Application | None:
    """Waitlist.next, without the rest of the list."""
    standing = SeatOffer.objects.standing()
    rows = waitlisted(cohort)
    offered = rows.filter(pk__in=standing.values("application")).count()
    if cohort.seats - seats_taken(cohort) <= offered:
        return None
    return rows.exclude(pk__in=standing.values("application")).select_related("applicant").first()


def entry_of(application: Application) -> Entry:
    offers = list(application.seat_offers.all())
    standing = [each for each in offers if each.answer != SeatOffer.Answer.NO]
    refused = [each for each in offers if each.answer == SeatOffer.Answer.NO]
    return Entry(application, standing[-1] if standing else None, refused[-1] if refused else None)


def _lock(application: Application, by: User, now: datetime) -> Application:
    """Also locks the cohort, whose places and seats are one matter."""
    require_office(cohort=application.cohort, by=by, now=now)
    Cohort.objects.select_for_update().get(pk=application.cohort_id)
    application = drafting.lock(application)
    if application.status != Application.Status.WAITLISTED:
        raise NotOnWaitlist(
            f"{application.applicant} is not on the waitlist now: “{application.get_status_display().lower()}”."
        )
    return application


@transaction.atomic
def move(*, application: Application, up: bool, by: User, now: datetime) -> None:
    """Change places with the one before or after; at either end nothing changes. Raises NotYourCohort, NotOnWaitlist."""
    application = _lock(application, by, now)
    order = list(waitlisted(application.cohort))
    here = order.index(application)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(order):
        return
    order[here], order[there] = order[there], order[here]
    _number(order)
    audit.record("waitlist.ordered", by=by, obj=application, now=now, data={"place": there + 1})


def _number(order: list[Application]) -> None:
    """Places from 1 on; those that change are emptied first, because no two people ever hold the same one."""
    changed = [each for place, each in enumerate(order, start=1) if each.waitlist_place != place]
    Application.objects.filter(pk__in=[each.pk for each in changed]).update(waitlist_place=None)
    for place, each in enumerate(order, start=1):
        if each in changed:
            Application.objects.filter(pk=each.pk).update(waitlist_place=place)


@transaction.atomic
def ask(*, application: Application, asked_date: date, by: User, now: datetime) -> SeatOffer:
    """Record that the next one was asked whether they still want a seat; again, to correct the day.

    Raises NotYourCohort, NotOnWaitlist, NotNext, WrongDay.
    """
    application = _lock(application, by, now)
    _check_day(application, asked_date, now)
    standing = application.seat_offers.standing().first()
    if standing:
        if standing.asked_date != asked_date:
            standing.asked_date = asked_date
            standing.save(update_fields=["asked_date"])
            audit.record("waitlist.asked", by=by, obj=application, now=now, data={"asked_date": asked_date})
        return standing
    following = next_to_ask(application.cohort)
    if following is None:
        raise NotNext("No seat is free that is not offered to somebody already.")
    if following != application:
        raise NotNext(
            f"{following.applicant} is to be asked first. To ask {application.applicant} before, change the order."
        )
    offer = SeatOffer.objects.create(application=application, asked_date=asked_date, asked_by=by)
    audit.record("waitlist.asked", by=by, obj=application, now=now, data={"asked_date": asked_date})
    return offer


def _check_day(application: Application, asked_date: date, now: datetime) -> None:
    decided = application.decisions.last()
    first = drafting.today_of(application.cohort, decided.decided_at) if decided else asked_date
    if asked_date > drafting.today_of(application.cohort, now):
        raise WrongDay("The day you asked cannot lie ahead.")
    if asked_date < first:
        raise WrongDay(
            f"{application.applicant} is on the waitlist since {first:%B %-d, %Y}; nobody was asked before that."
        )


@transaction.atomic
def answer(*, application: Application, wants: bool, by: User, now: datetime) -> SeatOffer:
    """Record what somebody answered; a yes can still become a no, and a no a yes.

    With a no they stay on the waitlist, at its end: only they themselves take their application back (F3). Taken back,
    they stay there: who was asked meanwhile has the answer still to give.
    Raises NotYourCohort, NotOnWaitlist, NotAsked.
    """
    application = _lock(application, by, now)
    offers = application.seat_offers
    offer = offers.standing().first() or offers.last()
    if offer is None:
        raise NotAsked(f"{application.applicant} has not been asked yet; record that first.")
    said = SeatOffer.Answer.YES if wants else SeatOffer.Answer.NO
    if offer.answer == said:
        return offer
    offer.answer, offer.answered_at, offer.answered_by = said, now, by
    offer.save(update_fields=["answer", "answered_at", "answered_by"])
    if not wants:
        places = Application.objects.filter(cohort=application.cohort_id).aggregate(
            last=Max("waitlist_place")
        )
        application.waitlist_place = (places["last"] or 0) + 1
        application.save(update_fields=["waitlist_place"])
    audit.record("waitlist.answered", by=by, obj=application, now=now, data={"answer": said.value})
    notices.seat_answered(offer, now=now)
    return offer
