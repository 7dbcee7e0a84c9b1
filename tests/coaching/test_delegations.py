"""A9: delegates, and acting persons in vacant or absent posts: dated, with the reason, both names kept."""

from datetime import date, timedelta

import pytest

from coaching import delegations, offices
from coaching.delegations import DelegationRefused
from coaching.models import AuditEvent, Delegation, Message, Participant
from tests import factories
from tests.clock import NOW, TODAY
from tests.constraints import refused_by

pytestmark = pytest.mark.usefixtures("frozen")

IN_A_WEEK = TODAY + timedelta(days=7)


def record(by, person, *, principal=None, unit=None, kind="delegate", **fields) -> Delegation:
    values = {"reason": "Annual leave", "start_date": TODAY, "end_date": IN_A_WEEK, **fields}
    return delegations.record(
        kind=kind, person=person, principal=principal, unit=unit, by=by, now=NOW, **values
    )


def acting(by, person, **fields) -> Delegation:
    return record(by, person, kind="acting", **fields)


# Delegates


def test_a_head_names_a_delegate_for_their_post(deputy, director, branch):
    order = record(deputy, director, principal=deputy, unit=branch)

    assert str(order) == "Dana Director for Derek Deputy"
    assert (order.recorded_by, order.recorded_at) == (deputy, NOW)
    assert offices.standing_for(director, deputy, on=IN_A_WEEK, unit=branch) == order
    assert branch in offices.units_led_by(director, on=TODAY)


def test_an_order_ends_by_itself(deputy, director, branch):
    record(deputy, director, principal=deputy, unit=branch)

    after = IN_A_WEEK + timedelta(days=1)
    assert offices.standing_for(director, deputy, on=after, unit=branch) is None
    assert branch not in offices.units_led_by(director, on=after)


def test_an_order_does_not_begin_before_its_first_day(deputy, director, branch):
    record(deputy, director, principal=deputy, unit=branch, start_date=TODAY + timedelta(days=1))

    assert offices.standing_for(director, deputy, on=TODAY, unit=branch) is None


def test_a_supervisor_without_a_post_delegates_everything(supervisor, applicant, director):
    order = record(supervisor, director, principal=supervisor)

    assert offices.standing_for(director, supervisor, on=TODAY) == order


def test_both_are_told_and_it_is_audited(deputy, director, branch):
    order = record(deputy, director, principal=deputy, unit=branch)

    assert sorted(Message.objects.values_list("kind", "recipient__name")) == [
        ("delegation_recorded", "Dana Director"),
        ("delegation_recorded", "Derek Deputy"),
    ]
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.object_id) == ("delegation.recorded", deputy, order.pk)


def test_the_same_order_twice_is_one(deputy, director, branch):
    assert record(deputy, director, principal=deputy, unit=branch) == record(
        deputy, director, principal=deputy, unit=branch
    )
    assert AuditEvent.objects.count() == 1


def test_nobody_delegates_to_themselves(deputy, branch):
    with pytest.raises(DelegationRefused, match="name somebody else"):
        record(deputy, deputy, principal=deputy, unit=branch)


def test_nobody_delegates_what_is_not_theirs(director, deputy, applicant, outsider, org):
    for by, principal, unit in (
        (director, deputy, org.branch),  # for somebody else
        (director, director, org.branch),  # a post of somebody else
        (outsider, outsider, None),  # nothing to sign at all
    ):
        with pytest.raises(DelegationRefused, match="only for a post of your own"):
            record(by, applicant, principal=principal, unit=unit)


def test_a_delegate_does_not_pass_it_on(deputy, director, applicant, branch):
    record(deputy, director, principal=deputy, unit=branch)

    with pytest.raises(DelegationRefused, match="only for a post of your own"):
        record(director, applicant, principal=director, unit=branch)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"start_date": IN_A_WEEK, "end_date": TODAY}, "last day is before"),
        (
            {"start_date": TODAY - timedelta(days=9), "end_date": TODAY - timedelta(days=1)},
            "last day has passed",
        ),
        ({"start_date": TODAY - timedelta(days=1)}, "nobody can sign for the past"),
        ({"end_date": TODAY + timedelta(days=367)}, "a year at most"),
        ({"reason": "  "}, "Give the reason"),
    ],
)
def test_days_and_reason_have_to_make_sense(deputy, director, branch, fields, reason):
    with pytest.raises(DelegationRefused, match=reason):
        record(deputy, director, principal=deputy, unit=branch, **fields)
    assert not Delegation.objects.exists()


