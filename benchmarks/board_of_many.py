"""Fills an empty database with a cohort whose draft has many people, and measures what one move on the board costs.

python -m benchmarks.board_of_many: standard output is a JSON object, see `Measured`.
"""

import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any
from urllib.parse import urlencode

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coaching.site.settings")
django.setup()

from django.conf import settings  # noqa: E402 (Django has to be set up first)
from django.core.handlers.wsgi import WSGIRequest  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.middleware.csrf import CSRF_SECRET_LENGTH  # noqa: E402
from django.test import Client, RequestFactory  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.formation_instances import instance  # noqa: E402
from coaching import cohorts, enrollment, pairings, team_formation, team_wishes  # noqa: E402
from coaching.meeting_times import times_of  # noqa: E402
from coaching.models import (  # noqa: E402
    CareerTrack,
    Cohort,
    JobClassification,
    OrgUnit,
    Pairing,
    Participant,
    RoleAssignment,
    TeamProposal,
    User,
)
from coaching.site import reference  # noqa: E402

PEOPLE = 200
SILENT = 20  # every so many have not said when they can meet
APART, TOGETHER = 10, 5  # pairs
STEPS = 50_000  # for the proposal: the same teams each time
ROUNDS = 30
WARM_UP = 5
TOKEN = "t" * CSRF_SECRET_LENGTH
LEAN = ("teams", "account_change_password", "cohorts", "people_me")


@dataclass
class Measured:
    """Seconds of processor time for one answer, in the middle of all rounds, by page; `lean`: the pages to compare with."""

    people: int
    teams: int
    lean: list[str]
    seconds: dict[str, float]
    size: dict[str, int]  # in bytes


class Site:
    """One branch, its officer, and a cohort of many people with wishes and pairings, all in draft teams."""

    def __init__(self) -> None:
        program = reference.load(today=timezone.localdate())
        top = OrgUnit.objects.create(kind="department", name="Department")
        self.branch = OrgUnit.objects.create(kind="branch", name="Branch", parent=top)
        self.officer = User.objects.create(email="officer@example.org", name="Officer", unit=self.branch)
        RoleAssignment.objects.create(
            user=self.officer, office="branch_office", unit=self.branch, start_date=date(2000, 1, 1)
        )
        today = timezone.localdate()
        opened = Cohort(
            program=program,
            branch=self.branch,
            name="A large one",
            applications_open_date=today,
            applications_close_date=today + timedelta(days=30),
            first_month=(today + timedelta(days=90)).replace(day=1),
            seats=PEOPLE,
            contact_role="Program coordinator",
            contact_email="office@example.org",
        )
        self.cohort = cohorts.open_cohort(cohort=opened, by=None, now=timezone.now())
        self.people = self._enroll(instance(PEOPLE, seed=1)["people"])
        self._keep()
        self.draft = team_formation.propose(
            cohort=self.cohort, by=self.officer, now=timezone.now(), steps=STEPS
        )

    def _enroll(self, rows: list[dict[str, Any]]) -> list[Participant]:
        """As their applications and their wishes would have it."""
        competencies = {each.name: each for each in self.cohort.competency_model.competencies.all()}
        times = {f"slot {number}": each.key for number, each in enumerate(times_of(self.cohort), start=1)}
        found: list[Participant] = []
        for number, row in enumerate(rows):
            user = User.objects.create(email=f"person.{number}@example.org", name=f"Person {number:03}")
            grow, glow = (tuple(competencies[name] for name in row[key]) for key in ("grow", "glow"))
            project = enrollment.Project("A shorter way", "Eight desks.", "Three weeks.", "Days.", grow[:1])
            snapshot = enrollment.Snapshot(
                division=self._division(row["division"]),
                classification=JobClassification.objects.get_or_create(name=row["classification"])[0],
                career_track=CareerTrack.objects.get_or_create(name=row["track"])[0],
                role_aimed_for="Section manager",
                grow=grow,
                glow=glow,
                project=project,
                signers=tuple(each.user for each in found[-30:-28]),
            )
            now = timezone.now()
            person = enrollment.enroll(user=user, cohort=self.cohort, snapshot=snapshot, by=None, now=now)
            if number % SILENT:
                said = [times[slot] for slot in row["slots"]]
                names = [found[-1].user] if number % 4 == 1 else []
                team_wishes.save(
                    participant=person, times=said, track="none", rather_not=names, by=user, now=now
                )
            found.append(person)
        return found

    def _division(self, name: str) -> OrgUnit:
        return OrgUnit.objects.get_or_create(kind="division", name=name, parent=self.branch)[0]

    def _keep(self) -> None:
        for place in range(APART + TOGETHER):
            pairings.keep(
                cohort=self.cohort,
                kind=Pairing.Kind.APART if place < APART else Pairing.Kind.TOGETHER,
                people=self.people[10 * place : 10 * place + 2],
                reason="They asked for it.",
                by=self.officer,
                now=timezone.now(),
            )


