"""What time brings about: mail, jobs that nobody took, the audit chain. For beat, and for cron by `send_due`."""

from datetime import datetime

from coaching import audit, jobs, outbox
from meetings import due as meetings_due


def send_due(*, now: datetime) -> dict[str, int]:
    """Do everything that is due; safe to run at any time and twice. Returns counts for the log."""
    counts = meetings_due.do_due(now=now) | {"jobs": jobs.pick_up(now=now), "sealed": audit.seal()}
    return counts | dict(outbox.deliver_due(now=now))
