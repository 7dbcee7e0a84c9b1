"""What was asked for in a transaction that is rolled back, or whose process dies before its end, never goes out."""

import pytest
import redis
from django.core import mail
from django.db import transaction

from certificates.issuing import start_issue
from coaching.models import Job, Message
from coaching.site import due
from coaching.tasks import run_job
from tests.applications import factories as papers
from tests.clock import NOW
from tests.faults.checkpoints import Kill, arm, wait_until
from tests.faults.machines import Machines

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def own_broker(own_redis, monkeypatch) -> redis.Redis:
    """A broker that nobody else uses; returns what looks into it."""
    # In this order: the address for writing is the other one where it is not set, and is put back as it was read.
    monkeypatch.setattr(run_job.app.conf, "broker_write_url", own_redis)
    monkeypatch.setattr(run_job.app.conf, "broker_url", own_redis)
    return redis.Redis.from_url(own_redis)


class Undone(Exception):
    pass


def test_neither_job_nor_mail_of_a_rollback_goes_out(scene, own_broker):
    batch, application = scene.batch(), scene.application()
    scene.settled()
    mail.outbox.clear()
    with pytest.raises(Undone), transaction.atomic():  # noqa: PT012
        papers.sign(application, scene.supervisor)
        start_issue(batch=batch, by=scene.officer, now=NOW)
        assert Message.objects.exists()
        raise Undone
    due.send_due(now=NOW)
    assert (Job.objects.count(), Message.objects.count(), mail.outbox) == (0, 0, [])
    assert own_broker.keys("*") == []

    papers.sign(application, scene.supervisor)
    start_issue(batch=batch, by=scene.officer, now=NOW)
    assert own_broker.llen("celery") == 1  # so it would have been seen
    due.send_due(now=NOW)
    assert mail.outbox != []


def test_a_page_whose_process_dies_before_the_commit_leaves_nothing(scene, own_redis, tmp_path):
    application = scene.application()
    scene.settled()
    with Machines(tmp_path, NOW, own_redis) as machines:
        machines.web(workers=1)
        armed = arm(tmp_path, Kill("with its file, before the mail", after=True))  # the mail is asked for
        assert scene.sign(machines, application).status == 0
        assert not armed.exists()
        assert (scene.is_signed(application), Message.objects.count()) == (False, 0)
        # Whoever got no answer sends it again, once there is another process.
        wait_until(lambda: scene.sign(machines, application).status == 302, machines.said("web"))
        assert scene.is_signed(application)
        kinds = Message.objects.values_list("kind", flat=True)
        assert sorted(kinds) == ["application_signed", "application_to_sign"]
