"""The administration: administrators only, searchable, audited; records are read, nothing is deleted."""

import json
from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coaching import audit, delegations, jobs, outbox, signing
from coaching.models import (
    AuditEvent,
    ClosedDay,
    CompetencyModel,
    Consent,
    Delegation,
    DirectoryCorrection,
    JobClassification,
    LegalHold,
    Message,
    OrgUnit,
    Participant,
    Program,
    RetentionRun,
    RetentionTerm,
    RoleAssignment,
    Scan,
    SignedText,
    StaffUpload,
    Team,
    TeamChange,
    TeamProposal,
    User,
)
from tests import factories
from tests.clock import NOW, TODAY

pytestmark = pytest.mark.usefixtures("frozen")

IN_A_WEEK = TODAY + timedelta(days=7)
# What is said before teams stand is for the branch office alone (test_sweep.HIDDEN).
OF_OTHERS = {  # of the branch office, of alumni, of one person
    *("coaching.Pairing", "coaching.ProposalEdit", "coaching.TeamWishes"),
    *("coaching.AlumniEntry", "coaching.PersonExport"),
}
COACHING = [
    model for model in apps.get_app_config("coaching").get_models() if model._meta.label not in OF_OTHERS
]
READ_ONLY = [
    "auditevent",
    "auditlink",
    "auditpayload",
    "cohort",
    "competencyrating",
    "competencyskill",
    "consent",
    "directorycorrection",
    "esignconsent",
    "goal",
    "job",
    "membership",
    "message",
    "participant",
    "scan",
    "signedtext",
    "signoff",
    "staffupload",
    "team",
    "teamchange",
    "teamproposal",
]


@pytest.fixture
def office(client, administrator):
    client.force_login(administrator)
    return client


@pytest.fixture
def world(cohort, applicant, supervisor, deputy, director, branch_officer, administrator, org):
    """At least one row of every model."""
    people = [factories.participant(cohort, user) for user in (applicant, supervisor, director)]
    team = factories.confirmed_team(cohort, people, by=branch_officer)
    change = TeamChange.objects.create(team=team, answer_by=TODAY, created_by=branch_officer)
    Consent.objects.create(
        change=change, participant=people[0], answer="declined", reason="SECRET-REASON", answered_at=NOW
    )
    TeamProposal.objects.create(cohort=cohort, created_by=branch_officer)
    Scan.objects.create(
        kind="image/png", content=b"png", sha256="0" * 64, uploaded_by=branch_officer, uploaded_at=NOW
    )
    text = signing.signed_text(kind=SignedText.Kind.APPLICATION, text="A project", by=None, now=NOW)
    signing.sign(
        text=text, by=deputy, capacity="Deputy", statement="I agree.", typed_name=deputy.name, now=NOW
    )
    DirectoryCorrection.objects.create(user=applicant, field="name", says="Ana Reyes")
    delegations.record(
        kind="delegate",
        person=director,
        principal=deputy,
        unit=org.branch,
        reason="Leave",
        start_date=TODAY,
        end_date=IN_A_WEEK,
        by=deputy,
        now=NOW,
    )
    factories.classification("Analyst")
    org.unit.people.update(
        career_track=apps.get_model("coaching.CareerTrack").objects.create(name="Programs")
    )
    jobs.Job.objects.create(kind="anything", key="anything:1", created_by=branch_officer)
    StaffUpload.objects.create(file_name="staff.csv", content=b"x", uploaded_by=branch_officer)
    RetentionTerm.objects.create(series="mail", years=2)
    LegalHold.objects.create(person=applicant, reason="A complaint", set_by=administrator)
    RetentionRun.objects.create(started_by=administrator, started_at=NOW)
    audit.seal()
    return cohort


