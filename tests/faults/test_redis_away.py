"""Without the broker pages answer and writes stand; what was asked for goes out when it is back."""

import contextlib
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator

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


@contextlib.contextmanager
def stopped(port: int) -> Iterator[tuple[str, Callable[[], object], Callable[[], object]]]:
    """A broker with all it held is gone, and another comes up in its place."""
    with contextlib.ExitStack() as lives, contextlib.ExitStack() as last:
        url = lives.enter_context(redis_server(port))
        yield url, lives.close, lambda: last.enter_context(redis_server(port))


@contextlib.contextmanager
def frozen(port: int) -> Iterator[tuple[str, Callable[[], object], Callable[[], object]]]:
    """It takes connections and says nothing more, as when its machine hangs."""
    with redis_server(port) as url:
        pid = redis.Redis.from_url(url).info("server")["process_id"]
        yield url, lambda: os.kill(pid, signal.SIGSTOP), lambda: os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGCONT)  # so that it can end


@pytest.fixture
def scene(cast) -> Iterator[Scene]:
    with time_machine.travel(NOW):
        yield Scene(cast)


def all_mail_is_sent() -> bool:
    """What was no longer true when it was its turn needs none."""
    settled = [Message.Status.SENT, Message.Status.DROPPED]
    return not Message.objects.exclude(status__in=settled).exists()


@pytest.mark.parametrize("way", [stopped, frozen], ids=["stopped", "frozen"])
def test_pages_answer_and_writes_stand_and_all_goes_out_afterwards(scene, tmp_path, mail_server, way):
    batch, application = scene.batch(), scene.application()
    scene.settled()
    before = scene.application()  # so that there is mail
    mail = {"EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}"}
    with way(free_port()) as (url, goes, comes_back), Machines(tmp_path, NOW, url, more=mail) as machines:
        machines.web()
        machines.worker()
        machines.beat()
        wait_until(all_mail_is_sent, f"the mail about {before}: {machines.said('worker')}")
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
        slow = {what: answer.seconds for what, answer in answers.items() if answer.seconds > MOST_SECONDS}
        assert slow == {}
        assert scene.is_signed(application)
        assert scene.is_attended()
        assert scene.is_evaluated()
        assert (Job.objects.get().status, scene.issued(batch)) == (Job.Status.QUEUED, 0)
        assert not all_mail_is_sent()
        comes_back()
        wait_until(lambda: scene.issued(batch) == 3, f"certificates: {machines.said('worker')[-3000:]}")
        wait_until(all_mail_is_sent, f"mail: {list(Message.objects.values_list('kind', 'status'))}")
    sent = Message.objects.filter(status=Message.Status.SENT)
    assert {"certificates.issued", "application_to_sign"} <= set(sent.values_list("kind", flat=True))
    assert Counter(recipients(mail_server)) == Counter(sent.values_list("recipient__email", flat=True))
