"""What load balancers ask: answered before all else, whatever Host says, and without a session."""

from datetime import timedelta

import pytest
from django.core.signals import got_request_exception
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from coaching import jobs, outbox
from coaching.models import Job, Message
from coaching.site import health

pytestmark = pytest.mark.django_db
NOBODY_WAITS = {"queue": "ok", "oldest_job_seconds": None, "oldest_mail_seconds": None}


OURS = {("coaching", "0001_initial"), ("meetings", "0001_initial")}


@pytest.fixture
def migrated(monkeypatch):
    """The quick tests make their tables without migrations, and know none."""
    monkeypatch.setattr(health, "migrations_of_this_version", lambda: OURS)
    recorder = MigrationRecorder(connection)
    if not recorder.has_table():
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE django_migrations (id integer PRIMARY KEY AUTOINCREMENT, app text, name text, applied text)"
            )
    applied = recorder.applied_migrations()
    for app, name in OURS:
        if (app, name) not in applied:
            recorder.record_applied(app, name)


@pytest.fixture
def away():
    """No query is answered."""

    def refuse(*_):
        raise OperationalError("connection to 10.0.0.7 refused")

    with connection.execute_wrapper(refuse):
        yield


def test_a_process_that_runs_says_so(client, django_assert_num_queries, away):
    with django_assert_num_queries(0):
        answer = client.get("/livez")
    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_any_host_is_answered_over_http_and_without_a_cookie(client, settings, migrated, path):
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get(path, headers={"Host": "10.0.0.7:8000"})
    assert answer.status_code == 200
    assert not answer.cookies
    assert answer["Cache-Control"] == "no-store"
    assert client.get("/", headers={"Host": "10.0.0.7:8000"}).status_code == 400


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_nothing_else_is_taken_there(client, path):
    assert client.head(path).status_code in (200, 503)
    answer = client.post(path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


def test_a_database_that_answers_and_is_migrated_is_ready(client, migrated, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": True, "migrations": True} | NOBODY_WAITS


def test_a_migration_that_is_missing_is_not_ready(client, migrated):
    MigrationRecorder(connection).record_unapplied("coaching", "0001_initial")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"database": True, "migrations": False})


def test_a_database_that_is_ahead_of_this_version_is_ready(client, migrated):
    """While an upgrade goes on, the processes of before still serve."""
    MigrationRecorder(connection).record_applied("coaching", "9999_of_the_next_version")
    assert client.get("/readyz").status_code == 200


def test_a_database_that_is_away_is_not_ready_and_says_no_more(client, away):
    broken = []
    got_request_exception.connect(lambda **given: broken.append(given), weak=False, dispatch_uid="here")
    answer = client.get("/readyz")
    got_request_exception.disconnect(dispatch_uid="here")
    assert (answer.status_code, answer.json()) == (503, {"database": False, "migrations": False})
    assert broken == []


def test_what_waits_too_long_is_told_and_pages_are_served_all_the_same(
    client, migrated, applicant, monkeypatch
):
    monkeypatch.setitem(jobs._kinds, "of_tests", lambda progress: {})
    monkeypatch.setitem(outbox._builders, "of_tests", lambda recipient: None)
    now = timezone.now()
    jobs.start(kind="of_tests", key="1", by=applicant, now=now - timedelta(minutes=3))
    outbox.queue(kind="of_tests", to=applicant, key="1", now=now - timedelta(minutes=4))
    outbox.queue(kind="of_tests", to=applicant, key="2", now=now, after=timedelta(hours=3))  # not due yet
    told = client.get("/readyz").json()
    assert told["queue"] == "ok"
    assert 180 <= told["oldest_job_seconds"] < 190
    assert 240 <= told["oldest_mail_seconds"] < 250
    Message.objects.filter(key__startswith="of_tests:1").update(due_at=now - timedelta(minutes=6))
    late = client.get("/readyz")
    assert (late.status_code, late.json()["queue"]) == (200, "late")
    Message.objects.all().delete()
    Job.objects.all().delete()
    assert client.get("/readyz").json() == {"database": True, "migrations": True} | NOBODY_WAITS
