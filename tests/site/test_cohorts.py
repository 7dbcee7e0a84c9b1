"""The pages of cohorts: F1, F3, F5, T10."""

from datetime import date, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains

from coaching.models import AuditEvent, ClosedDay, Cohort, Participant, RoleAssignment, Team
from coaching.site.cohorts import readable_cohorts
from tests import factories
from tests.clock import NOW

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")

VALUES = {
    "agreed": "yes",  # to all its dates
    "name": "2028",
    "seats": "24",
    "applications_open_date": "2026-12-01",
    "applications_close_date": "2027-01-15",
    "first_month": "2027-03-01",
    "meeting_week": "3",
    "meeting_weekday": "2",
    "meeting_start_time": "09:00",
    "meeting_place": "Room 100",
    "final_meeting_contents": "Outcomes",
    "track_preference": "none",
    "keep_signers_apart": "on",
    "agreement_days": "7",
    "quorum": "2",
    "missed_months_allowed": "0",
    "evaluation_days": "14",
    "notes_days": "90",
    "contact_role": "Program coordinator",
    "contact_email": "coaching@example.org",
    "contact_phone": "(555) 555-0100",
}


@pytest.fixture
def values(program, branch):
    return {**VALUES, "program": str(program.pk), "branch": str(branch.pk)}


@pytest.fixture
def office(client, branch_officer):
    client.force_login(branch_officer)
    return client


def errors(response):
    return {
        field: [str(error) for error in found] for field, found in response.context["form"].errors.items()
    }


# Opening


def test_form_comes_with_good_defaults(office, program):
    form = office.get(reverse("cohort_open")).context["form"]
    assert form["applications_open_date"].value() == date(2026, 11, 23)
    assert form["applications_close_date"].value() == date(2027, 1, 4)
    assert form["first_month"].value() == "2027-03-01"
    assert (form["meeting_week"].value(), form["meeting_weekday"].value()) == (3, 2)
    assert form["program"].value() == program.pk
    assert form.fields["program"].widget.is_hidden


def test_officer_opens_a_cohort(office, values, program, branch, branch_officer):
    response = office.post(reverse("cohort_open"), values)
    cohort = Cohort.objects.get(name="2028")
    assert response.status_code == 302
    assert response.url == reverse("cohort", args=[cohort.pk])
    assert (cohort.branch, cohort.program, cohort.opened_by) == (branch, program, branch_officer)
    assert cohort.competency_model == program.competency_model
    assert cohort.first_month == date(2027, 3, 1)
    assert AuditEvent.objects.get(action="cohort.opened").actor == branch_officer


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"applications_close_date": "2026-11-30"}, "applications_close_date", "close before they open"),
        (
            {"applications_open_date": "2026-10-01", "applications_close_date": "2026-11-22"},
            "applications_close_date",
            "This day is over",
        ),
        ({"first_month": "2027-01-01"}, "first_month", "Meetings begin after applications close"),
        ({"first_month": "2027-03-02"}, "first_month", "Select a valid choice"),
        ({"seats": "2"}, "seats", "A team has three or four members"),
        ({"meeting_week": "5"}, "meeting_week", "Select a valid choice"),
        ({"evaluation_days": "0"}, "evaluation_days", "greater than or equal to 1"),
        ({"quorum": "0"}, "quorum", "At least one"),
        ({"quorum": "4"}, "quorum", "A team may have 3 members"),
        ({"missed_months_allowed": "8"}, "missed_months_allowed", "at most 7 can be missed"),
        ({"agreement_days": "0"}, "agreement_days", "greater than or equal to 1"),
        ({"agreement_days": "31"}, "agreement_days", "less than or equal to 30"),
        ({"evaluation_days": "61"}, "evaluation_days", "less than or equal to 60"),
        ({"notes_days": "13"}, "notes_days", "greater than or equal to 14"),
        ({"notes_days": "366"}, "notes_days", "less than or equal to 365"),
        ({"contact_email": "nobody"}, "contact_email", "valid email"),
        ({"name": ""}, "name", "required"),
    ],
)
def test_values_that_cannot_be_are_explained(office, cohort, values, changes, field, words):
    response = office.post(reverse("cohort_open"), {**values, **changes})
    assert response.status_code == 200
    assert list(errors(response)) == [field]
    assert words in errors(response)[field][0]
    assert list(Cohort.objects.all()) == [cohort]


def test_name_is_used_once_in_a_branch(office, cohort, values):
    response = office.post(reverse("cohort_open"), {**values, "name": cohort.name})
    assert errors(response) == {"name": ["Your branch has a cohort of this name already."]}
    assert list(Cohort.objects.all()) == [cohort]


