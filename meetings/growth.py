"""How a participant sees themself in the competencies at the start, in the middle and at the end, for their eyes alone.

The start is what their application said (A6), or what they say themself where there was none. What they say here lies
encrypted, is in no log, mail or admin page, and is deleted on the day on which the teams' texts are. It is no condition
for the certificate, and there is no sum and no order by it (M17).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from coaching import audit
from coaching.errors import Refused
from coaching.models import Cohort, Competency, Participant, User
from meetings import dates, keeping, notes, vault
from meetings.models import SelfRating

Moment = SelfRating.Moment
# The three steps of the application, from below; they are compared, and never added up.
STEPS = {"grow": "Grow", "neither": "Neither", "glow": "Glow"}


class CannotRate(Refused):
    pass


@dataclass(frozen=True)
class Point:
    """One competency at one moment; `step` is empty where it was not rated."""

    moment: str
    step: str

    @property
    def when(self) -> str:
        return Moment(self.moment).label

    @property
    def words(self) -> str:
        return STEPS.get(self.step, "Not rated")

    # Where it stands in the picture, which is 300 wide and 132 high.

    @property
    def x(self) -> int:
        return 100 + 80 * Moment.values.index(self.moment)

    @property
    def y(self) -> int:
        return 96 - 38 * list(STEPS).index(self.step or "neither")


@dataclass(frozen=True)
class Line:
    """One competency through the program."""

    competency: Competency
    points: tuple[Point, ...]

    @property
    def rated(self) -> list[Point]:
        return [point for point in self.points if point.step]

    @property
    def path(self) -> str:
        """Of the line that connects what was rated, as SVG has it."""
        return " ".join(f"{point.x},{point.y}" for point in self.rated)

    @property
    def change(self) -> str:
        """From the first to the last that was rated, in words; empty where there is nothing to compare."""
        if len(self.rated) < 2:
            return ""
        first, last = self.rated[0].words, self.rated[-1].words
        return "Unchanged" if first == last else f"From {first.lower()} to {last.lower()}"


def lines(participant: Participant) -> list[Line]:
    """In the order of the model (F1). Only for a page that has seen to it that the participant asks."""
    moments = {row.moment: read(row) for row in participant.self_ratings.all()}
    rated = competencies(participant)
    if of_application := dict(participant.ratings.values_list("competency", "rating")):
        # A6: every competency was rated; what is neither was not copied.
        moments[Moment.START] = {each.pk: of_application.get(each.pk, "neither") for each in rated}
    return [
        Line(each, tuple(Point(moment, moments.get(moment, {}).get(each.pk, "")) for moment in Moment.values))
        for each in rated
    ]


def own_writing(participant: Participant) -> str:
    """As plain text to take along; empty where they rated nothing."""
    texts = [
        f"{line.competency.name}: " + "; ".join(f"{each.when.lower()}: {each.words}" for each in line.rated)
        for line in lines(participant)
        if line.rated
    ]
    return "\n".join(["", "How I saw myself", "", *texts, ""]) if texts else ""


def competencies(participant: Participant) -> list[Competency]:
    model = participant.cohort.competency_model
    return list(model.competencies.order_by("position").prefetch_related("skills"))


def read(row: SelfRating) -> dict[int, str]:
    opened = vault.unseal(bytes(row.ciphertext), row=_name(row), key=vault.of_the_site())
    return {int(pk): str(step) for pk, step in opened.items()}


def of_moment(participant: Participant, moment: str) -> dict[int, str]:
    row = participant.self_ratings.filter(moment=moment).first()
    return read(row) if row else {}


# When


@dataclass(frozen=True)
class Opening:
    """A moment at which one can rate oneself, and change it, up to its last day."""

    moment: str
    last_day: date

    @property
    def label(self) -> str:
        return Moment(self.moment).label


def opening(participant: Participant, now: datetime) -> Opening | None:
    """What can be rated today: one moment at a time, or none."""
    cohort = participant.cohort
    today = now.astimezone(cohort.zone).date()
    month = dates.program_month(cohort.first_month, today)
    if month >= cohort.months and today < notes.deleted_on(cohort):
        return Opening(Moment.END, notes.deleted_on(cohort) - timedelta(days=1))
    if cohort.months // 2 < month < cohort.months:
        return Opening(Moment.MIDDLE, _end_of(cohort, cohort.months - 1))
    # Whoever came without an application, or from paper in a later month, says where they start until the middle opens.
    if 1 <= month <= cohort.months // 2 and not participant.ratings.all():
        return Opening(Moment.START, _end_of(cohort, cohort.months // 2))
    return None


def next_month(participant: Participant, now: datetime) -> date | None:
    """The first day of the month in which one can rate oneself next, where that lies ahead."""
    cohort = participant.cohort
    today = now.astimezone(cohort.zone).date()
    ahead = [dates.add_months(cohort.first_month, count) for count in (cohort.months // 2, cohort.months - 1)]
    return next((day for day in ahead if day > today), None)


def _end_of(cohort: Cohort, month: int) -> date:
    return dates.end_of_program_month(cohort.first_month, month)


def waits(participant: Participant, now: datetime) -> Opening | None:
    """The moment that is open and that this participant has not rated yet."""
    found = opening(participant, now)
    rated = {row.moment for row in participant.self_ratings.all()}
    return None if found and found.moment in rated else found


# Writing


@transaction.atomic
def rate(
    *, participant: Participant, moment: str, steps: Mapping[int, str], by: User, now: datetime
) -> SelfRating:
    """A participant rates themself in every competency; again, while it is open, replaces it; the same twice is once.

    Raises CannotRate.
    """
    participant = (
        Participant.objects.select_for_update(of=("self",))
        .select_related("cohort__program", "cohort__competency_model")
        .get(pk=participant.pk)
    )
    if participant.user_id != by.pk or participant.status == Participant.Status.LEFT:
        raise CannotRate("Only who takes part rates themself.")
    open_now = opening(participant, now)
    if open_now is None or open_now.moment != moment:
        raise CannotRate("The time for this self-rating is over. What you said before stands.")
    asked = {each.pk for each in competencies(participant)}
    if set(steps) != asked or not set(steps.values()) <= STEPS.keys():
        raise CannotRate("Choose one of the three steps for each competency.")
    row = participant.self_ratings.filter(moment=moment).first()
    if row and read(row) == dict(steps):
        return row
    row = row or SelfRating(participant=participant, moment=moment)
    row.rated_at = now
    _seal(row, steps)
    audit.record("self_rating.saved", by=by, obj=row, now=now)
    return row


def delete_what_is_due(*, now: datetime) -> int:
    """On the day on which the cohort's teams' texts are deleted; safe to run at any time."""
    over = SelfRating.objects.filter(participant__cohort__in=keeping.over(now))
    return keeping.not_held(over, now).delete()[0]


def _seal(row: SelfRating, steps: Mapping[int, str]) -> None:
    texts: dict[str, object] = {str(pk): step for pk, step in steps.items()}
    row.ciphertext = vault.seal(texts, row=_name(row), key=vault.of_the_site())
    row.save()


def _name(row: SelfRating) -> str:
    return f"self-rating of {row.participant_id}, {row.moment}"
