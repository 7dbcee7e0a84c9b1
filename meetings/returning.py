"""Whoever takes part again in the cohort they left finds what they wrote of their own project and growth (F3).

Nobody else does: who reads a text is their choice, and they made it for the team they were in.
"""

from datetime import datetime

from django.db import transaction

from coaching import audit, enrollment
from coaching.models import Cohort, Participant, User
from meetings import project


@transaction.atomic
def take_in_again(*, participant: Participant, cohort: Cohort, by: User, now: datetime) -> Participant:
    """Raises what `enrollment.take_in_again` raises; a second call changes nothing."""
    cohort = Cohort.objects.select_for_update().get(pk=cohort.pk)
    had_left = Participant.objects.filter(pk=participant.pk, status=Participant.Status.LEFT).exists()
    again = enrollment.take_in_again(participant=participant, cohort=cohort, by=by, now=now)
    # In another cohort they begin anew; what is left of the earlier one is deleted on its day.
    if had_left and again.pk == participant.pk:
        _for_their_eyes(again, by=by, now=now)
    return again


def _for_their_eyes(participant: Participant, *, by: User, now: datetime) -> None:
    number = participant.project_texts.update(audience=project.Audience.SELF, supervisor=None)
    number += participant.inputs.filter(is_shared=True).update(is_shared=False)
    if number:
        audit.record("participant.writing_is_their_own", by=by, obj=participant, now=now)
