"""A worker that is killed while it issues certificates: everybody has exactly one in the end, whole, and one mail (C2)."""

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator

import pytest
import time_machine
from django.db.models import F

from certificates import seal_check
from certificates.approval import approve_batch, propose_batch, submit_for_approval
from certificates.issuing import start_issue
from certificates.models import Batch, Certificate
from coaching import audit, jobs
from coaching.models import AuditEvent, Cohort, Job, Message, Participant
from coaching.site import due
from tests.certificates.checkpoints import CHECKPOINTS
from tests.certificates.history import AFTER, completed_team
from tests.faults.checkpoints import Kill, arm, wait_until
from tests.faults.machines import Machines
from tests.mail_server import recipients

pytestmark = [pytest.mark.services, pytest.mark.long, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def after_the_program() -> Iterator[None]:
    with time_machine.travel(AFTER):
        yield


@pytest.fixture
def machines(tmp_path, own_redis, mail_server) -> Iterator[Machines]:
    mail = {"EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}"}
    with Machines(tmp_path, AFTER, own_redis, more=mail) as found:
        yield found


def approved(cohort, superintendent, branch_officer, teams: int) -> Batch:
    """A list of three people a team, everything else that was due being done."""
    Cohort.objects.filter(pk=cohort.pk).update(seats=3 * teams)
    cohort.refresh_from_db()
    for number in range(teams):
        completed_team(cohort, [f"{name} {number}" for name in ("Ada", "Ben", "Chi")], by=branch_officer)
    batch = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
    batch = submit_for_approval(batch=batch, by=branch_officer, now=AFTER)
    batch = approve_batch(batch=batch, by=superintendent, typed_name=superintendent.name, now=AFTER)
    due.send_due(now=AFTER)
    Message.objects.all().delete()
    return batch


def kills(number: int) -> list[Kill]:
    """At every place, before and after it; each fifth takes the whole worker with it, and every other one lets one pass."""
    ends = "before the job is told as done"
    every = [(place, after) for after in (False, True) for place in CHECKPOINTS]
    turns = enumerate(itertools.islice(itertools.cycle(every), number - 1))
    planned = [Kill(place, 1 + turn % 2, after, whole=turn % 5 == 4) for turn, (place, after) in turns]
    return [*planned, Kill(ends)]


def kill_and_start_again(machines: Machines, job: Job, planned: list[Kill]) -> None:
    worker = None
    for kill in planned:
        armed = arm(machines.folder, kill)
        # The one before has given no sign for two minutes.
        Job.objects.filter(pk=job.pk).update(heartbeat_at=F("heartbeat_at") - jobs.STALE * 2)
        worker = worker or machines.worker()
        wait_until(lambda: not armed.exists(), f"{kill}\n{machines.said('worker')[-3000:]}")  # noqa: B023
        if kill.whole:
            machines.kill(worker)
            worker = None
        job.refresh_from_db()
        assert job.status == Job.Status.RUNNING, kill  # so that nobody takes it for done
    Job.objects.filter(pk=job.pk).update(heartbeat_at=F("heartbeat_at") - jobs.STALE * 2)
    if worker is None:
        machines.worker()


def assert_each_has_exactly_one(people: list[Participant]) -> None:
    for person in people:
        certificate = person.certificates.get()
        pdf = bytes(certificate.file.pdf)
        assert hashlib.sha256(pdf).hexdigest() == certificate.digest
        assert seal_check.check(pdf, []).whole
        assert AuditEvent.objects.filter(action="certificate.issued", object_id=certificate.pk).count() == 1
        assert person.status == Participant.Status.COMPLETED
    assert Certificate.objects.count() == len(people)
    assert Certificate.objects.values("serial").distinct().count() == len(people)
    audit.seal_all()
    assert audit.verify()[1] is None


@pytest.mark.parametrize(
    ("killed", "teams"),
    [(10, 3), pytest.param(200, 40, marks=pytest.mark.deep)],
    ids=["ten kills", "two hundred kills"],
)
def test_killed_anywhere_again_and_again_each_has_one_certificate_and_one_mail(
    cohort, superintendent, branch_officer, machines, mail_server, killed, teams
):
    batch = approved(cohort, superintendent, branch_officer, teams)
    people = cohort.participants.all()
    job = start_issue(batch=batch, by=branch_officer, now=AFTER)
    planned = kills(killed)
    assert len(planned) == killed
    kill_and_start_again(machines, job, planned)

    def is_done() -> bool:
        job.refresh_from_db()
        return job.status == Job.Status.DONE

    wait_until(is_done, machines.said("worker")[-3000:])
    assert (job.done, job.total, job.result["refused"]) == (len(people), len(people), {})
    assert_each_has_exactly_one(list(people))
    waiting = Message.objects.exclude(status=Message.Status.SENT)
    wait_until(lambda: not waiting.exists(), f"all mail: {list(waiting.values())[:3]}")
    assert Counter(recipients(mail_server)) == Counter(person.user.email for person in people)
