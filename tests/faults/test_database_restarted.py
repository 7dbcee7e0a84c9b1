"""PostgreSQL ends and comes back under load: people read that it is away, and what was acknowledged is there."""

import itertools
import signal
import threading
import time
from collections import Counter
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from django.urls import reverse

from tests.clock import NOW
from tests.faults.checkpoints import wait_until
from tests.faults.machines import Answer, Machines, Visitor, copied_to

pytestmark = [pytest.mark.services, pytest.mark.long, pytest.mark.django_db(transaction=True)]

AT_ONCE = 4
WRITES = 15  # between one restart and the next
MOST_SECONDS = 20  # until somebody reads that the database is away


class Load:
    """People who write action items without pause, each by a day that no other has."""

    def __init__(self, visitor: Visitor, address: str, owner: int) -> None:
        self.visitor, self.address, self.owner = visitor, address, owner
        self.answers: dict[date, Answer] = {}
        self._days = (NOW.date() + timedelta(days=number) for number in itertools.count(1))
        self._ends = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._write) for _ in range(AT_ONCE)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        while not self._ends.is_set():
            with self._lock:
                day = next(self._days)
            fields = {"what": f"Until {day}", "owner": self.owner, "due_date": day.isoformat()}
            self.answers[day] = answer = self.visitor.post(self.address, fields)
            if answer.status != 302:
                time.sleep(0.1)  # as people who read the page

    def of(self, *statuses: int) -> set[date]:
        return {day for day, answer in list(self.answers.items()) if answer.status in statuses}


def children(pid: int) -> set[str]:
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def test_people_read_that_it_is_away_and_what_was_acknowledged_is_there(
    scene, own_cluster, own_redis, tmp_path
):
    batch = scene.batch()
    scene.settled()
    member = scene.meeting.teams.get().memberships.get(participant__user=scene.member).participant
    address = reverse("action_add", args=[scene.meeting.pk, member.pk])
    with ExitStack() as first, Machines(tmp_path, NOW, own_redis) as machines:
        first.enter_context(own_cluster.running())
        machines.database_url = own_cluster.url
        visitor, officer = machines.visitor(scene.member), machines.visitor(scene.officer)
        copied_to(own_cluster)
        web = machines.web()
        visitor.address = officer.address = f"http://127.0.0.1:{machines.port}"
        machines.worker()
        wait_until(lambda: len(children(web.pid)) == 2, "both processes of the web server")
        processes = children(web.pid)

        def rows(query: str) -> list[tuple]:
            with psycopg.connect(host=str(own_cluster.folder), user="postgres", dbname="postgres") as asks:
                return asks.execute(query).fetchall()

        with Load(visitor, address, member.pk) as load:
            wait_until(lambda: len(load.of(302)) >= WRITES, f"writes: {machines.said('web')[-2000:]}")
            assert officer.post(reverse("certificate_issue", args=[batch.pk]), {}).status == 302
            issued = "SELECT 1 FROM certificates_certificate"
            wait_until(lambda: rows(issued), f"a certificate: {machines.said('worker')[-2000:]}")
            for how in (signal.SIGINT, signal.SIGQUIT):
                away = len(load.of(503))
                own_cluster.end(how)
                wait_until(lambda: len(load.of(503)) > away, "somebody to read that it is away")  # noqa: B023
                first.close()
                first.enter_context(own_cluster.running())
                written = len(load.of(302))
                wait_until(lambda: len(load.of(302)) >= written + WRITES, "writes")  # noqa: B023
        assert Counter(answer.status for answer in load.answers.values()).keys() == {302, 503}
        for day in load.of(503):
            answer = load.answers[day]
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.seconds < MOST_SECONDS
        assert {visitor.get(address).status for _ in range(20)} == {200}  # no dead connection is left
        assert children(web.pid) == processes
        stored = Counter(day for (day,) in rows("SELECT due_date FROM meetings_actionitem"))
        assert load.of(302) <= stored.keys() <= load.answers.keys()
        assert set(stored.values()) == {1}
        done = "SELECT status FROM coaching_job WHERE kind = 'issue_certificates'"
        wait_until(lambda: rows(done) == [("done",)], f"the job: {machines.said('worker')[-2000:]}")
        assert len(rows("SELECT DISTINCT participant_id FROM certificates_certificate")) == 3
        assert len(rows(issued)) == 3