def address(model, page: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


# Every model; that every page opens is in test_sweep.py


def test_every_model_of_the_core_is_in_the_administration():
    assert [model for model in COACHING if not admin.site.is_registered(model)] == []


def test_rights_and_mail_addresses_are_kept_in_one_place():
    assert not admin.site.is_registered(apps.get_model("auth.Group"))
    assert not admin.site.is_registered(EmailAddress)


def test_records_are_read_only(office, world):
    for name in READ_ONLY:
        model = apps.get_model("coaching", name)
        row = model._default_manager.first()
        before = model._default_manager.filter(pk=row.pk).values().get()
        assert office.post(address(model, "add"), {}).status_code == 403, name
        assert office.post(address(model, "change", row.pk), {"status": "x"}).status_code == 403, name
        assert model._default_manager.filter(pk=row.pk).values().get() == before


def test_nothing_but_a_closed_day_is_deleted(office, world):
    for model in COACHING:
        if model is ClosedDay:
            continue
        row = model._default_manager.first()
        assert row is not None, f"the world lacks a row of {model}"
        assert office.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model
        assert model._default_manager.filter(pk=row.pk).exists()


def test_lists_take_as_many_queries_for_many_rows_as_for_few(office, world, org, deputy):
    models = [User, OrgUnit, RoleAssignment, Delegation, Message, AuditEvent]

    def queries() -> dict[str, int]:
        counts = {}
        for model in models:
            with CaptureQueriesContext(connection) as captured:
                office.get(address(model, "changelist"))
            counts[model.__name__] = len(captured)
        return counts

    outbox.queue(kind="invitation", to=deputy, key="first", now=NOW)
    queries()  # content types and the like are cached from here on
    few = queries()
    for number in range(3):
        user = factories.person(unit=org.unit, supervisor=org.director)
        factories.unit("unit", parent=org.division, head=user)
        RoleAssignment.objects.create(user=user, office="branch_office", unit=org.branch)
        outbox.queue(kind="invitation", to=user, key="first", now=NOW)
        audit.record("person.added", by=deputy, obj=user, now=NOW)
        Delegation.objects.create(
            kind="delegate",
            principal=deputy,
            person=user,
            reason=f"Leave {number}",
            start_date=TODAY,
            end_date=IN_A_WEEK,
        )
    assert queries() == few


# Who may


def test_nobody_else_finds_an_administration(client, branch_officer):
    """One stands for all: test_sweep.py asks as everybody."""
    client.force_login(branch_officer)

    for name in ("admin:index", "admin:login", "admin:coaching_user_changelist", "admin:jsi18n"):
        assert client.get(reverse(name)).status_code == 404, name
    assert client.get("/admin/no/such/page/").status_code == 404


def test_strangers_sign_in_at_the_site_s_own_door(client, db):
    answer = client.get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain[-1][0] == f"{reverse('account_login')}?next=/admin/"
    answer = client.get(reverse("admin:login") + "?next=/admin/coaching/user/")
    assert answer["Location"] == f"{reverse('account_login')}?next=/admin/coaching/user/"
    client.post(reverse("admin:login"), {"username": "x@example.org", "password": "x"})
    assert "_auth_user_id" not in client.session


def test_administrators_change_their_password_with_everybody_else(office):
    assert office.get(reverse("admin:login"))["Location"] == reverse("admin:index")
    assert office.get(reverse("admin:password_change"))["Location"] == reverse("account_change_password")


# What is not shown


def test_reasons_of_consents_are_not_for_administrators(office, world):
    """T4: a member's reason is read by the branch office alone."""
    consent = Consent.objects.get()
    pages = [
        address(Consent, "changelist"),
        address(Consent, "change", consent.pk),
        address(TeamChange, "change", consent.change_id),
        address(TeamChange, "changelist"),
    ]

    for page in pages:
        assert "SECRET-REASON" not in office.get(page).content.decode()
    assert "SECRET" not in office.get(pages[0], {"q": "SECRET-REASON"}).content.decode().replace(
        'value="SECRET-REASON"', ""
    ).replace("q=SECRET-REASON", "")


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (Consent, "reason__startswith"),
        (Consent, "reason"),
        (Participant, "consents__reason__startswith"),
        (Team, "bent_reason__contains"),
    ],
)
def test_what_is_not_shown_is_not_guessed_by_filtering(office, world, model, lookup):
    """T4: a list that answers "none" or "one" would give a reason away letter by letter."""
    assert office.get(address(model, "changelist"), {lookup: "SECRET"}).status_code == 400


def test_what_is_shown_can_be_filtered(office, world):
    for lookup in ({"answer": "declined"}, {"answer__exact": "declined"}, {"pk": Consent.objects.get().pk}):
        assert office.get(address(Consent, "changelist"), lookup).context["cl"].result_count == 1


