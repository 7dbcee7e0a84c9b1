"""What time brings about: reminders, jobs that nobody took, the audit chain, mail. For beat, and for cron by `send_due`."""

import logging
from collections.abc import Callable
from datetime import datetime

from applications import reminders
from certificates import status_list
from coaching import audit, jobs, outbox, staff_uploads, team_dates
from coaching.site import own_export
from meetings import due as meetings_due

logger = logging.getLogger(__name__)

Part = Callable[[datetime], dict[str, int]]
PARTS: tuple[Part, ...] = (
    lambda now: meetings_due.do_due(now=now),
    lambda now: reminders.do_due(now=now),
    lambda now: team_dates.do_due(now=now),
    lambda now: {"jobs": jobs.pick_up(now=now)},
    lambda now: {"old_exports": own_export.forget_old(now=now)},
    lambda now: {"old_jobs": jobs.forget_old(now=now)},
    lambda now: {"old_staff_files": staff_uploads.forget_old(now=now)},
    lambda now: {"sealed": audit.seal()},
    lambda now: {"status_lists": status_list.do_due(now=now)},
    lambda now: dict(outbox.deliver_due(now=now)),
)


def send_due(*, now: datetime) -> dict[str, int]:
    """Do everything that is due; safe to run at any time and twice. Returns counts for the log.

    One part that breaks does not hold up the others; its error is raised when they are done.
    """
    counts: dict[str, int] = {}
    errors: list[Exception] = []
    for part in PARTS:
        try:
            counts |= part(now)
        except Exception as error:  # told below
            logger.exception("A part of what is due broke.")
            errors.append(error)
    if errors:
        raise errors[0]
    return counts