def test_cohort_of_another_branch_cannot_be_opened(office, cohort, values, org):
    """F5"""
    foreign = factories.unit("branch", parent=org.department)
    response = office.post(reverse("cohort_open"), {**values, "branch": str(foreign.pk)})
    assert list(errors(response)) == ["branch"]
    assert list(Cohort.objects.all()) == [cohort]


# Editing


def test_officer_changes_settings(office, values, cohort, branch_officer):
    response = office.post(reverse("cohort_edit", args=[cohort.pk]), {**values, "seats": "30"})
    assert response.status_code == 302
    cohort.refresh_from_db()
    assert (cohort.seats, cohort.meeting_place) == (30, "Room 100")
    event = AuditEvent.objects.get(action="cohort.changed")
    assert event.actor == branch_officer
    assert {"seats", "meeting_place"} <= set(event.payload.data["fields"])


def test_saving_without_changes_writes_nothing(office, cohort):
    form = office.get(reverse("cohort_edit", args=[cohort.pk])).context["form"]
    unchanged = {
        name: value
        for name in form.fields
        if (value := form[name].value()) is not None and value is not False
    }
    unchanged["meeting_start_time"] = "09:00"
    assert office.post(reverse("cohort_edit", args=[cohort.pk]), unchanged).status_code == 302
    assert not AuditEvent.objects.filter(action="cohort.changed").exists()


def as_shown(response):
    """What the form of this page would send."""
    form = response.context["form"]
    assertContains(response, f'name="seen" value="{form["seen"].value()}"')
    bound = {name: form[name] for name in form.fields}
    shown = {name: field.field.prepare_value(field.value()) for name, field in bound.items()}
    return {name: value for name, value in shown.items() if value is not None and value is not False}


def test_what_a_colleague_changed_meanwhile_stays_where_it_was_not_touched(office, cohort):
    address = reverse("cohort_edit", args=[cohort.pk])
    mine, theirs = as_shown(office.get(address)), as_shown(office.get(address))
    office.post(address, {**theirs, "seats": "30", "meeting_start_time": "13:00", "other_team_counts": "on"})
    assert office.post(address, {**mine, "meeting_place": "Room 5"}).status_code == 302
    cohort.refresh_from_db()
    assert (cohort.seats, cohort.meeting_start_time, cohort.other_team_counts, cohort.meeting_place) == (
        30,
        time(13),
        True,
        "Room 5",
    )
    latest = AuditEvent.objects.filter(action="cohort.changed").order_by("-pk")[0]
    assert latest.payload.data["fields"] == ["meeting_place"]


def test_what_both_changed_is_named_and_decided(office, cohort):
    address = reverse("cohort_edit", args=[cohort.pk])
    mine, theirs = as_shown(office.get(address)), as_shown(office.get(address))
    office.post(address, {**theirs, "seats": "30", "applications_close_date": "2027-01-15", "quorum": "3"})
    page = office.post(
        address,
        {**mine, "seats": "20", "applications_close_date": "2027-01-10", "closed_days": "12/24/2026 Retreat"},
    )
    assert errors(page) == {
        "__all__": [
            "This was changed while this page was open. If what you typed still holds, send it again."
        ],
        "seats": ["It reads now: “30”"],
        "applications_close_date": ["It reads now: Friday, January 15, 2027."],
    }
    cohort.refresh_from_db()
    assert (cohort.seats, cohort.applications_close_date) == (30, date(2027, 1, 15))
    assert not ClosedDay.objects.filter(branch=cohort.branch).exists()
    again = as_shown(page)
    assert (again["seats"], again["quorum"]) == ("20", "3")
    assert office.post(address, again).status_code == 302
    cohort.refresh_from_db()
    assert (cohort.seats, cohort.applications_close_date, cohort.quorum) == (20, date(2027, 1, 10), 3)
    assert ClosedDay.objects.filter(branch=cohort.branch).exists()


