"""Fifty at the same moment, on PostgreSQL: one outcome, one row, one mail, and the losers are told who won (A9)."""

from collections import Counter
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from applications import drafting, workflow
from applications.models import Application, ReviewStep
from applications.settling import NotWaitingOnYou
from coaching.models import Delegation, Message, SignOff
from tests.applications.factories import draft, sign, submitted
from tests.clock import NOW, TODAY
from tests.coaching.test_races import at_once

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("frozen"),
]

ROUNDS = [*range(10), *(pytest.param(number, marks=pytest.mark.deep) for number in range(10, 100))]


@pytest.fixture
def delegate(outsider, supervisor):
    Delegation.objects.create(
        kind="delegate",
        principal=supervisor,
        person=outsider,
        reason="Leave.",
        start_date=TODAY,
        end_date=TODAY,
    )
    return outsider


@pytest.mark.parametrize("round_", ROUNDS)
def test_of_fifty_who_sign_return_and_withdraw_one_wins(applicant, supervisor, delegate, cohort, round_):
    """A withdrawal is possible before and after the act of a signer (F3); of the signers' acts only one takes place."""
    application = submitted(applicant, cohort)
    give_back = partial(workflow.return_for_changes, application=application, comment="Say more.", now=NOW)
    acts = [partial(sign, application, who) for who in (supervisor, delegate) for _ in range(10)]
    acts += [partial(give_back, by=who) for who in (supervisor, delegate) for _ in range(10)]
    acts += [partial(workflow.withdraw, application=application, by=applicant, now=NOW)] * 10
    shift = round_ % len(acts)  # who comes first at the barrier differs from round to round
    results = at_once(*acts[shift:], *acts[:shift])

    found = Counter(type(result) for result in results)
    acted = ReviewStep.objects.filter(acted_at__isnull=False)
    assert found == {Application: 10 + acted.count(), NotWaitingOnYou: 40 - acted.count()}
    assert acted.count() <= 1
    assert Application.objects.get().status == "withdrawn"
    assert SignOff.objects.count() == 1 + acted.filter(status="signed").count()
    mails = Counter(Message.objects.filter(recipient=applicant).values_list("kind", flat=True))
    expected = {"application_submitted": 1, "application_withdrawn": 1}
    for step in acted:
        expected[f"application_{step.status}"] = 1
    assert mails == expected
    winners = ["Ana Applicant has withdrawn", *(f"{step.acted_by} has {step.status}" for step in acted)]
    for loser in results:
        if isinstance(loser, NotWaitingOnYou):
            assert str(loser).startswith(tuple(winners))


def test_one_form_sent_twenty_times_makes_one_application(applicant, cohort):
    clients = [Client() for _ in range(20)]
    for client in clients:
        client.force_login(applicant)
    address = reverse("application_start", args=[cohort.pk])
    answers = at_once(*(partial(client.post, address) for client in clients))
    application = Application.objects.get()
    assert {answer.url for answer in answers} == {reverse("application_step", args=[application.pk, "about"])}


def test_one_signed_form_sent_twenty_times_is_submitted_once(applicant, cohort):
    application = draft(applicant, cohort)
    data = {
        "digest": drafting.preview(application, now=NOW).digest,
        "benefits_acknowledged": "on",
        "voluntary_acknowledged": "on",
        "commitment_made": "on",
        "typed_name": applicant.name,
    }
    clients = [Client() for _ in range(20)]
    for client in clients:
        client.force_login(applicant)
    address = reverse("application_review", args=[application.pk])
    answers = at_once(*(partial(client.post, address, data) for client in clients))
    assert {answer.url for answer in answers} == {reverse("application", args=[application.pk])}
    assert SignOff.objects.count() == 1
    assert ReviewStep.objects.count() == 3
    assert Message.objects.filter(kind="application_submitted").count() == 1
    assert Message.objects.filter(kind="application_to_sign").count() == 1