def test_a_deactivated_person_cannot_sign_for_anybody(deputy, director, branch):
    director.is_active = False
    director.save()

    with pytest.raises(DelegationRefused, match="no longer active"):
        record(deputy, director, principal=deputy, unit=branch)


def test_two_orders_for_the_same_days_are_refused(deputy, director, branch):
    record(deputy, director, principal=deputy, unit=branch)

    with pytest.raises(DelegationRefused, match="from November 23, 2026 to November 30, 2026"):
        record(deputy, director, principal=deputy, unit=branch, start_date=IN_A_WEEK, end_date=IN_A_WEEK)


# Acting persons


def test_the_branch_office_records_an_acting_person_for_a_vacant_post(branch_officer, applicant, org):
    org.division.head = None
    org.division.save()

    order = acting(branch_officer, applicant, unit=org.division)

    assert order.principal is None
    assert str(order) == "Ana Applicant acting for Division Director"
    assert offices.acting_head(org.division, on=TODAY) == order
    assert list(Message.objects.values_list("recipient__name", flat=True)) == ["Ana Applicant"]


def test_an_acting_person_for_an_absent_head_keeps_both_names(branch_officer, supervisor, director, org):
    order = acting(branch_officer, supervisor, unit=org.division)

    assert (order.person, order.principal) == (supervisor, director)
    assert Message.objects.count() == 2


def test_an_absent_supervisor_without_a_post_is_stood_in_for(branch_officer, supervisor, applicant, outsider):
    order = acting(branch_officer, outsider, principal=supervisor)

    assert offices.standing_for(outsider, supervisor, on=TODAY) == order


def test_acting_persons_are_recorded_by_the_own_branch_office_alone(
    applicant, director, deputy, training_officer, org
):
    elsewhere = factories.officer(factories.unit("branch", parent=org.department))

    for by in (elsewhere, applicant, director, deputy, training_officer):
        with pytest.raises(DelegationRefused, match="its own branch only"):
            acting(by, factories.person(), unit=org.other_division)


def test_an_officer_does_not_name_themselves(branch_officer, org):
    with pytest.raises(DelegationRefused, match="Ask a colleague"):
        acting(branch_officer, branch_officer, unit=org.division)


def test_an_officer_who_applied_names_no_acting_person(cohort, branch_officer, supervisor, org):
    """T10: no office rights over the cohort one is part of."""
    factories.participant(cohort, branch_officer)

    with pytest.raises(DelegationRefused, match="You have applied to the"):
        acting(branch_officer, supervisor, unit=org.division)
    Participant.objects.all().delete()
    assert acting(branch_officer, supervisor, unit=org.division).pk


def test_a_post_has_one_acting_person_at_a_time(branch_officer, supervisor, applicant, org):
    acting(branch_officer, supervisor, unit=org.division)

    with pytest.raises(DelegationRefused, match="Sam Supervisor is named for this post"):
        acting(branch_officer, applicant, unit=org.division)
    after = {"start_date": IN_A_WEEK + timedelta(days=1), "end_date": IN_A_WEEK + timedelta(days=2)}
    assert acting(branch_officer, applicant, unit=org.division, **after).pk


def test_the_holder_of_a_post_does_not_act_in_it(branch_officer, director, org):
    with pytest.raises(DelegationRefused, match="holds this post already"):
        acting(branch_officer, director, unit=org.division)


# Ending early


def test_an_order_ended_early_is_out_of_force_at_once(deputy, director, branch):
    order = record(deputy, director, principal=deputy, unit=branch)

    delegations.end(delegation=order, by=deputy, now=NOW)

    order.refresh_from_db()
    assert (order.ended_by, order.ended_at, order.end_date) == (deputy, NOW, IN_A_WEEK)
    assert offices.standing_for(director, deputy, on=TODAY, unit=branch) is None
    assert Message.objects.filter(kind="delegation_ended").count() == 2
    assert AuditEvent.objects.filter(action="delegation.ended").count() == 1


def test_ending_twice_is_ending_once(deputy, director, branch):
    order = record(deputy, director, principal=deputy, unit=branch)

    delegations.end(delegation=order, by=deputy, now=NOW)
    delegations.end(delegation=order, by=director, now=NOW + timedelta(hours=1))

    order.refresh_from_db()
    assert (order.ended_by, order.ended_at) == (deputy, NOW)


