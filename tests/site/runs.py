"""A run on a day when everything of the tests' years is due."""

from datetime import datetime
from zoneinfo import ZoneInfo

from coaching import jobs
from coaching.models import Job, RetentionRun, User
from coaching.site import retention

LATER = datetime(2040, 1, 15, 12, tzinfo=ZoneInfo("America/Los_Angeles"))


def shown(now: datetime) -> retention.Seen:
    return retention.seen_of(retention.plan(now.date()))


def start(by: User, now: datetime = LATER) -> RetentionRun:
    return retention.start(seen=shown(now), by=by, now=now)


def work(run: RetentionRun) -> RetentionRun:
    """As a worker has it."""
    jobs.run(Job.objects.filter(kind=retention.KIND, arguments={"run": run.pk}).latest("pk").pk)
    run.refresh_from_db()
    return run