def test_closed_days_that_both_changed_are_named_and_decided(office, cohort):
    """M3"""
    moving, retreat = date(2026, 12, 23), date(2026, 12, 24)
    for day in (moving, retreat):
        ClosedDay.objects.create(date=day, name="Closed", branch=cohort.branch)

    def own():
        return dict(ClosedDay.objects.filter(branch=cohort.branch).values_list("date", "name"))

    address = reverse("cohort_edit", args=[cohort.pk])
    mine, theirs = as_shown(office.get(address)), as_shown(office.get(address))
    office.post(address, {**theirs, "closed_days": "12/24/2026 Inventory\n12/28/2026 Painting"})
    typed = "12/23/2026 Moving\n12/24/2026 Retreat\n12/28/2026 Painting\n12/29/2026 Cleaning"
    page = office.post(address, {**mine, "closed_days": typed, "seats": "20"})
    assert errors(page)["closed_days"] == [
        "Wednesday, December 23, 2026 is no closed day any more.",
        "Thursday, December 24, 2026 is Inventory now.",
    ]
    cohort.refresh_from_db()
    assert (cohort.seats, own()) == (12, {retreat: "Inventory", date(2026, 12, 28): "Painting"})
    assert office.post(address, as_shown(page)).status_code == 302
    cohort.refresh_from_db()
    assert cohort.seats == 20
    assert own() == {
        moving: "Moving",
        retreat: "Retreat",
        date(2026, 12, 28): "Painting",
        date(2026, 12, 29): "Cleaning",
    }


def test_seats_cannot_be_less_than_participants(office, values, cohort):
    for _ in range(4):
        factories.participant(cohort)
    response = office.post(reverse("cohort_edit", args=[cohort.pk]), {**values, "seats": "3"})
    assert "4 seats are taken already" in errors(response)["__all__"][0]
    cohort.refresh_from_db()
    assert cohort.seats == 12


def test_first_month_is_fixed_once_a_team_stands(office, values, cohort, branch_officer):
    people = [factories.participant(cohort) for _ in range(3)]
    factories.confirmed_team(cohort, people, by=branch_officer)
    office.post(reverse("cohort_edit", args=[cohort.pk]), {**values, "first_month": "2027-05-01"})
    cohort.refresh_from_db()
    assert cohort.first_month == date(2027, 2, 1)


def test_what_counts_is_fixed_once_a_team_stands(office, values, cohort, branch_officer):
    """C2: nobody's certificate comes nearer or farther by a setting changed afterwards."""
    people = [factories.participant(cohort) for _ in range(3)]
    factories.confirmed_team(cohort, people, by=branch_officer)
    address = reverse("cohort_edit", args=[cohort.pk])
    page = office.get(address).content.decode()
    assert page.count("Fixed since the first team was confirmed.") == 4
    office.post(address, {**values, "missed_months_allowed": "3", "quorum": "1", "other_team_counts": "on"})
    cohort.refresh_from_db()
    assert (cohort.missed_months_allowed, cohort.quorum, cohort.other_team_counts) == (0, 2, False)


def test_branch_and_program_of_a_cohort_are_fixed(office, values, cohort, org):
    """F1, F5"""
    foreign = factories.unit("branch", parent=org.department)
    office.post(reverse("cohort_edit", args=[cohort.pk]), {**values, "branch": str(foreign.pk)})
    cohort.refresh_from_db()
    assert cohort.branch == org.branch


# The pages


def test_page_shows_numbers_participants_and_program(office, cohort, branch_officer):
    people = [factories.participant(cohort) for _ in range(4)]
    factories.confirmed_team(cohort, people[:3], by=branch_officer)
    Participant.objects.filter(pk=people[3].pk).update(status="left", left_at=NOW, left_reason="Moved away")
    response = office.get(reverse("cohort", args=[cohort.pk]))
    numbers = {number.label: (number.count, number.details) for number in response.context["numbers"]}
    assert numbers["Participants"] == (3, "of 12 seats; 0 completed, 1 left")
    assert numbers["Teams"] == (1, "1 confirmed, 0 being agreed to")
    assert numbers["Applications"] == (0, "none yet")
    assert numbers["Meetings"] == (0, "held; 0 ahead")
    assert numbers["Certificates"] == (0, "issued and standing")
    for room in ("cohort_applications", "cohort_teams", "office_meetings_cohort", "certificate_completion"):
        assert reverse(room, args=[cohort.pk]) in response.content.decode()
    text = response.content.decode()
    for words in (
        "Open for applications until Thursday, December 31, 2026",
        "Moved away",
        "Introduction to Program",
        "Branch Deputy",
        "Meetings attended: 1 times, each month",
        "Third Wednesday of the month, 9:00 a.m.",
    ):
        assert words in text


def test_pages_take_the_same_queries(office, cohort, branch_officer, program, branch, org):
    def rows(count):
        for _ in range(count):
            factories.cohort(program, branch)
            user = factories.person(unit=org.unit, classification=factories.classification("Analyst"))
            factories.confirmed_team(cohort, [factories.participant(cohort, user)], by=branch_officer)

    def queries(address):
        with CaptureQueriesContext(connection) as captured:
            assert office.get(address).status_code == 200
        return len(captured)

    addresses = (reverse("cohorts"), reverse("cohort", args=[cohort.pk]))
    rows(1)
    with_one = [queries(address) for address in addresses]
    rows(2)
    assert [queries(address) for address in addresses] == with_one