def test_an_order_that_was_ended_can_be_given_again(deputy, director, branch):
    order = record(deputy, director, principal=deputy, unit=branch)
    delegations.end(delegation=order, by=deputy, now=NOW)

    again = record(deputy, director, principal=deputy, unit=branch)

    assert again != order
    assert offices.standing_for(director, deputy, on=TODAY, unit=branch) == again


def test_those_it_names_and_the_branch_office_may_end_it(deputy, director, branch_officer, outsider, branch):
    order = record(deputy, director, principal=deputy, unit=branch)

    with pytest.raises(DelegationRefused, match="by those it names"):
        delegations.end(delegation=order, by=outsider, now=NOW)
    assert order in delegations.visible_to(director, on=TODAY)
    assert order in delegations.visible_to(branch_officer, on=TODAY)
    assert order not in delegations.visible_to(outsider, on=TODAY)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("ends_after_start", {"end_date": date(2026, 1, 1)}),
        ("has_a_reason", {"reason": ""}),
        ("vacant_post_is_acting", {"kind": "delegate", "principal": None}),
        ("names_a_post_or_principal", {"principal": None, "unit": None}),
        ("not_to_oneself", {"principal": "person"}),
    ],
)
def test_the_database_refuses_orders_that_make_no_sense(deputy, director, branch, name, fields):
    values = {
        "kind": "acting",
        "principal": deputy,
        "unit": branch,
        "person": director,
        "reason": "Leave",
        "start_date": TODAY,
        "end_date": IN_A_WEEK,
        **fields,
    }
    if values["principal"] == "person":
        values["principal"] = director
    assert refused_by(Delegation.objects.create, **values) == f"delegation_{name}"


# On paper: whoever holds the post never signs in


def on_paper(by, person, **fields) -> Delegation:
    return record(by, person, **{"order_date": TODAY, "order_reference": "DO-12", **fields})


def test_the_branch_office_records_a_delegate_from_a_written_order(branch_officer, deputy, outsider, branch):
    order = on_paper(branch_officer, outsider, principal=deputy, unit=branch)
    assert order.written_order == "written order of November 23, 2026 (DO-12)"
    assert offices.standing_for(outsider, deputy, on=TODAY, unit=branch) == order
    assert set(Message.objects.values_list("recipient__name", flat=True)) == {"Otto Outsider", "Derek Deputy"}
    assert AuditEvent.objects.get().payload.data["written_order"] == order.written_order


def test_for_a_supervisor_without_a_post_too(branch_officer, supervisor, outsider):
    assert on_paper(branch_officer, outsider, principal=supervisor).unit is None


def test_without_a_written_order_nobody_names_anothers_delegate(branch_officer, deputy, outsider, branch):
    with pytest.raises(DelegationRefused, match="post of your own"):
        record(branch_officer, outsider, principal=deputy, unit=branch)


def test_a_written_order_is_recorded_by_the_own_branch_office_alone(
    director, supervisor, deputy, outsider, branch, org
):
    foreign = factories.officer(factories.unit("branch", parent=org.department))
    for by in (director, supervisor, outsider, foreign):
        with pytest.raises(DelegationRefused, match="own branch only"):
            on_paper(by, factories.person(), principal=deputy, unit=branch)


def test_a_written_order_that_names_the_officer_is_recorded_by_a_colleague(branch_officer, deputy, branch):
    with pytest.raises(DelegationRefused, match="names you"):
        on_paper(branch_officer, branch_officer, principal=deputy, unit=branch)


def test_an_officer_who_applied_records_no_written_order(
    cohort, branch_officer, supervisor, deputy, outsider, branch
):
    """T10."""
    factories.participant(cohort, branch_officer)
    with pytest.raises(DelegationRefused, match="You have applied"):
        on_paper(branch_officer, outsider, principal=deputy, unit=branch)


def test_a_written_order_of_somebody_else_than_the_holder_is_refused(
    branch_officer, director, outsider, branch
):
    with pytest.raises(DelegationRefused, match="Dana Director does not hold the post Branch Deputy"):
        on_paper(branch_officer, outsider, principal=director, unit=branch)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"order_date": TODAY + timedelta(days=1)}, "still to come"),
        ({"order_date": None}, "Give the date|post of your own"),
    ],
)
def test_a_written_order_has_a_date_that_has_come(branch_officer, deputy, outsider, branch, fields, reason):
    with pytest.raises(DelegationRefused, match=reason):
        on_paper(branch_officer, outsider, principal=deputy, unit=branch, **fields)
