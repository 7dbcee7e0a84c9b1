"""Whoever takes part again in the cohort they left finds what they wrote of their own project and growth (F3).

Nobody else does: who reads a text is their choice, and they made it for the team they were in.
"""

from datetime import datetime

from django.db import transaction

from coaching import audit, enrollment
from coaching.models import Cohort, Participant, User
from meetings import growth, project


@transaction.atomic
def take_in_again(*, participant: Participant, cohort: Cohort, by: User, now: datetime) -> Participant:
    """Raises what `enrollment.take_in_again` raises; a second call changes nothing."""
    again = enrollment.take_in_again(participant=participant, cohort=cohort, by=by, now=now)
    # In another cohort they begin anew; what is left of the earlier one is deleted on its day.
    if again.pk != participant.pk and again.cohort_id == participant.cohort_id:
        _carry_over(participant, again, by=by, now=now)
    return again


def _carry_over(before: Participant, again: Participant, *, by: User, now: datetime) -> None:
    texts = before.project_texts.all()
    if again.project_texts.filter(kind=project.Kind.OUTCOME).exists():
        texts = texts.exclude(kind=project.Kind.OUTCOME)
    number = texts.update(participant=again, audience=project.Audience.SELF)
    number += before.inputs.exclude(answered_at=None).update(participant=again, is_shared=False)
    known = set(again.self_ratings.values_list("moment", flat=True))
    for row in before.self_ratings.exclude(moment__in=known):
        growth.hand_over(row, again)
        number += 1
    if number:
        audit.record("participant.writing_carried_over", by=by, obj=again, now=now)
