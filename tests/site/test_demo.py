"""`manage.py demo`: a cohort in every phase, with something to see for everybody who is named."""

import pytest
from django.utils import timezone

from applications.models import Application
from certificates.models import Batch, Certificate
from coaching import signature_trail
from coaching.models import AuditEvent, Cohort, Consent, Participant, SignedText, TeamProposal, User
from coaching.site import demo, staging
from meetings.models import EvaluationReceipt, EvaluationReopening

# With the long ones, on PostgreSQL: the whole demo is a thousand writes.
pytestmark = [pytest.mark.services, pytest.mark.usefixtures("empty")]


def test_every_phase_is_on_show_and_a_second_loading_changes_nothing(client, django_assert_num_queries):
    now = timezone.now()
    assert demo.load(phases=demo.PHASES, now=now) == list(demo.PHASES)
    statuses = set(Application.objects.values_list("status", flat=True))
    assert statuses == set(Application.Status.values), "every state of an application"
    offices = Application.objects.filter(status="in_review", review_steps__status="pending")
    waiting = {application.current_step().office for application in offices.distinct()}
    assert waiting == {"supervisor", "director", "deputy"}
    assert set(Consent.objects.values_list("answer", flat=True)) >= {"pending", "agreed"}
    assert TeamProposal.objects.filter(status=TeamProposal.Status.DRAFT).count() == 1
    assert Participant.objects.filter(status=Participant.Status.COMPLETED).count() == 5
    assert Certificate.objects.filter(status=Certificate.Status.VALID).count() == 5
    assert Batch.objects.get(status=Batch.Status.AWAITING).entries.count() == 1
    [asked] = Consent.objects.filter(answer=Consent.Answer.PENDING)
    assert asked.participant.user.email == "operations.member@demo.example"
    assert asked.change.answer_by > now.date(), "there is time to answer"
    assert EvaluationReceipt.objects.exists()
    assert EvaluationReopening.objects.get().is_waiting
    for person in demo.people():
        assert client.login(email=person.email, password=demo.PASSWORD), person.email
        assert client.get("/").status_code == 200
    assert set(SignedText.objects.values_list("kind", flat=True)) >= {"application", "certificate_batch"}
    assert list(signature_trail.differences()) == []
    changed = User.objects.get(email="applicant@demo.example")
    changed.name = "Changed Meanwhile"
    changed.set_password("another phrase of my own")
    changed.save()
    before = (User.objects.count(), Application.objects.count(), AuditEvent.objects.count())
    with django_assert_num_queries(len(demo.PHASES)):
        assert demo.load(phases=demo.PHASES, now=now) == []
    assert (User.objects.count(), Application.objects.count(), AuditEvent.objects.count()) == before
    changed.refresh_from_db()
    assert changed.name == "Changed Meanwhile"
    assert client.login(email=changed.email, password="another phrase of my own")


@pytest.mark.parametrize("phase", demo.PHASES)
def test_each_phase_loads_alone(phase):
    assert demo.load(phases=[phase], now=timezone.now()) == [phase]


def test_a_loading_that_was_ended_midway_goes_on_with_the_next(monkeypatch):
    now = timezone.now()

    def killed(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(staging, "propose_teams", killed)  # the last step of the phase
        with pytest.raises(KeyboardInterrupt):
            demo.load(phases=["open", "teams"], now=now)
    assert demo.is_loaded("open")
    assert not demo.is_loaded("teams")
    assert Cohort.objects.count() == 1
    assert demo.load(phases=["open", "teams"], now=now) == ["teams"]
    assert Cohort.objects.count() == 2
    assert TeamProposal.objects.filter(status=TeamProposal.Status.DRAFT).count() == 1
