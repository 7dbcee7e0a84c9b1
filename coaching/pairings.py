"""Keeping people of a cohort apart, or together, with a reason: the branch office's word, on top of T8."""

from collections.abc import Sequence
from datetime import datetime
from itertools import combinations

from django.db import transaction

from coaching import audit
from coaching.errors import Refused
from coaching.models import Cohort, Pairing, Participant, User
from coaching.permissions import require_office
from coaching.team_problem import study

Kind = Pairing.Kind


class NotPossible(Refused):
    """It names too few or too many people, or contradicts what is kept already."""


@transaction.atomic
def keep(
    *, cohort: Cohort, kind: str, people: Sequence[Participant], reason: str, by: User | None, now: datetime
) -> Pairing:
    """Keep these people apart, each from each, or together. The same order twice is one.

    Raises NotYourCohort, NotPossible.
    """
    require_office(cohort=cohort, by=by, now=now)
    cohort = Cohort.objects.select_for_update(of=("self",)).select_related("program").get(pk=cohort.pk)
    people = sorted(set(people), key=lambda each: each.pk)
    reason = " ".join(reason.split())
    if not reason:
        raise NotPossible("Give the reason; it stays on record for the branch office.")
    if len(people) < 2:
        raise NotPossible("Name at least two people.")
    if any(each.cohort_id != cohort.pk or each.status != Participant.Status.ACTIVE for each in people):
        raise NotPossible(f"Name people who take part in the {cohort}.")
    same = next(
        (each for each in standing(cohort) if each.kind == kind and set(each.people.all()) == set(people)),
        None,
    )
    if same:
        return same
    _check(cohort, kind, people)
    made = Pairing.objects.create(cohort=cohort, kind=kind, reason=reason, created_by=by, created_at=now)
    made.people.set(people)
    # Whom it names is for the branch office alone: it stays out of the trail.
    audit.record("pairing.made", by=by, obj=made, now=now)
    return made


def standing(cohort: Cohort) -> list[Pairing]:
    """What is kept now, with its people; two queries."""
    return list(cohort.pairings.standing().prefetch_related("people__user"))


def _check(cohort: Cohort, kind: str, people: Sequence[Participant]) -> None:
    """Raises NotPossible where it contradicts T1, T8 or what is kept already."""
    most = cohort.program.max_team_size
    groups = [set(people)] if kind == Kind.TOGETHER else []
    groups += [set(each.people.all()) for each in standing(cohort) if each.kind == Kind.TOGETHER]
    tied = _tied(groups)
    too_many = next((group for group in tied if len(group) > most), None)
    if too_many:
        raise NotPossible(f"That keeps {len(too_many)} people together; a team has at most {most}.")
    apart = study(cohort, list({each for group in tied for each in group} | set(people))).why_apart
    pairs = {frozenset(pair): words for pair, words in apart.items()}
    if kind == Kind.APART:
        pairs |= {frozenset(each.pk for each in pair): "" for pair in combinations(people, 2)}
    for group in tied:
        for one, other in combinations(sorted(group, key=lambda each: each.pk), 2):
            if frozenset((one.pk, other.pk)) in pairs:
                words = pairs[frozenset((one.pk, other.pk))]
                raise NotPossible(
                    f"{one} and {other} would be kept apart and together at once. {words}".strip()
                )


def _tied(groups: Sequence[set[Participant]]) -> list[set[Participant]]:
    """Groups that share somebody are one."""
    found: list[set[Participant]] = []
    for group in groups:
        touching = [each for each in found if each & group]
        found = [each for each in found if not each & group]
        found.append(group.union(*touching))
    return found


@transaction.atomic
def end(*, pairing: Pairing, by: User | None, now: datetime) -> Pairing:
    """No longer keep them so; a second call changes nothing. Raises NotYourCohort."""
    require_office(cohort=pairing.cohort, by=by, now=now)
    pairing = Pairing.objects.select_for_update(of=("self",)).get(pk=pairing.pk)
    if pairing.ended_at:
        return pairing
    pairing.ended_by, pairing.ended_at = by, now
    pairing.save(update_fields=["ended_by", "ended_at"])
    audit.record("pairing.ended", by=by, obj=pairing, now=now)
    return pairing
