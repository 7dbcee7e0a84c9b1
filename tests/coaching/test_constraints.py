"""Every constraint of coaching's models stands in the database; each is broken once, beside a row that is valid."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import models

from coaching.models import (
    AlumniEntry,
    CareerTrack,
    ClosedDay,
    Competency,
    CompetencyModel,
    CompetencySkill,
    Consent,
    Delegation,
    DirectoryCorrection,
    Job,
    JobClassification,
    LegalHold,
    Membership,
    Message,
    OrgUnit,
    Pairing,
    Participant,
    PersonExport,
    RetentionRun,
    RetentionTerm,
    Scan,
    SignedText,
    SignOff,
    StaffUpload,
    Team,
    TeamChange,
    TeamProposal,
    TeamWishes,
)
from tests import factories
from tests.clock import NOW, TODAY
from tests.constraints import refused_by

EARLIER = NOW - timedelta(days=1)


@pytest.fixture
def w(org, cohort, program, applicant, supervisor, branch_officer) -> SimpleNamespace:
    """One valid row of everything, for the cases to lean on."""
    participant = factories.participant(cohort, applicant)
    team = factories.confirmed_team(cohort, [participant], by=branch_officer)
    change = TeamChange.objects.create(team=team, answer_by=TODAY)
    text = SignedText.objects.create(kind="application", text="I will.", digest="0" * 64)
    sign_off = {
        "text": text,
        "signer": applicant,
        "capacity": "Applicant",
        "statement": "Yes",
        "typed_name": "A",
    }
    SignOff.objects.create(**sign_off, signed_at=NOW)
    model = cohort.competency_model
    return SimpleNamespace(
        org=org,
        cohort=cohort,
        program=program,
        applicant=applicant,
        supervisor=supervisor,
        officer=branch_officer,
        participant=participant,
        team=team,
        change=change,
        consent=Consent.objects.create(change=change, participant=participant),
        text=text,
        sign_off=sign_off,
        model=model,
        competency=model.competencies.first(),
        delegation={"kind": "acting", "unit": org.division, "person": applicant, "reason": "On leave"}
        | {"start_date": TODAY, "end_date": TODAY},
        scan=Scan.objects.create(
            kind="image/png", content=b"png", sha256="0" * 64, uploaded_by=branch_officer, uploaded_at=NOW
        ),
        job=Job.objects.create(kind="x", key="x:1"),
        message={"kind": "x", "recipient": applicant, "due_at": NOW},
    )


def change(row: models.Model, **values: object) -> None:
    """Past every method of the model, as a script or another program would write."""
    assert type(row)._base_manager.filter(pk=row.pk).update(**values) == 1


def copy(row: models.Model, **values: object) -> None:
    """Insert the same row again, but for what is named."""
    fresh = type(row)._base_manager.get(pk=row.pk)
    fresh.pk = None
    fresh._state.adding = True
    for name, value in values.items():
        setattr(fresh, name, value)
    type(row)._base_manager.bulk_create([fresh])


def twice(model: type[models.Model], **values: object) -> None:
    model._base_manager.bulk_create([model(**values)])
    model._base_manager.bulk_create([model(**values)])


def correction(w: SimpleNamespace, **values: object) -> DirectoryCorrection:
    return DirectoryCorrection(**{"user": w.applicant, "field": "name", "says": "Ana B. Applicant", **values})


def hold(w: SimpleNamespace, **values: object) -> None:
    LegalHold.objects.create(**{"reason": "A claim.", "set_by": w.supervisor, **values})


CASES = {
    # People
    "orgunit_name_once_per_parent": lambda w: copy(w.org.division),
    "orgunit_name_once_at_the_top": lambda w: copy(w.org.department),
    "orgunit_not_its_own_parent": lambda w: change(w.org.unit, parent=w.org.unit),
    "orgunit_only_departments_at_the_top": lambda w: change(w.org.unit, parent=None),
    "user_email_in_lower_case": lambda w: change(w.applicant, email="Ana@example.org"),
    "user_not_their_own_supervisor": lambda w: change(w.applicant, supervisor=w.applicant),
    "user_has_a_name": lambda w: change(w.applicant, name=""),
    "user_merged_is_not_active": lambda w: change(w.applicant, merged_into=w.supervisor),
    "staffupload_ends_without_people": lambda w: StaffUpload.objects.create(
        file_name="staff.csv", content=b"", uploaded_by=w.officer, imported_at=NOW, report={"added": 1}
    ),
    "alumnientry_has_a_role": lambda w: AlumniEntry.objects.create(user=w.applicant, role=""),
    "roleassignment_once_while_it_lasts": lambda w: copy(w.officer.role_assignments.get()),
    "roleassignment_ends_after_start": lambda w: change(
        w.officer.role_assignments.get(), end_date=date(2025, 12, 31)
    ),
    "delegation_ends_after_start": lambda w: Delegation.objects.create(
        **w.delegation | {"end_date": TODAY - timedelta(days=1)}
    ),
    "delegation_not_to_oneself": lambda w: Delegation.objects.create(**w.delegation, principal=w.applicant),
    "delegation_names_a_post_or_principal": lambda w: Delegation.objects.create(
        **w.delegation | {"unit": None}
    ),
    "delegation_has_a_reason": lambda w: Delegation.objects.create(**w.delegation | {"reason": ""}),
    "delegation_order_is_dated": lambda w: Delegation.objects.create(**w.delegation, order_reference="12"),
    "delegation_vacant_post_is_acting": lambda w: Delegation.objects.create(
        **w.delegation | {"kind": "delegate"}
    ),
    "correction_one_open_per_field": lambda w: DirectoryCorrection.objects.bulk_create(
        [correction(w), correction(w)]
    ),
    "correction_settled_when_not_open": lambda w: correction(w, status="confirmed").save(),
    # Programs
    "competencymodel_version_once": lambda w: copy(w.model),
    "competency_position_once": lambda w: copy(w.competency, name="Another"),
    "competency_name_once": lambda w: copy(w.competency, position=99),
    "skill_name_once": lambda w: copy(w.competency.skills.first()),
    "program_keeps_records_for_a_year": lambda w: change(w.program, retention_years=0),
    "program_keeps_participation_for_a_year": lambda w: change(w.program, participation_years=0),
    "program_team_sizes_make_sense": lambda w: change(w.program, min_team_size=5),
    "curriculumitem_position_once": lambda w: copy(w.program.curriculum.first()),
    "curriculumitem_month_from_one": lambda w: change(w.program.curriculum.first(), month=0),
    "curriculumitem_lasts_a_while": lambda w: change(w.program.curriculum.first(), minutes=14),
    "routestep_position_once": lambda w: change(w.program.route.last(), position=1),
    "routestep_office_once": lambda w: copy(w.program.route.first(), position=9),
    "routestep_one_decides": lambda w: change(w.program.route.first(), decides=True),
    "requirement_once": lambda w: copy(w.program.requirements.first()),
    "requirement_at_most_all": lambda w: change(w.program.requirements.get(unit="percent"), least=101),
    "closedday_once_per_branch": lambda w: twice(ClosedDay, date=TODAY, name="Moving", branch=w.org.branch),
    "closedday_once_for_all": lambda w: twice(ClosedDay, date=date(2020, 1, 1), name="New Year"),
    "cohort_name_once_per_branch": lambda w: copy(w.cohort),
    "cohort_closes_after_open": lambda w: change(w.cohort, applications_close_date=date(2026, 10, 31)),
    "cohort_meets_after_applications": lambda w: change(w.cohort, first_month=date(2026, 12, 1)),
    "cohort_first_month_is_a_month": lambda w: change(w.cohort, first_month=date(2027, 2, 2)),
    "cohort_seats_for_a_team": lambda w: change(w.cohort, seats=1),
    "cohort_meets_on_a_weekday": lambda w: change(w.cohort, meeting_weekday=5),
    "cohort_agreements_take_a_day_to_a_month": lambda w: change(w.cohort, agreement_days=31),
    "cohort_notes_last_two_weeks": lambda w: change(w.cohort, notes_days=13),
    "cohort_evaluations_open_a_day": lambda w: change(w.cohort, evaluation_days=0),
    # Records
    "signedtext_has_text": lambda w: change(w.text, text=""),
    "signoff_once_per_capacity": lambda w: SignOff.objects.create(**w.sign_off, signed_at=NOW),
    "signoff_says_what_and_who": lambda w: change(SignOff.objects.get(), typed_name=""),
    "signoff_address_is_of_a_session": lambda w: change(SignOff.objects.get(), address="192.0.2.7"),
    "signoff_on_paper_is_attested": lambda w: change(SignOff.objects.get(), on_paper=True),
    "signoff_attested_by_another": lambda w: change(
        SignOff.objects.get(),
        on_paper=True,
        scan=w.scan,
        attested_by=w.applicant,
        attested_at=NOW,
    ),
    "scan_is_one_of_three": lambda w: change(w.scan, kind="text/html"),
    "scan_has_its_digest": lambda w: change(w.scan, sha256=""),
    "esignconsent_once_per_version": lambda w: copy(w.applicant.esign_consents.get()),
    "esignconsent_says_to_what": lambda w: change(w.applicant.esign_consents.get(), text=""),
    "message_sent_is_dated": lambda w: Message.objects.create(**w.message, key="1", status="sent"),
    "job_one_unfinished_per_key": lambda w: Job.objects.create(kind="x", key="x:1", status="running"),
    # Retention
    "personexport_one_each": lambda w: twice(PersonExport, person=w.applicant, asked_at=NOW),
    "personexport_made_is_dated": lambda w: PersonExport.objects.create(
        person=w.applicant, asked_at=NOW, made_at=NOW
    ),
    "retentionterm_lasts_a_year": lambda w: RetentionTerm.objects.create(series="mail", years=0),
    "retentionterm_of_no_program": lambda w: RetentionTerm.objects.create(series="applications", years=5),
    "legalhold_on_a_person_or_cohort": lambda w: hold(w, person=w.applicant, cohort=w.cohort),
    "legalhold_has_a_reason": lambda w: hold(w, person=w.applicant, reason=""),
    "legalhold_lifted_says_by_whom_and_why": lambda w: hold(w, person=w.applicant, lifted_at=NOW),
    "retentionrun_one_at_a_time": lambda w: twice(RetentionRun, started_at=NOW),
    "retentionrun_done_is_dated": lambda w: RetentionRun.objects.create(started_at=NOW, status="done"),
    # Teams
    "wishes_name_a_time": lambda w: TeamWishes.objects.create(
        participant=w.participant, times=[], answered_at=NOW
    ),
    "pairing_has_a_reason": lambda w: Pairing.objects.create(cohort=w.cohort, kind="apart", reason=""),
    "participant_once_per_cohort": lambda w: copy(w.participant),
    "participant_left_when_left": lambda w: change(w.participant, status="left"),
    "participant_completed_when_completed": lambda w: change(w.participant, completed_at=NOW),
    "rating_once_per_competency": lambda w: copy(w.participant.ratings.first(), rating="glow"),
    "proposal_one_draft_per_cohort": lambda w: twice(TeamProposal, cohort=w.cohort),
    "team_number_once_per_cohort": lambda w: Team.objects.create(cohort=w.cohort, number=w.team.number),
    "team_confirmed_is_dated": lambda w: change(w.team, confirmed_at=None),
    "membership_one_team_at_a_time": lambda w: Membership.objects.create(  # T9
        participant=w.participant, team=Team.objects.create(cohort=w.cohort, number=9)
    ),
    "membership_ends_after_it_begins": lambda w: change(w.team.memberships.get(), ended_at=EARLIER),
    "teamchange_one_open_per_team": lambda w: TeamChange.objects.create(team=w.team, answer_by=TODAY),
    "teamchange_open_has_its_day": lambda w: change(w.change, answer_by=None),
    "consent_once_per_change": lambda w: Consent.objects.create(change=w.change, participant=w.participant),
    "consent_answered_is_dated": lambda w: change(w.consent, answer="agreed"),
}
UNIQUE_FIELDS = {
    "careertrack.name": lambda w: twice(CareerTrack, name="Policy"),
    "goal.participant": lambda w: copy(w.participant.goal),
    "jobclassification.name": lambda w: twice(JobClassification, name="Analyst"),
    "message.key": lambda w: twice(Message, **w.message, key="1"),
    "message.message_id": lambda w: [
        Message.objects.create(**w.message, key=key, message_id="00000000-0000-0000-0000-000000000001")
        for key in ("1", "2")
    ],
    "program.slug": lambda w: copy(w.program),
    "alumnientry.user": lambda w: twice(AlumniEntry, user=w.applicant, role="Unit manager"),
    "retentionterm.series": lambda w: twice(RetentionTerm, series="mail", years=2),
    "teamwishes.participant": lambda w: twice(
        TeamWishes, participant=w.participant, times=["2-0900"], answered_at=NOW
    ),
    "user.email": lambda w: copy(w.applicant),
}


def coaching_models() -> list[type[models.Model]]:
    return [model for model in apps.get_app_config("coaching").get_models() if not model._meta.auto_created]


def kinds() -> dict[str, models.BaseConstraint]:
    return {
        constraint.name: constraint for model in coaching_models() for constraint in model._meta.constraints
    }


def test_every_constraint_has_its_case():
    assert sorted(CASES) == sorted(kinds())


def test_every_unique_field_has_its_case():
    fields = {
        f"{model._meta.model_name}.{field.name}"
        for model in coaching_models()
        for field in model._meta.fields
        if field.unique and not field.primary_key
    }
    assert sorted(UNIQUE_FIELDS) == sorted(fields - {"auditlink.event"})  # broken in test_audit.py


@pytest.mark.parametrize("name", CASES)
def test_database_refuses(name, w):
    assert refused_by(CASES[name], w) == name


@pytest.mark.parametrize("name", UNIQUE_FIELDS)
def test_database_refuses_the_same_again(name, w):
    assert refused_by(UNIQUE_FIELDS[name], w).startswith(f"coaching_{name}")


# What the constraints leave open


def test_ended_rows_make_room_for_new_ones(w):
    copy(w.officer.role_assignments.get(), start_date=date(2025, 1, 1), end_date=date(2025, 12, 31))
    DirectoryCorrection.objects.bulk_create(
        [
            correction(w, status="confirmed", settled_at=NOW),
            correction(w, status="declined", settled_at=NOW),
            correction(w),
        ]
    )
    Job.objects.filter(pk=w.job.pk).update(status="done")
    Job.objects.create(kind="x", key="x:1")
    Participant.objects.filter(pk=w.participant.pk).update(status="left", left_at=NOW)
    copy(w.participant)
    w.team.memberships.update(ended_at=NOW)
    Membership.objects.create(participant=w.participant, team=w.team)
    TeamProposal.objects.bulk_create(
        TeamProposal(cohort=w.cohort, status=status) for status in ("published", "discarded", "draft")
    )
    TeamChange.objects.filter(pk=w.change.pk).update(status="cancelled")
    TeamChange.objects.create(team=w.team, answer_by=TODAY)
    made = (
        w.officer.role_assignments,
        w.applicant.corrections,
        Job.objects.filter(key="x:1"),
        w.cohort.participants.filter(user=w.participant.user),
        w.team.memberships.filter(participant=w.participant),
        w.cohort.proposals,
        w.team.changes,
    )
    assert [rows.count() for rows in made] == [2, 3, 2, 2, 2, 3, 2]


def test_same_names_under_other_parents_are_allowed(w):
    OrgUnit.objects.create(kind="unit", name=w.org.unit.name, parent=w.org.other_division)
    other = CompetencyModel.objects.create(name=w.model.name, version="2030")
    copy(w.competency, model=other)
    CompetencySkill.objects.create(
        competency=Competency.objects.get(model=other), position=1, name="communication"
    )
    assert OrgUnit.objects.filter(name=w.org.unit.name).count() == 2
    assert Competency.objects.filter(name=w.competency.name).count() == 2
    assert CompetencySkill.objects.filter(name="communication").count() == 2


@pytest.mark.parametrize("used", ["competency_model", "program", "branch", "user", "team"])
def test_what_records_stand_on_is_not_deleted(w, used):
    rows = {
        "competency_model": w.model,
        "program": w.program,
        "branch": w.org.branch,
        "user": w.applicant,
        "team": w.team,
    }
    with pytest.raises(models.ProtectedError):
        rows[used].delete()