def test_no_password_is_shown_or_set(office, applicant):
    """Whoever sets another person's password can sign in that person's name."""
    page = office.get(address(User, "change", applicant.pk)).content.decode()

    assert "password" not in page.replace("/accounts/password/change", "").replace(
        "/admin/password_change/", ""
    ).replace("Change password", "")
    office.post(address(User, "change", applicant.pk), {**person_data(applicant), "password": "pbkdf2"})
    applicant.refresh_from_db()
    assert not applicant.has_usable_password()


# Changes


def person_data(user: User | None = None, **values) -> dict[str, object]:
    data = {
        "name": user.name if user else "Nia New",
        "email": user.email if user else "nia@example.org",
        "is_active": "on",
        "role_assignments-TOTAL_FORMS": 0,
        "role_assignments-INITIAL_FORMS": 0,
    }
    if user:
        for name in ("unit", "classification", "career_track", "supervisor"):
            data[name] = getattr(user, f"{name}_id") or ""
    return {**data, **values}


def last_event() -> AuditEvent:
    return AuditEvent.objects.select_related("payload").order_by("-pk")[0]


def test_a_person_is_added_without_a_password_and_invited(office, org):
    office.post(address(User, "add"), person_data(email="NIA@Example.org", unit=org.unit.pk))

    nia = User.objects.get(email="nia@example.org")
    assert (nia.unit, nia.has_usable_password(), nia.invited_at) == (org.unit, False, NOW)
    assert Message.objects.get().kind == "invitation"
    actions = AuditEvent.objects.filter(object_id=nia.pk).values_list("action", flat=True)
    assert sorted(actions) == ["person.invited", "user.added"]


def test_a_change_is_audited_with_the_names_of_the_fields(office, applicant, administrator, org):
    office.post(
        address(User, "change", applicant.pk), person_data(applicant, name="Ana Reyes", supervisor="")
    )

    applicant.refresh_from_db()
    assert (applicant.name, applicant.supervisor) == ("Ana Reyes", None)
    event = last_event()
    assert (event.action, event.actor, event.object_id) == ("person.changed", administrator, applicant.pk)
    assert event.payload.data["changes"] == [
        ["Name", "Ana Applicant", "Ana Reyes"],
        ["Supervisor", "Sam Supervisor", ""],
    ]


def test_saving_without_a_change_leaves_no_event(office, applicant):
    office.post(address(User, "change", applicant.pk), person_data(applicant))

    assert not AuditEvent.objects.exists()


def test_an_office_given_with_the_person_is_audited(office, applicant, org):
    office.post(
        address(User, "change", applicant.pk),
        person_data(
            applicant,
            **{
                "role_assignments-TOTAL_FORMS": 1,
                "role_assignments-0-office": "branch_office",
                "role_assignments-0-unit": org.branch.pk,
                "role_assignments-0-start_date": "2026-11-23",
            },
        ),
    )

    role = applicant.role_assignments.get()
    assert role.unit == org.branch
    assert (last_event().action, last_event().object_id) == ("roleassignment.added", role.pk)


def test_a_circle_of_supervisors_is_refused(office, applicant, supervisor):
    answer = office.post(
        address(User, "change", supervisor.pk), person_data(supervisor, supervisor=applicant.pk)
    )

    assert "stands above that supervisor already" in answer.content.decode()
    supervisor.refresh_from_db()
    assert supervisor.supervisor != applicant


def test_a_new_mail_address_closes_the_old_one(office, applicant):
    EmailAddress.objects.create(user=applicant, email=applicant.email, primary=True, verified=True)

    office.post(address(User, "change", applicant.pk), person_data(applicant, email="reyes@example.org"))

    assert not EmailAddress.objects.exists()


def test_an_invitation_is_sent_again_on_request(office, applicant, deputy):
    deputy.set_password("a long enough password")
    deputy.save()

    chosen = {"action": "send_invitation", "_selected_action": [applicant.pk, deputy.pk]}
    asked = office.post(address(User, "changelist"), chosen).content.decode()

    assert "This writes to 1 person." in asked
    assert "1 of those you chose needs none." in asked
    assert f'name="_selected_action" value="{applicant.pk}"' in asked
    assert not Message.objects.exists()

    answer = office.post(address(User, "changelist"), chosen | {"confirmed": "yes"}, follow=True)

    assert "Invitations sent: 1. 1 did not need one" in answer.content.decode()
    assert Message.objects.get().recipient == applicant


