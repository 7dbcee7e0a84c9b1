"""Work beside the pages: asked once, run once, stopped, and found again when a worker died."""

import logging
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from coaching import jobs
from coaching.errors import Refused
from coaching.models import Job
from coaching.site import due
from coaching.tasks import run_job
from tests.clock import NOW

Status = Job.Status


class TooEarly(Refused):
    pass


@pytest.fixture
def ran(monkeypatch, db):
    """A kind of job that notes its arguments; and no worker is told."""
    found = []

    def run(progress, **arguments):
        found.append(arguments)
        progress.report(1, 2)
        return {"counted": len(found)}

    monkeypatch.setitem(jobs._kinds, "count", run)
    monkeypatch.setattr(jobs, "_nudge", lambda pk: None)
    return found


def start(by=None, key="1", **arguments):
    return jobs.start(kind="count", key=key, by=by, now=timezone.now(), arguments=arguments)


def kind(monkeypatch, run):
    monkeypatch.setitem(jobs._kinds, "count", run)


# Asking


def test_kind_that_nobody_runs_is_a_defect(db):
    with pytest.raises(ValueError, match="'nothing' is not registered"):
        jobs.start(kind="nothing", key="1", by=None, now=NOW)


def test_kind_is_registered_once(ran):
    with pytest.raises(ValueError, match="registered twice"):
        jobs.register("count", lambda progress: {})


def test_same_key_is_one_job_while_unfinished(ran, applicant):
    first = start(applicant)
    assert start(applicant) == first
    assert start(applicant, key="2") != first
    Job.objects.filter(pk=first.pk).update(status=Status.RUNNING)
    assert start(applicant) == first
    Job.objects.filter(pk=first.pk).update(status=Status.DONE)
    assert start(applicant) != first
    assert first.created_by == applicant


def test_worker_is_told_after_the_commit(ran, monkeypatch, django_capture_on_commit_callbacks):
    told = []
    monkeypatch.setattr(jobs, "_nudge", told.append)
    with django_capture_on_commit_callbacks(execute=True):
        job = start()
        assert told == []
    assert told == [job.pk]


def test_rollback_takes_the_job_back(ran, monkeypatch, django_capture_on_commit_callbacks):
    told = []
    monkeypatch.setattr(jobs, "_nudge", told.append)
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        start()
        raise RuntimeError
    assert (Job.objects.count(), told) == (0, [])


def test_broker_that_is_away_does_not_break_the_page(ran, monkeypatch, caplog):
    monkeypatch.undo()

    def away(*args, **options):
        raise ConnectionError

    monkeypatch.setattr(run_job, "apply_async", away)
    with caplog.at_level(logging.WARNING):
        jobs._nudge(7)
    assert "Job 7 waits for the periodic task: ConnectionError" in caplog.text


# Running


def test_job_runs_with_its_arguments_and_keeps_its_result(ran):
    job = start(cohort=3)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert ran == [{"cohort": 3}]
    assert (job.status, job.result, job.done, job.total) == (Status.DONE, {"counted": 1}, 1, 2)
    assert job.finished_at is not None


def test_job_runs_once(ran):
    job = start()
    jobs.run(job.pk)
    jobs.run(job.pk)
    assert len(ran) == 1


def test_task_takes_the_id(ran):
    job = start()
    run_job(job.pk)
    assert len(ran) == 1


def test_job_that_is_gone_is_no_error(ran):
    jobs.run(1234)
    assert ran == []


def test_refusal_is_kept_in_words(ran, monkeypatch):
    def refuse(progress):
        raise TooEarly("The month is not over. Wait until then.")

    kind(monkeypatch, refuse)
    job = start()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error) == (Status.FAILED, "The month is not over. Wait until then.")


def test_defect_is_logged_and_not_shown(ran, monkeypatch, caplog):
    def fail(progress):
        raise RuntimeError("ana@example.org")

    kind(monkeypatch, fail)
    job = start()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error) == (Status.FAILED, "RuntimeError: see the log of the worker.")
    assert "ana@example.org" in caplog.text


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_database_that_is_away_fails_no_job(ran, monkeypatch, error):
    went_on = jobs._kinds["count"]

    def away(progress):
        raise error("could not extend file")

    kind(monkeypatch, away)
    job = start()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error, job.finished_at) == (Status.QUEUED, jobs.AWAY, None)
    kind(monkeypatch, went_on)
    assert jobs.pick_up(now=job.created_at + timedelta(seconds=16)) == 1
    job.refresh_from_db()
    assert (job.status, job.error) == (Status.DONE, "")


def test_job_is_found_again_where_not_even_its_waiting_can_be_written(ran, monkeypatch):
    def away(progress):
        monkeypatch.setattr(QuerySet, "update", fail)
        raise OperationalError("server closed the connection")

    def fail(*_, **__):
        raise OperationalError("connection is lost")

    kind(monkeypatch, away)
    job = start()
    with monkeypatch.context():
        jobs.run(job.pk)
    monkeypatch.undo()
    job.refresh_from_db()
    assert job.status == Status.RUNNING


