"""`manage.py demo`: a cohort in every phase, with something to see for everybody who is named."""

import pytest
from django.utils import timezone

from applications.models import Application
from certificates.models import Certificate
from coaching.models import Consent, Participant, TeamProposal, User
from coaching.site import demo
from meetings.models import EvaluationReceipt

# With the long ones, on PostgreSQL: the whole demo is a thousand writes.
pytestmark = [pytest.mark.services, pytest.mark.django_db]


def test_every_phase_is_on_show_and_a_second_loading_changes_nothing(client):
    now = timezone.now()
    assert demo.load(phases=demo.PHASES, now=now) == list(demo.PHASES)
    statuses = set(Application.objects.values_list("status", flat=True))
    assert statuses == set(Application.Status.values), "every state of an application"
    offices = Application.objects.filter(status="in_review", review_steps__status="pending")
    waiting = {application.current_step().office for application in offices.distinct()}
    assert waiting == {"supervisor", "director", "deputy"}
    assert set(Consent.objects.values_list("answer", flat=True)) >= {"pending", "agreed"}
    assert TeamProposal.objects.filter(status=TeamProposal.Status.DRAFT).count() == 1
    assert Participant.objects.filter(status=Participant.Status.COMPLETED).count() == 6
    assert Certificate.objects.filter(status=Certificate.Status.VALID).count() == 6
    assert EvaluationReceipt.objects.exists()
    for person in demo.people():
        assert client.login(email=person.email, password=demo.PASSWORD), person.email
        assert client.get("/").status_code == 200
    before = (User.objects.count(), Application.objects.count())
    assert demo.load(phases=demo.PHASES, now=now) == []
    assert (User.objects.count(), Application.objects.count()) == before


@pytest.mark.parametrize("phase", demo.PHASES)
def test_each_phase_loads_alone(phase):
    assert demo.load(phases=[phase], now=timezone.now()) == [phase]