def test_a_classification_is_marked_as_management_in_the_list(office):
    """F4."""
    row = factories.classification("Staff Services Manager I")

    office.post(
        address(JobClassification, "changelist"),
        {
            "form-TOTAL_FORMS": 1,
            "form-INITIAL_FORMS": 1,
            "form-0-id": row.pk,
            "form-0-is_management": "on",
            "_save": "Save",
        },
    )

    row.refresh_from_db()
    assert row.is_management
    assert last_event().payload.data["fields"] == ["is_management"]


def test_a_unit_does_not_stand_below_a_smaller_one(office, org):
    answer = office.post(
        address(OrgUnit, "change", org.division.pk),
        {"name": org.division.name, "parent": org.unit.pk, "head": org.director.pk},
    )

    assert "A unit stands below a larger kind of unit." in answer.content.decode()


def test_a_delegation_is_recorded_by_the_rules_of_the_site(office, deputy, director, branch, administrator):
    """A9."""
    data = {
        "kind": "delegate",
        "person": director.pk,
        "principal": deputy.pk,
        "unit": branch.pk,
        "reason": "Leave",
        "start_date": "2026-11-23",
        "end_date": "2026-11-30",
    }

    refused = office.post(address(Delegation, "add"), {**data, "person": deputy.pk})
    assert "name somebody else" in refused.content.decode()
    assert office.post(address(Delegation, "add"), data).status_code == 302

    order = Delegation.objects.get()
    assert (order.person, order.recorded_by) == (director, administrator)
    assert AuditEvent.objects.filter(action__startswith="delegation").count() == 1
    assert office.post(address(Delegation, "change", order.pk), {**data, "reason": "X"}).status_code == 403
    office.post(address(Delegation, "changelist"), {"action": "end_orders", "_selected_action": order.pk})
    order.refresh_from_db()
    assert order.ended_by == administrator


def test_a_competency_model_in_use_does_not_change(office, cohort):
    """F1: a cohort is tied to one version for good."""
    model = cohort.competency_model
    competency = model.competencies.first()

    assert office.post(address(CompetencyModel, "change", model.pk), {"name": "X"}).status_code == 403
    assert office.post(address(type(competency), "change", competency.pk), {"name": "X"}).status_code == 403


def test_a_competency_model_nobody_uses_is_edited(office):
    model = CompetencyModel.objects.create(name="Another", version="2030")

    assert office.get(address(CompetencyModel, "change", model.pk)).context["has_change_permission"]


def test_a_closed_day_that_was_wrong_is_removed_and_audited(office):
    day = ClosedDay.objects.create(date=date(2027, 1, 5), name="A mistake")

    office.post(address(ClosedDay, "delete", day.pk), {"post": "yes"})

    assert not ClosedDay.objects.filter(pk=day.pk).exists()
    assert (last_event().action, last_event().object_id) == ("closedday.removed", day.pk)


def form_data(context) -> dict[str, object]:
    """What a browser would send back from a page of the administration."""
    formsets = [each.formset for each in context["inline_admin_formsets"]]
    forms = [context["adminform"].form, *(form for formset in formsets for form in formset.forms)]
    forms += [formset.management_form for formset in formsets]
    data = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            if isinstance(value, list) and bound.name == "components":
                value = json.dumps(value)
            data[bound.html_name] = getattr(value, "pk", value)
    return {name: value for name, value in data.items() if value is not None and value is not False}


def test_removing_a_row_of_a_program_is_audited(office, program):
    requirement = program.requirements.first()
    data = form_data(office.get(address(Program, "change", program.pk)).context)
    (row,) = (
        name
        for name, value in data.items()
        if name.startswith("requirements-") and name.endswith("-id") and value == requirement.pk
    )

    answer = office.post(
        address(Program, "change", program.pk), {**data, row.replace("-id", "-DELETE"): "on"}
    )

    assert answer.status_code == 302, answer.context["errors"]
    assert not program.requirements.filter(pk=requirement.pk).exists()
    assert f"requirement {requirement.pk} removed" in last_event().payload.data["fields"]


def test_another_program_starts_as_a_copy(office, program):
    data = form_data(office.get(address(Program, "change", program.pk)).context)

    answer = office.post(
        address(Program, "change", program.pk),
        {**data, "name": "Pairs", "slug": "pairs", "_saveasnew": "Save as new"},
    )

    assert answer.status_code == 302, answer.context["errors"]
    copy = Program.objects.get(slug="pairs")
    assert copy.curriculum.count() == 8
    assert copy.route.count() == 3
    assert program.curriculum.count() == 8
