"""Links in mail only ever open the page: whoever follows one, signed in as the recipient, signs and changes nothing."""

import re
from collections import defaultdict
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.db import models
from django.test import Client

from applications import notices, project_changes, reassigning, reminders, waitlist
from applications.models import Application, ProjectChange
from certificates import approval, replacing
from certificates.models import Batch, Certificate
from coaching import delegations, directory, outbox, team_agreement, team_dates
from coaching.models import Consent, Delegation, DirectoryCorrection, Message, OrgUnit, TeamChange, User
from tests import world as worlds
from tests.clock import NOW
from tests.world import World

pytestmark = pytest.mark.django_db

LINK = re.compile(r"https?://\S+")
OURS = (
    "application",
    "draft_",
    "project_",
    "certificates.",
    "delegation_",
    "correction_",
    "team_answer",
    "team_date",
)


def state() -> dict[str, list]:
    """Every row of our apps, so that nothing can change unseen."""
    return {
        model._meta.label: sorted(map(repr, model._base_manager.values_list(*_fields(model))))
        for label in ("coaching", "applications", "certificates")
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    }


def _fields(model: type[models.Model]) -> list[str]:
    """All but what signing in leaves behind."""
    return [each.attname for each in model._meta.concrete_fields if each.name != "last_login"]


def deliver(now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        for _ in range(30):
            if not outbox.deliver_due(now=now)["sent"]:
                break


def follow_all(now: datetime) -> int:
    """Open every link of what was sent, as its recipient; returns how many."""
    people = {user.email: user for user in User.objects.all()}
    clients: dict[str, Client] = defaultdict(Client)
    links = {
        (letter.to[0], urlsplit(link.rstrip(".,)")))
        for letter in mail.outbox
        for link in LINK.findall(letter.body)
        if link.startswith(settings.SITE_URL)
    }
    for address, link in sorted(links):
        client = clients[address]
        client.force_login(people[address])
        with time_machine.travel(now, tick=False):
            response = client.get(link.path, dict([link.query.split("=")]) if link.query else {})
        assert response.status_code in (200, 302), f"{link.path} for {address}: {response.status_code}"
    mail.outbox.clear()
    return len(links)


def set_all_going(world: World) -> None:
    """Turns that give rise to the kinds of mail that nothing has given rise to yet."""
    officer = world.ours.officer
    things = world.things

    def application(label: str) -> Application:
        return Application.objects.get(pk=things["application"][label].keys["pk"])

    step = application("with supervisor").current_step()
    assert step is not None
    reassigning.reassign(step=step, to=world.cast["outsider"], reason="Leave.", by=officer, now=NOW)
    waitlist.answer(application=application("waitlisted"), wants=True, by=officer, now=NOW)
    draft = application("draft")
    notices.more_time(draft, draft.cohort.applications_close_date, now=NOW)
    change = ProjectChange.objects.get(pk=things["project change"]["ours"].keys["pk"])
    project_changes.decline(change=change, by=world.ours.director, comment="Keep it.", now=NOW)
    batch = Batch.objects.get(pk=things["batch"]["awaiting"].keys["pk"])
    approval.return_batch(batch=batch, by=world.cast["superintendent"], reason="A name is wrong.", now=NOW)
    certificate = Certificate.objects.get(pk=things["certificate"]["ours"].keys["pk"])
    holder = certificate.participant.user
    ids = {"certificate_id": certificate.pk}
    outbox.queue(kind="certificates.issued", to=holder, key=str(certificate.pk), ids=ids, now=NOW)
    correction = DirectoryCorrection.objects.get(pk=things["correction"]["ours"].keys["pk"])
    directory.settle_correction(correction=correction, confirm=False, by=officer, now=NOW)
    change_of_team = TeamChange.objects.get(pk=things["team_change"]["ours"].keys["pk"])
    day = NOW.date() + timedelta(days=8)
    team_dates.move(change=change_of_team, answer_by=day, by=officer, now=NOW + timedelta(seconds=1))
    order = Delegation.objects.get(pk=things["delegation"]["foreign"].keys["pk"])
    delegations.end(delegation=order, by=order.principal, now=NOW)


def test_no_link_signs_or_changes_anything(django_db_setup):
    with time_machine.travel(NOW, tick=False):
        world = worlds.build()
        set_all_going(world)
    deliver(NOW)
    for declined in Consent.objects.filter(
        answer=Consent.Answer.DECLINED
    ):  # told above; now it waits for all
        user = declined.participant.user
        team_agreement.answer(consent=declined, agree=True, by=user, now=NOW)
    before = state()
    assert follow_all(NOW) > 50
    assert state() == before

    # Days later: reminders, and what the branch office is told.
    for days in (9, 31, 37, 61):
        now = NOW + timedelta(days=days)
        with time_machine.travel(now, tick=False):
            reminders.do_due(now=now)
            team_dates.do_due(now=now)
        deliver(now)
        before = state()
        follow_all(now)
        assert state() == before

    # A post has become vacant, a certificate is no longer true, and a change of a project no longer wanted.
    with time_machine.travel(NOW, tick=False):
        OrgUnit.objects.filter(pk=world.ours.division.pk).update(head=None)
        draft = Application.objects.get(pk=world.things["application"]["draft"].keys["pk"])
        notices.route_problem(draft, now=NOW)
        certificate = Certificate.objects.get(pk=world.things["certificate"]["ours"].keys["pk"])
        replacing.revoke(certificate=certificate, by=world.ours.officer, reason="Issued by mistake.", now=NOW)
        foreign = ProjectChange.objects.get(pk=world.things["project change"]["foreign"].keys["pk"])
        project_changes.take_back(change=foreign, by=foreign.participant.user, now=NOW)
    deliver(NOW)
    before = state()
    assert follow_all(NOW) > 0
    assert state() == before

    sent = set(Message.objects.filter(status=Message.Status.SENT).values_list("kind", flat=True))
    ours = {kind for kind in outbox.kinds() if kind.startswith(OURS)}
    assert ours - sent == set()
