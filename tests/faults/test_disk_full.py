"""The database's disk is full: people read that nothing was saved, nothing counts as done that is not, and all goes on."""

import hashlib
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from certificates.issuing import start_issue
from certificates.models import Certificate, CertificateFile
from coaching import jobs
from coaching.models import Job
from tests.clock import NOW
from tests.faults.checkpoints import wait_until
from tests.faults.machines import Machines, copied_to

ON_SMALL_DISK = ("certificates_certificatefile", "meetings_actionitem")
LONG = "How it is done. " * 120  # longer than what fits beside others


@pytest.mark.services
@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_what_does_not_fit_is_not_done_and_goes_on_once_there_is_room(
    scene, own_cluster, own_redis, tmp_path
):
    """On PostgreSQL, whose tables of files and texts lie on a disk of one MiB."""
    batch = scene.batch()
    scene.settled()
    member = scene.meeting.teams.get().memberships.get(participant__user=scene.member).participant
    address = reverse("action_add", args=[scene.meeting.pk, member.pk])
    fields = {"what": LONG, "how": LONG, "owner": member.pk, "due_date": "2026-12-01"}
    small = own_cluster.folder / "small"
    small.mkdir()
    with own_cluster.on_small_disk(small) as url, Machines(tmp_path, NOW, own_redis) as machines:
        machines.database_url = url
        visitor, officer = machines.visitor(scene.member), machines.visitor(scene.officer)
        copied_to(own_cluster)
        asks = psycopg.connect(
            host=str(own_cluster.folder), user="postgres", dbname="postgres", autocommit=True
        )

        def rows(query: str) -> list[tuple]:
            return asks.execute(query).fetchall()

        asks.execute(f"CREATE TABLESPACE small LOCATION '{small}'")
        for table in ON_SMALL_DISK:
            asks.execute(f"ALTER TABLE {table} SET TABLESPACE small")
        asks.execute("CREATE TABLE ballast (bytes bytea) TABLESPACE small")
        asks.execute("ALTER TABLE ballast ALTER bytes SET STORAGE PLAIN")
        with pytest.raises(psycopg.errors.DiskFull):
            asks.execute(
                "INSERT INTO ballast SELECT decode(repeat('00', 7000), 'hex') FROM generate_series(1, 1000)"
            )

        machines.web()
        visitor.address = officer.address = f"http://127.0.0.1:{machines.port}"
        machines.worker()
        full = visitor.post(address, fields)
        assert full.status == 503
        assert "has probably not been saved" in full.text
        assert LONG.strip() in full.text
        assert rows("SELECT count(*) FROM meetings_actionitem") == [(0,)]
        assert officer.post(reverse("certificate_issue", args=[batch.pk]), {}).status == 302
        job = "SELECT status, error FROM coaching_job WHERE kind = 'issue_certificates'"
        wait_until(lambda: rows(job) == [("queued", jobs.AWAY)], machines.said("worker")[-3000:])
        assert jobs.AWAY in officer.get(reverse("certificate_batch", args=[batch.pk])).text
        assert rows("SELECT count(*) FROM certificates_certificate") == [(0,)]
        assert rows("SELECT count(*) FROM coaching_message WHERE kind = 'certificates.issued'") == [(0,)]

        asks.execute("DROP TABLE ballast")
        assert visitor.post(address, fields).status == 302
        wait_until(lambda: rows(job) == [("done", "")], machines.said("worker")[-3000:])
        files = rows(
            "SELECT digest, pdf FROM certificates_certificate"
            " JOIN certificates_certificatefile file ON file.certificate_id = certificates_certificate.id"
        )
        assert len(files) == 3
        assert all(hashlib.sha256(pdf).hexdigest() == digest for digest, pdf in files)
        asks.close()


@pytest.mark.django_db(transaction=True)
def test_on_sqlite_too_what_does_not_fit_is_not_done(scene):
    """The database of the default, which may grow by no page more: it answers as on a full disk."""
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL is filled above")
    batch = scene.batch()
    scene.settled()
    job = start_issue(batch=batch, by=scene.officer, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA page_count")
        (pages,) = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages + 2}")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error) == (Job.Status.QUEUED, jobs.AWAY)
    assert Certificate.objects.count() == CertificateFile.objects.count() == 0
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1073741823")
    assert jobs.pick_up(now=timezone.now() + timedelta(minutes=1)) == 1
    job.refresh_from_db()
    assert (job.status, Certificate.objects.count()) == (Job.Status.DONE, 3)
