"""The branch office keeps people apart, or together, with a reason (T1, T8)."""

import pytest
from django.urls import reverse

from coaching import pairings
from coaching.models import AuditEvent, AuditPayload, Pairing
from coaching.permissions import NotYourCohort
from coaching.team_problem import available, explain_members, study
from tests import factories
from tests.clock import NOW
from tests.constraints import refused_by

APART, TOGETHER = Pairing.Kind.APART, Pairing.Kind.TOGETHER
pytestmark = pytest.mark.django_db


@pytest.fixture
def people(cohort):
    return [factories.participant(cohort, factories.person(f"P{number} Person")) for number in range(6)]


@pytest.fixture
def keep(cohort, branch_officer):
    def kept(kind, *people, reason="They asked for it.", by=branch_officer):
        return pairings.keep(cohort=cohort, kind=kind, people=people, reason=reason, by=by, now=NOW)

    return kept


def test_each_is_kept_apart_from_each(keep, people, cohort):
    keep(APART, *people[:3])
    found = study(cohort, available(cohort))
    ids = [each.pk for each in people]
    assert set(found.problem.apart) == {(ids[0], ids[1]), (ids[0], ids[2]), (ids[1], ids[2])}
    assert found.why_apart[ids[0], ids[1]] == (
        "The branch office keeps P0 Person and P1 Person apart: They asked for it."
    )


def test_a_team_says_why_they_are_kept_apart(keep, people, cohort):
    keep(APART, *people[:2])
    finding = next(each for each in explain_members(cohort, people[:3]) if each.label == "T8")
    assert not finding.ok
    assert "The branch office keeps P0 Person and P1 Person apart: They asked for it." in finding.words


def test_together_reaches_the_proposal_and_the_explanation(keep, people, cohort):
    keep(TOGETHER, *people[:2])
    assert study(cohort, available(cohort)).problem.together == ((people[0].pk, people[1].pk),)
    rules = {each.label: each for each in explain_members(cohort, people[:3])}
    assert rules["together"].ok


def test_together_holds_for_those_who_are_here(keep, people, cohort, branch_officer):
    """One of them has a team already: the pin binds nobody any more."""
    keep(TOGETHER, *people[:2])
    factories.confirmed_team(cohort, [people[0], *people[3:5]], by=branch_officer)
    assert study(cohort, available(cohort)).problem.together == ()


def test_the_same_order_twice_is_one(keep, people):
    assert keep(APART, people[0], people[1]) == keep(APART, people[1], people[0], reason="Again.")
    assert Pairing.objects.count() == 1
    [event] = AuditEvent.objects.filter(action="pairing.made")
    assert not AuditPayload.objects.filter(
        event=event
    ).exists()  # whom it names is for the branch office alone


def test_an_ended_one_holds_no_longer(keep, people, cohort, branch_officer):
    made = keep(APART, *people[:2])
    for _ in range(2):
        pairings.end(pairing=made, by=branch_officer, now=NOW)
    assert study(cohort, available(cohort)).problem.apart == ()
    assert AuditEvent.objects.filter(action="pairing.ended").count() == 1


class TestRefusals:
    def test_without_a_reason(self, keep, people):
        with pytest.raises(pairings.NotPossible, match="Give the reason"):
            keep(APART, *people[:2], reason=" ")

    def test_of_one(self, keep, people):
        with pytest.raises(pairings.NotPossible, match="at least two"):
            keep(APART, people[0], people[0])

    def test_of_strangers(self, keep, people, program, branch):
        other = factories.participant(factories.cohort(program, branch))
        with pytest.raises(pairings.NotPossible, match="take part"):
            keep(APART, people[0], other)

    def test_more_together_than_a_team_has(self, keep, people):
        """T1"""
        keep(TOGETHER, *people[:3])
        with pytest.raises(pairings.NotPossible, match="keeps 5 people together; a team has at most 4"):
            keep(TOGETHER, *people[2:5])

    def test_together_who_are_kept_apart(self, keep, people):
        keep(APART, *people[:2])
        with pytest.raises(
            pairings.NotPossible, match="P0 Person and P1 Person would be kept apart and together"
        ):
            keep(TOGETHER, *people[:2])

    def test_apart_who_are_tied_by_others(self, keep, people):
        keep(TOGETHER, *people[:2])
        keep(TOGETHER, *people[1:3])
        with pytest.raises(pairings.NotPossible, match="at once"):
            keep(APART, people[0], people[2])

    def test_together_with_the_own_supervisor(self, keep, people):
        """T8"""
        people[0].user.supervisor = people[1].user
        people[0].user.save()
        with pytest.raises(pairings.NotPossible, match="P1 Person is P0 Person’s supervisor"):
            keep(TOGETHER, *people[:2])

    def test_by_others_than_the_branch_office(self, keep, people, deputy):
        with pytest.raises(NotYourCohort):
            keep(APART, *people[:2], by=deputy)

    def test_no_row_without_a_reason(self, cohort):
        refused = refused_by(Pairing.objects.create, cohort=cohort, kind=APART, reason="")
        assert refused == "pairing_has_a_reason"


class TestPage:
    @pytest.fixture
    def address(self, client, cohort, branch_officer):
        client.force_login(branch_officer)
        return reverse("team_pairings", args=[cohort.pk])

    def test_from_a_wish_to_people_kept_apart_and_back(self, client, people, address):
        first, second = (each.user.email for each in people[:2])
        form = client.get(address, {"kind": "apart", "name": [first, second]}).context["form"]
        assert (form["kind"].value(), form["person_1"].value(), form["person_2"].value()) == (
            "apart",
            first,
            second,
        )
        values = {"kind": "apart", "person_1": first, "person_2": second, "reason": "They asked."}
        assert client.post(address, values).url == address
        [made] = client.get(address).context["pairings"]
        assert (str(made), made.reason) == ("Kept apart: P0 Person, P1 Person", "They asked.")
        client.post(reverse("team_pairing_end", args=[made.pk]))
        assert client.get(address).context["pairings"] == []

    def test_a_refusal_keeps_what_was_typed(self, client, people, address, outsider):
        values = {
            "kind": "together",
            "person_1": people[0].user.email,
            "person_2": outsider.email,
            "reason": "Why.",
        }
        form = client.post(address, values).context["form"]
        assert "does not take part" in form.errors["person_2"][0]
        assert form["reason"].value() == "Why."
        form = client.post(address, {}).context["form"]
        assert set(form.errors) == {"kind", "person_1", "person_2", "reason"}
        same = {**values, "person_2": people[0].user.email}
        assert "at least two" in client.post(address, same).context["form"].non_field_errors()[0]