def test_kind_that_went_away_fails(ran, monkeypatch):
    job = start()
    monkeypatch.delitem(jobs._kinds, "count")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.status == Status.FAILED


# Stopping


def test_waiting_job_is_cancelled_at_once(ran, applicant):
    job = start()
    jobs.cancel(job=job, by=applicant, now=NOW)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.finished_at, ran) == (Status.CANCELLED, NOW, [])


def test_running_job_stops_at_its_next_report(ran, monkeypatch, applicant):
    def slow(progress):
        jobs.cancel(job=progress.job, by=applicant, now=NOW)
        progress.report(1, 2)
        raise AssertionError("went on")

    kind(monkeypatch, slow)
    job = start()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error) == (Status.CANCELLED, "")


def test_finished_job_is_not_cancelled(ran, applicant):
    job = start()
    jobs.run(job.pk)
    jobs.cancel(job=job, by=applicant, now=NOW)
    job.refresh_from_db()
    assert (job.status, job.cancel_requested) == (Status.DONE, False)


# Found again


def test_job_that_nobody_took_is_picked_up_after_a_moment(ran):
    job = start()
    assert jobs.pick_up(now=job.created_at + timedelta(seconds=14)) == 0
    assert jobs.pick_up(now=job.created_at + timedelta(seconds=16)) == 1
    assert len(ran) == 1


def test_job_of_a_dead_worker_is_run_again(ran):
    job = start()
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(status=Status.RUNNING, heartbeat_at=now - timedelta(seconds=110))
    assert (jobs.pick_up(now=now), ran) == (0, [])
    Job.objects.filter(pk=job.pk).update(heartbeat_at=now - timedelta(seconds=130))
    assert jobs.pick_up(now=now) == 1
    job.refresh_from_db()
    assert (job.status, len(ran)) == (Status.DONE, 1)


def test_report_keeps_a_long_job_from_being_run_twice(ran):
    job = start()
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(status=Status.RUNNING, heartbeat_at=now - timedelta(seconds=130))
    jobs.Progress(job).report(5, 10)
    assert (jobs.pick_up(now=now), ran) == (0, [])
    job.refresh_from_db()
    assert (job.done, job.total) == (5, 10)


def test_job_that_goes_on_is_told_to_a_worker_again_with_what_it_did(ran, monkeypatch):
    told, found = [], []
    monkeypatch.setattr(jobs, "_nudge", told.append)

    def run(progress):
        found.append(progress.job.result)
        if len(found) < 3:
            raise jobs.GoesOn({"parts": len(found)})
        return {"parts": 3}

    kind(monkeypatch, run)
    job = start()
    for _ in range(4):  # the last of them finds nothing to do
        jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.result) == (Status.DONE, {"parts": 3})
    assert found == [{}, {"parts": 1}, {"parts": 2}]
    assert told == [job.pk, job.pk]


def test_job_that_goes_on_is_cancelled_between_its_parts(ran, monkeypatch, applicant):
    def run(progress):
        raise jobs.GoesOn({})

    kind(monkeypatch, run)
    job = start()
    jobs.run(job.pk)
    jobs.cancel(job=job, by=applicant, now=NOW)
    job.refresh_from_db()
    assert job.status == Status.CANCELLED


def test_job_that_another_worker_ended_is_not_ended_again(ran, monkeypatch):
    """The first worker was only slow: what it ends with must not hide what the second one found."""
    job = start()

    def slow(progress):
        Job.objects.filter(pk=job.pk).update(status=Status.CANCELLED, finished_at=NOW)
        return {"late": True}

    kind(monkeypatch, slow)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.result) == (Status.CANCELLED, {})


# Forgetting


def test_what_ended_a_month_ago_is_forgotten_with_all_it_says(ran):
    """Its arguments and results may name people."""
    ended, lately, waits = (start(key=key, reason="Ada’s name") for key in "123")
    Job.objects.filter(pk=ended.pk).update(status=Status.DONE, finished_at=NOW - timedelta(days=31))
    Job.objects.filter(pk=lately.pk).update(status=Status.FAILED, finished_at=NOW - timedelta(days=29))
    Job.objects.filter(pk=waits.pk).update(created_at=NOW - timedelta(days=99))
    assert jobs.forget_old(now=NOW) == 1
    assert list(Job.objects.order_by("pk")) == [lately, waits]
    assert jobs.forget_old(now=NOW) == 0


def test_it_is_done_with_what_is_due(ran):
    job = start()
    Job.objects.filter(pk=job.pk).update(status=Status.DONE, finished_at=NOW - timedelta(days=31))
    assert due.send_due(now=NOW)["old_jobs"] == 1
    assert not Job.objects.exists()