def test_deputy_reads_but_does_not_write(client, cohort, deputy):
    client.force_login(deputy)
    factories.participant(cohort)
    Participant.objects.update(status="left", left_at=NOW, left_reason="Moved away")
    assert client.get(reverse("cohorts")).status_code == 200
    text = client.get(reverse("cohort", args=[cohort.pk])).content.decode()
    assert "Moved away" not in text
    assert reverse("cohort_edit", args=[cohort.pk]) not in text
    assert client.get(reverse("cohort_edit", args=[cohort.pk])).status_code == 404
    assert client.get(reverse("cohort_open")).status_code == 404


@pytest.mark.parametrize(
    "role",
    [
        "applicant",
        "supervisor",
        "director",
        "superintendent",
        "training_officer",
        "administrator",
        "outsider",
    ],
)
def test_cohort_pages_do_not_exist_for_others(client, cohort, request, role):
    client.force_login(request.getfixturevalue(role))
    for name, args in (
        ("cohorts", []),
        ("cohort_open", []),
        ("cohort", [cohort.pk]),
        ("cohort_edit", [cohort.pk]),
    ):
        assert client.get(reverse(name, args=args)).status_code == 404


def test_branches_do_not_see_each_other(client, cohort, org):
    """F5"""
    client.force_login(factories.officer(factories.unit("branch", parent=org.department)))
    assert client.get(reverse("cohort", args=[cohort.pk])).status_code == 404
    assert client.post(reverse("cohort_edit", args=[cohort.pk]), VALUES).status_code == 404
    assert list(client.get(reverse("cohorts")).context["rows"]) == []


def test_officer_who_takes_part_has_no_office_page(office, cohort, branch_officer):
    """T10"""
    factories.participant(cohort, branch_officer)
    assert not readable_cohorts(branch_officer).exists()
    assert office.get(reverse("cohort", args=[cohort.pk])).status_code == 404


def test_former_officer_has_no_page(office, cohort):
    RoleAssignment.objects.update(end_date=date(2026, 11, 22))
    assert office.get(reverse("cohorts")).status_code == 404


def test_stranger_is_sent_to_sign_in(client, cohort):
    response = client.get(reverse("cohort", args=[cohort.pk]))
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


# Leaving


def test_participant_leaves_from_their_page(client, cohort, applicant):
    """F3: asking first, and nothing happens by looking."""
    participant = factories.participant(cohort, applicant)
    address = reverse("participation_leave", args=[participant.pk])
    client.force_login(applicant)
    text = client.get(address).content.decode()
    for words in (
        "Taking part is voluntary",
        f"You will not get a certificate for the {cohort}.",
        "Who reads this:</span> the branch office and the program’s administrators",
    ):
        assert words in text
    participant.refresh_from_db()
    assert participant.status == "active"
    response = client.post(address, {"reason": "  A new post  "})
    assert (response.status_code, response.url) == (302, reverse("home"))
    participant.refresh_from_db()
    assert (participant.status, participant.left_reason) == ("left", "A new post")
    assert client.post(address, {"reason": "Again"}).status_code == 404
    assert AuditEvent.objects.filter(action="participant.left").count() == 1


def test_office_records_a_departure(office, cohort, applicant, branch_officer):
    participant = factories.participant(cohort, applicant)
    response = office.post(reverse("participation_leave", args=[participant.pk]), {"reason": ""})
    assert response.url == reverse("cohort", args=[cohort.pk])
    assert AuditEvent.objects.get(action="participant.left").actor == branch_officer


def test_whoever_completed_is_told_so(client, cohort, applicant):
    participant = factories.participant(cohort, applicant)
    Participant.objects.update(status="completed", completed_at=NOW)
    client.force_login(applicant)
    response = client.post(reverse("participation_leave", args=[participant.pk]), {"reason": ""}, follow=True)
    assert "has completed the program" in response.content.decode()


@pytest.mark.parametrize("role", ["supervisor", "director", "deputy", "outsider", "administrator"])
def test_nobody_else_finds_the_leave_page(client, cohort, applicant, request, role):
    participant = factories.participant(cohort, applicant)
    client.force_login(request.getfixturevalue(role))
    address = reverse("participation_leave", args=[participant.pk])
    assert (client.get(address).status_code, client.post(address).status_code) == (404, 404)
    assert Team.objects.count() == 0
    participant.refresh_from_db()
    assert participant.status == "active"
