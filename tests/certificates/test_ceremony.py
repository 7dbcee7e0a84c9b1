"""The list of names for the ceremony: who stands on it, how each is said, and who reads it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from certificates import ceremony, names
from certificates.approval import propose_batch
from certificates.replacing import revoke
from meetings.models import EvaluationReceipt
from tests import factories
from tests.certificates.history import AFTER, completed_team, registered
from tests.coaching.test_spreadsheet import read

pytestmark = pytest.mark.usefixtures("plain_not_found")


def lines(cohort):
    return [(line.name, line.said, line.serial) for line in ceremony.lines(cohort, today=AFTER.date())]


def test_whoever_completed_stands_on_it_and_nobody_else(cohort, members):
    """C2"""
    EvaluationReceipt.objects.filter(participant=members[1]).first().delete()
    factories.participant(cohort, factories.person("Dee Diaz"))
    names.write(person=members[2].user, name="", said="CHEE chen", now=AFTER)
    assert lines(cohort) == [("Ada Alvarez", "", ""), ("Chi Chen", "CHEE chen", "")]


def test_the_name_is_that_of_the_certificate_or_of_the_list_or_as_it_will_be(
    cohort, approved, members, branch_officer
):
    issued = registered(approved, members[0])
    new = completed_team(cohort, ["Eli East", "Fay Fox"], by=branch_officer)
    for participant in (*members, *new):
        names.write(person=participant.user, name=f"Zoe {participant.pk}", said="", now=AFTER)
    assert lines(cohort) == [
        ("Ada Alvarez", "", issued.serial),
        ("Ben Brooks", "", ""),
        ("Chi Chen", "", ""),
        *((f"Zoe {each.pk}", "", "") for each in new),
    ]


@pytest.mark.parametrize(("early", "late"), [("Łukasz", "Mary"), ("Øystein", "Paul"), ("Élan", "Fay")])
def test_letters_with_a_stroke_stand_among_those_without(cohort, members, early, late):
    for participant, name in zip(members, (late, early, "Zoe"), strict=True):
        names.write(person=participant.user, name=name, said="", now=AFTER)
    assert [name for name, _, _ in lines(cohort)] == [early, late, "Zoe"]


def test_whose_certificate_was_revoked_does_not_stand_on_it(cohort, certificates, branch_officer):
    revoke(certificate=certificates[0], by=branch_officer, reason="Not earned", now=AFTER)
    assert [name for name, _, _ in lines(cohort)] == ["Ben Brooks", "Chi Chen"]


def test_an_accent_moves_nobody_to_the_end(cohort, members):
    names.write(person=members[0].user, name="Zoe Zabel", said="", now=AFTER)
    names.write(person=members[1].user, name="Élan Ebo", said="", now=AFTER)
    assert [name for name, _, _ in lines(cohort)] == ["Chi Chen", "Élan Ebo", "Zoe Zabel"]


def test_a_draft_fixes_no_name(cohort, members, branch_officer):
    propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
    names.write(person=members[0].user, name="Ada Cruz", said="", now=AFTER)
    assert [name for name, _, _ in lines(cohort)] == ["Ada Cruz", "Ben Brooks", "Chi Chen"]


def test_it_is_printed_and_taken_as_a_file(client, cohort, members, branch_officer):
    names.write(person=members[0].user, name="", said="=AY-da", now=AFTER)
    client.force_login(branch_officer)
    page = client.get(reverse("certificate_ceremony", args=[cohort.pk])).content.decode()
    assert "=AY-da" in page
    assert "data-print" in page
    response = client.get(reverse("certificate_ceremony_file", args=[cohort.pk]))
    assert read(response) == [
        ["Name", "How it is said", "Division", "Certificate"],
        ["Ada Alvarez", "'=AY-da", "Finance Division", ""],
        ["Ben Brooks", "", "Finance Division", ""],
        ["Chi Chen", "", "Finance Division", ""],
    ]


@pytest.mark.parametrize("name", ["certificate_ceremony", "certificate_ceremony_file"])
@pytest.mark.parametrize("who", ["outsider", "deputy", "superintendent", "administrator", "training_officer"])
def test_it_is_the_branch_offices(request, client, cohort, name, who):
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse(name, args=[cohort.pk])).status_code == 404


def test_more_names_cost_no_more_queries(cohort, members, branch_officer):
    counts = []
    for team in ([], ["Eli East", "Fay Fox", "Gus Green"]):
        completed_team(cohort, team, by=branch_officer) if team else None
        with CaptureQueriesContext(connection) as captured:
            ceremony.lines(cohort, today=AFTER.date())
        counts.append(len(captured))
    assert counts[0] == counts[1]
