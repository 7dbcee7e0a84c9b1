"""An issue that is killed at any moment and run again: everybody eligible has exactly one certificate (C2)."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from certificates.issuing import start_issue
from certificates.models import Certificate, CertificateFile, SerialCounter
from coaching import jobs
from coaching.models import AuditEvent, Job, Message, Participant
from tests.certificates.checkpoints import CHECKPOINTS


class Killed(BaseException):
    """As nothing catches it: the worker is gone."""


def killed_at(monkeypatch, checkpoint: str, *, number: int, after: bool) -> Callable[[], None]:
    """The `number`th time that this is reached; returns how to let it pass from then on."""
    where, name = CHECKPOINTS[checkpoint]
    real, passed = getattr(where, name), Counter[str]()

    def reached(*args, **kwargs):
        passed[name] += 1
        if passed[name] != number:
            return real(*args, **kwargs)
        if after:
            real(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(where, name, reached)
    return lambda: monkeypatch.setattr(where, name, real)


def run_until_killed(job: Job) -> None:
    with pytest.raises(Killed):
        jobs.run(job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.RUNNING  # so that nobody takes it for done


def pick_up_later(job: Job) -> None:
    """What beat does, once the dead worker has given no sign for a while."""
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - jobs.STALE - timedelta(seconds=1))
    assert jobs.pick_up(now=timezone.now()) == 1
    job.refresh_from_db()


def assert_each_has_exactly_one(members: list[Participant]) -> None:
    for participant in members:
        certificate = participant.certificates.get()
        assert certificate.is_valid
        assert CertificateFile.objects.filter(certificate=certificate).count() == 1
        assert AuditEvent.objects.filter(action="certificate.issued", object_id=certificate.pk).count() == 1
        mails = Message.objects.filter(kind="certificates.issued", recipient=participant.user)
        assert [mail.ids for mail in mails] == [{"certificate_id": certificate.pk}]
        participant.refresh_from_db()
        assert participant.status == Participant.Status.COMPLETED
    assert Certificate.objects.count() == CertificateFile.objects.count() == len(members)
    serials = Certificate.objects.values_list("serial", flat=True)
    assert len(set(serials)) == len(members)


@pytest.fixture
def job(approved, branch_officer) -> Job:
    return start_issue(batch=approved, by=branch_officer, now=timezone.now())


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_whoever_has_none_gets_one_and_whoever_has_one_keeps_it(
    members, job, monkeypatch, checkpoint, number, after
):
    let_pass = killed_at(monkeypatch, checkpoint, number=number, after=after)
    run_until_killed(job)
    kept = dict(Certificate.objects.values_list("participant", "digest"))
    let_pass()
    pick_up_later(job)
    assert (job.status, job.done, job.total) == (Job.Status.DONE, 3, 3)
    assert_each_has_exactly_one(members)
    assert kept.items() <= dict(Certificate.objects.values_list("participant", "digest")).items()


def test_killed_again_and_again_it_still_ends_well(members, job, monkeypatch):
    for checkpoint in CHECKPOINTS:
        let_pass = killed_at(monkeypatch, checkpoint, number=1, after=True)
        try:
            jobs.run(job.pk)
        except Killed:
            Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - jobs.STALE * 2)
        let_pass()
    jobs.pick_up(now=timezone.now())
    job.refresh_from_db()
    assert job.status == Job.Status.DONE
    assert_each_has_exactly_one(members)


def test_a_second_worker_leaves_a_running_one_alone(members, job, monkeypatch):
    killed_at(monkeypatch, "before it is drawn", number=2, after=False)
    run_until_killed(job)
    assert jobs.pick_up(now=timezone.now()) == 0
    assert Certificate.objects.count() == 1


def test_a_number_is_lost_with_the_worker_and_never_given_twice(cohort, members, job, monkeypatch):
    let_pass = killed_at(monkeypatch, "before it is drawn", number=1, after=False)
    run_until_killed(job)
    let_pass()
    pick_up_later(job)
    assert SerialCounter.objects.get(cohort=cohort).last == 4
    assert sorted(serial[-4:] for serial in Certificate.objects.values_list("serial", flat=True)) == [
        "0002",
        "0003",
        "0004",
    ]


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_an_error_is_told_and_asking_again_goes_on(
    members, job, approved, branch_officer, monkeypatch, checkpoint
):
    """Not a dead worker: something raises. The job has failed, and the branch office presses again."""
    where, name = CHECKPOINTS[checkpoint]
    real = getattr(where, name)

    def fails(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(where, name, fails)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error) == (Job.Status.FAILED, "OSError: see the log of the worker.")
    assert not Certificate.objects.exists()
    monkeypatch.setattr(where, name, real)
    again = start_issue(batch=approved, by=branch_officer, now=timezone.now())
    assert again.pk != job.pk
    jobs.run(again.pk)
    assert_each_has_exactly_one(members)
