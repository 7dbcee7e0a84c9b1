"""A mail server that refuses, hangs or breaks off: pages do not notice, and nothing is lost or sent twice."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import F
from django.urls import reverse

from coaching import invitations, outbox
from coaching.models import Message
from tests import factories
from tests.clock import NOW
from tests.faults.checkpoints import Kill, arm, wait_until
from tests.faults.machines import Machines
from tests.faults.scene import Scene
from tests.mail_server import recipients

pytestmark = [pytest.mark.services, pytest.mark.long, pytest.mark.django_db(transaction=True)]

Status = Message.Status
FAULTS: dict[str, tuple[dict[str, str | None], Status]] = {
    "refuses to talk": ({"HELLO": "421 busy"}, Status.PENDING),
    "says nothing": ({"HELLO": ""}, Status.PENDING),
    "breaks off before the text": ({"RCPT": None}, Status.PENDING),
    "hangs before the text": ({"MAIL": ""}, Status.PENDING),
    "knows no such address": ({"RCPT": "550 unknown"}, Status.FAILED),
    "breaks off after the text": ({"BODY": None}, Status.UNKNOWN),
    "hangs after the text": ({"BODY": ""}, Status.UNKNOWN),
}


@pytest.fixture
def machines(tmp_path, own_redis, mail_server) -> Iterator[Machines]:
    mail = {"EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}"}
    with Machines(tmp_path, NOW, own_redis, more=mail) as found:
        yield found


def mail_to_somebody_new(scene: Scene) -> Message:
    person = factories.person(unit=scene.cast.org.unit)
    outbox.queue(kind=invitations.KIND, to=person, key="1", now=NOW)
    return Message.objects.select_related("recipient").get(recipient=person)


def wait_for(message: Message, status: Status, machines: Machines) -> None:
    def has_come() -> bool:
        message.refresh_from_db()
        return message.status == status and message.attempts > 0

    wait_until(has_come, f"{status}: {machines.said('worker')[-3000:]}")


def test_pages_do_not_notice_and_each_mail_leaves_once_or_is_shown(scene, machines, mail_server):
    scene.settled()
    machines.web()
    machines.worker()
    mails: dict[str, Message] = {}
    for fault, (says, status) in FAULTS.items():
        mail_server.says = says
        mails[fault] = mail_to_somebody_new(scene)
        if fault == "says nothing":
            answer = scene.take_attendance(machines)
            assert (answer.status, answer.seconds < 3) == (302, True)
        wait_for(mails[fault], status, machines)
        if status == Status.PENDING:  # again in two minutes; the waits are coaching/test_outbox.py's
            assert mails[fault].due_at > NOW + timedelta(minutes=2)
    listed = machines.visitor(scene.officer).get(reverse("undelivered")).text
    shown = {fault for fault, message in mails.items() if message.recipient.name in listed}
    assert shown == {fault for fault, (_, status) in FAULTS.items() if status != Status.PENDING}

    mail_server.says = {}
    Message.objects.filter(status=Status.PENDING).update(due_at=NOW)  # the wait is over
    for fault, (_, status) in FAULTS.items():
        wait_for(mails[fault], Status.SENT if status == Status.PENDING else status, machines)
    wait_for(mail_to_somebody_new(scene), Status.SENT, machines)  # so it has looked at all of them
    took = Counter(recipients(mail_server))
    taken = {fault: took[message.recipient.email] for fault, message in mails.items()}
    assert taken == {fault: int(status != Status.FAILED) for fault, (_, status) in FAULTS.items()}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_mail_whose_worker_was_killed_is_shown_and_not_repeated(scene, machines, mail_server, after):
    scene.settled()
    armed = arm(machines.folder, Kill("before a mail is handed over", after=after, whole=True))
    message = mail_to_somebody_new(scene)
    worker = machines.worker()
    wait_until(lambda: not armed.exists(), "the kill")
    machines.kill(worker)
    message.refresh_from_db()
    assert message.status == Status.SENDING
    Message.objects.update(claimed_at=F("claimed_at") - outbox.STALE_CLAIM)  # ten minutes later
    machines.worker()
    later = mail_to_somebody_new(scene)
    wait_for(later, Status.SENT, machines)
    message.refresh_from_db()
    assert (message.status, message.error) == (Status.UNKNOWN, "WorkerStopped")
    assert Counter(recipients(mail_server)) == Counter(
        [later.recipient.email, *([message.recipient.email] if after else [])]
    )
