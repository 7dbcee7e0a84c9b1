"""Without the broker pages answer and writes stand; what was asked for goes out when it is back."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import redis
import time_machine

from coaching.models import Job, Message
from tests.clock import NOW
from tests.faults.checkpoints import wait_until
from tests.faults.machines import Machines
from tests.faults.scene import Scene
from tests.mail_server import recipients
from tests.services import free_port, redis_server

pytestmark = [pytest.mark.services, pytest.mark.long, pytest.mark.django_db(transaction=True)]

MOST_SECONDS = 5  # for a page that asks for a job; others do not notice


class Broker:
    """A Redis that goes away, in two ways, and comes back under the same address."""

    def __init__(self) -> None:
        self.port = free_port()
        self.lives = ExitStack()
        self.url = self.comes_up()

    def comes_up(self) -> str:
        return self.lives.enter_context(redis_server(self.port))

    def stops(self) -> None:
        """With all that it held."""
        self.lives.close()

    def freezes(self) -> None:
        """It takes connections and says nothing more, as when its machine hangs."""
        self.pid = redis.Redis.from_url(self.url).info("server")["process_id"]
        os.kill(self.pid, signal.SIGSTOP)

    def thaws(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


@pytest.fixture
def broker() -> Iterator[Broker]:
    found = Broker()
    with found.lives:
        yield found


@pytest.fixture
def scenes(cast) -> Iterator[tuple[Scene, Scene]]:
    with time_machine.travel(NOW):
        yield Scene(cast), Scene(cast)


def all_mail_is_sent() -> bool:
    """What was no longer true when it was its turn needs none."""
    settled = [Message.Status.SENT, Message.Status.DROPPED]
    return not Message.objects.exclude(status__in=settled).exists()


def test_pages_answer_and_writes_stand_and_all_goes_out_afterwards(scenes, broker, tmp_path, mail_server):
    todo = [(scene, scene.batch(), scene.application()) for scene in scenes]
    scenes[0].settled()
    before = scenes[0].application()  # so that there is mail
    mail = {"EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}"}
    with Machines(tmp_path, NOW, broker.url, more=mail) as machines:
        machines.web()
        machines.worker(beat=False)
        machines.beat()
        wait_until(all_mail_is_sent, f"the mail about {before}: {machines.said('worker')}")
        ways = [(broker.freezes, broker.thaws), (broker.stops, broker.comes_up)]
        for (scene, batch, application), (goes, comes_back) in zip(todo, ways, strict=True):
            goes()
            home = machines.visitor(scene.member).get("/")
            answers = {
                "signs": scene.sign(machines, application),
                "takes attendance": scene.take_attendance(machines),
                "evaluates": scene.evaluate(machines),
                "asks for certificates": scene.issue(machines, batch),
            }
            assert home.status == 200
            assert {what: answer.status for what, answer in answers.items()} == dict.fromkeys(answers, 302)
            slow = {what: answer.seconds for what, answer in answers.items()}
            assert {what: seconds for what, seconds in slow.items() if seconds > MOST_SECONDS} == {}
            assert scene.is_signed(application)
            assert scene.is_attended()
            assert scene.is_evaluated()
            assert scene.issued(batch) == 0
            assert Job.objects.filter(status=Job.Status.QUEUED).count() == 1
            assert not all_mail_is_sent()
            comes_back()
            wait_until(lambda: scene.issued(batch) == 3, f"files: {machines.said('worker')[-3000:]}")  # noqa: B023
            wait_until(all_mail_is_sent, f"mail: {list(Message.objects.values_list('kind', 'status'))}")
    sent = Message.objects.filter(status=Message.Status.SENT)
    assert {"certificates.issued", "application_to_sign"} <= set(sent.values_list("kind", flat=True))
    assert Counter(recipients(mail_server)) == Counter(sent.values_list("recipient__email", flat=True))
