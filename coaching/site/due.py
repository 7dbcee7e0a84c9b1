"""What time brings about: mail, jobs that nobody took, the audit chain. For beat, and for cron by `send_due`."""

from datetime import datetime

from coaching import audit, jobs, outbox


def send_due(*, now: datetime) -> dict[str, int]:
    """Do everything that is due; safe to run at any time and twice. Returns counts for the log."""
    counts = {"jobs": jobs.pick_up(now=now), "sealed": audit.seal()}
    return counts | dict(outbox.deliver_due(now=now))
