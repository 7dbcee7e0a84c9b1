"""Two of everything: each reminder, mail, certificate and link of the audit chain is there once all the same."""

import email
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from email.policy import default as default_policy
from threading import Barrier, Thread

import pytest
import time_machine
from django.core import mail
from django.db import close_old_connections, connection, transaction

from certificates.approval import approve_batch, propose_batch, submit_for_approval
from certificates.issuing import start_issue
from certificates.models import Batch, Certificate, StatusList
from coaching import audit
from coaching.models import AuditEvent, AuditLink, Job, Message, User
from coaching.site import due
from tests import factories
from tests.applications import factories as papers
from tests.certificates.history import AFTER, completed_team
from tests.faults.checkpoints import wait_until
from tests.faults.machines import Machines

pytestmark = [pytest.mark.services, pytest.mark.long, pytest.mark.django_db(transaction=True)]
TEAMS = 2
Mails = list[tuple[str, int]]


@pytest.fixture
def batch(cast) -> Batch:
    """Certificates to be issued, steps that wait for so long that reminders are due, and a draft shortly before the end."""
    with time_machine.travel(AFTER):
        for number in range(TEAMS):
            names = [f"{name} {number}" for name in ("Ada", "Ben", "Chi")]
            completed_team(cast.cohort, names, by=cast.branch_officer)
        batch = propose_batch(cohort=cast.cohort, by=cast.branch_officer, now=AFTER)
        batch = submit_for_approval(batch=batch, by=cast.branch_officer, now=AFTER)
        by = cast.org.superintendent
        batch = approve_batch(batch=batch, by=by, typed_name=by.name, now=AFTER)
        open_one = factories.cohort(
            cast.program, cast.org.branch, by=cast.branch_officer,
            applications_open_date=(AFTER - timedelta(days=30)).date(),
            applications_close_date=(AFTER + timedelta(days=1)).date(),
            first_month=(AFTER + timedelta(days=92)).date().replace(day=1),
        )  # fmt: skip
        for _ in range(4):
            whom = factories.person(unit=cast.org.unit, supervisor=cast.supervisor)
            papers.submitted(whom, open_one, now=AFTER - timedelta(days=20))
        papers.draft(cast.applicant, open_one, now=AFTER - timedelta(days=5))
        return batch


def one_alone_does(batch: Batch, officer: User) -> Mails:
    """Each mail by kind and recipient, where one process does what is due, one after the other."""
    with time_machine.travel(AFTER), transaction.atomic():
        start_issue(batch=batch, by=officer, now=AFTER - timedelta(minutes=1))
        while any(due.send_due(now=AFTER).get(each) for each in ("sent", "jobs")):
            pass
        mails = sorted(Message.objects.values_list("kind", "recipient"))
        transaction.set_rollback(True)
    mail.outbox.clear()
    return mails


def assert_once(batch: Batch, mails: Mails, message_ids: Counter[str]) -> None:
    assert sorted(Message.objects.values_list("kind", "recipient")) == mails
    sent = Message.objects.filter(status=Message.Status.SENT)
    assert not Message.objects.exclude(status__in=(Message.Status.SENT, Message.Status.DROPPED)).exists()
    assert {each.partition("@")[0].strip("<") for each in message_ids} == {
        str(each.message_id) for each in sent
    }
    assert set(message_ids.values()) == {1}
    assert Certificate.objects.filter(batch=batch).count() == 3 * TEAMS
    assert AuditEvent.objects.filter(action="certificate.issued").count() == 3 * TEAMS
    assert any("reminder" in kind for kind, _ in mails)
    assert Job.objects.get().status == Job.Status.DONE
    assert StatusList.objects.count() == 1
    audit.seal_all()
    assert audit.verify()[1] is None
    assert AuditLink.objects.count() == AuditEvent.objects.count()


@pytest.mark.deep
def test_two_beats_and_two_workers_do_everything_once(
    batch, branch_officer, tmp_path, own_redis, mail_server
):
    mails = one_alone_does(batch, branch_officer)
    mail_at = {"EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}"}
    with (
        time_machine.travel(AFTER),
        Machines(tmp_path / "one", AFTER, own_redis, more=mail_at) as one,
        Machines(tmp_path / "two", AFTER, own_redis, more=mail_at) as other,
    ):
        for machines in (one, other):
            machines.folder.mkdir()
        start_issue(batch=batch, by=branch_officer, now=AFTER - timedelta(minutes=1))
        for machines in (one, other):
            machines.worker(beat=False, processes=2)
            machines.beat()
        waits = [Message.Status.PENDING, Message.Status.SENDING]
        wait_until(
            lambda: (
                Job.objects.filter(status=Job.Status.DONE).exists()
                and Message.objects.count() == len(mails)
                and not Message.objects.filter(status__in=waits).exists()
            ),
            f"all that is due: {one.said('worker')} {other.said('worker')}",
            seconds=180,
        )
    letters = [email.message_from_bytes(raw, policy=default_policy) for raw in mail_server.taken]
    assert_once(batch, mails, Counter(letter["Message-ID"] for letter in letters))


def test_eight_at_the_same_moment_do_everything_once(batch, branch_officer):
    mails = one_alone_does(batch, branch_officer)
    with time_machine.travel(AFTER, tick=False):
        start_issue(batch=batch, by=branch_officer, now=AFTER - timedelta(minutes=1))
        for _ in range(6):
            at_once(*[lambda: due.send_due(now=AFTER)] * 8)
    assert_once(batch, mails, Counter(letter.message()["Message-ID"] for letter in mail.outbox))


def at_once(*acts: Callable[[], object]) -> None:
    barrier, broken = Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        close_old_connections()
        try:
            barrier.wait(timeout=30)
            act()
        except Exception as error:
            broken.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads), "a deadlock"
    assert broken == []