@dataclass(frozen=True)
class Answer:
    seconds: float  # of processor time
    size: int  # in bytes
    partial: bool  # what has changed alone, rather than the whole board


class Asked:
    """The officer's requests, answered by the site's application as a server would have it answer them."""

    def __init__(self, officer: User) -> None:
        self.application = get_wsgi_application()
        client = Client()
        client.force_login(officer)
        cookies = {
            settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value,
            settings.CSRF_COOKIE_NAME: TOKEN,
        }
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self.requests = RequestFactory(SERVER_NAME="127.0.0.1", HTTP_COOKIE=cookie)

    def page(self, address: str) -> Answer:
        return self._answer(self.requests.get(address))

    def move(self, draft: TeamProposal, person: int, team: int) -> Answer:
        """As the board's script sends it."""
        form = {"participant": person, "target": team, "version": draft.version}
        headers = {"HX-Request": "true", "X-CSRFToken": TOKEN}
        kind = "application/x-www-form-urlencoded"
        address = reverse("proposal_place", args=[draft.pk])
        return self._answer(self.requests.post(address, urlencode(form), content_type=kind, headers=headers))

    def _answer(self, request: WSGIRequest) -> Answer:
        heads: list[tuple[str, dict[str, str]]] = []

        def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
            heads.append((status, dict(headers)))
            return bytes  # of WSGI's old way to write, which Django does not use

        begun = time.process_time()
        response = self.application(request.environ, start)
        body = b"".join(response)
        response.close()
        taken = time.process_time() - begun
        [(status, _)] = heads
        if not status.startswith("200"):
            raise RuntimeError(f"{request.path} answered {status}")
        return Answer(taken, len(body), b'<div id="board" data-hx-swap-oob' not in body)


def moves(site: Site, asked: Asked) -> Iterator[Answer]:
    """Somebody of one team after the other goes to the next, and back; what a hard rule refuses is none."""
    for number in itertools.cycle(range(1, len(site.draft.document["teams"]))):
        site.draft.refresh_from_db()
        person = site.draft.document["teams"][number - 1][0]
        for target in (number + 1, number):
            answer = asked.move(site.draft, person, target)
            if not answer.partial:
                break
            site.draft.refresh_from_db()
            yield answer


def main() -> Measured:
    site = Site()
    asked = Asked(site.officer)
    moving = moves(site, asked)
    addresses = {name: reverse(name) for name in LEAN}
    addresses["the whole board"] = reverse("cohort_teams", args=[site.cohort.pk])
    answers: dict[str, list[Answer]] = {name: [] for name in ("a move", *addresses)}
    for _ in range(ROUNDS + WARM_UP):
        answers["a move"].append(next(moving))
        for name, address in addresses.items():
            answers[name].append(asked.page(address))
    counted = {name: rows[WARM_UP:] for name, rows in answers.items()}
    return Measured(
        people=PEOPLE,
        teams=len(site.draft.document["teams"]),
        lean=list(LEAN),
        seconds={name: median(each.seconds for each in rows) for name, rows in counted.items()},
        size={name: max(each.size for each in rows) for name, rows in counted.items()},
    )


if __name__ == "__main__":
    json.dump(asdict(main()), sys.stdout)
