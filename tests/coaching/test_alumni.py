"""Those who completed a program find each other, and nobody finds who did not agree (C6)."""

import pytest

from coaching import alumni
from coaching.alumni import Filters
from coaching.models import AlumniEntry, AuditEvent, Competency, Participant
from tests import factories
from tests.clock import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def graduate(cohort, name="", **fields):
    user = factories.person(name, **fields)
    factories.participant(cohort, user)
    user.participations.update(status=Participant.Status.COMPLETED, completed_at=NOW)
    return user


def be_listed(user, role="Unit manager", competencies=(), about=""):
    return alumni.save(by=user, role=role, competencies=competencies, about=about, now=NOW)


def names(**filters) -> list[str]:
    return [entry.user.name for entry in alumni.found(Filters(**filters))]


@pytest.fixture
def ana(cohort, org):
    return graduate(cohort, "Ana Almond", unit=org.unit)


@pytest.fixture
def ben(cohort, org):
    return graduate(cohort, "Ben Birch", unit=org.other_unit)


def test_nobody_is_listed_who_did_not_agree(ana, ben):
    be_listed(ana)
    assert names() == ["Ana Almond"]


def test_found_by_division_competency_and_words(ana, ben, cohort, org):
    first, second = cohort.competency_model.competencies.all()[:2]
    be_listed(ana, competencies=[first])
    be_listed(ben, role="Division Director", competencies=[first, second], about="How to run a pilot")
    assert names(competency=first.name) == ["Ana Almond", "Ben Birch"]
    assert names(competency=second.name) == names(words="director") == names(words="PILOT") == ["Ben Birch"]
    assert names(division=org.unit.parent) == names(words="almond") == ["Ana Almond"]
    assert list(alumni.divisions()) == sorted([org.unit.parent, org.other_unit.parent], key=str)
    assert alumni.competency_names() == sorted([first.name, second.name])


def test_it_is_for_those_who_completed_alone(cohort, applicant):
    factories.participant(cohort, applicant)
    with pytest.raises(alumni.NotCompleted):
        be_listed(applicant)
    assert not AlumniEntry.objects.exists()


def test_it_takes_a_role(ana):
    with pytest.raises(alumni.RoleMissing):
        be_listed(ana, role="  ")


def test_competencies_are_those_of_programs_that_one_completed(ana, program):
    other = Competency.objects.create(
        model=type(program.competency_model).objects.create(name="Other", version="1"),
        position=1,
        name="Else",
    )
    assert list(be_listed(ana, competencies=[other]).competencies.all()) == []


def test_saved_twice_it_is_one_entry_with_the_later_words(ana):
    be_listed(ana, role="Analyst")
    be_listed(ana, role="Manager")
    assert AlumniEntry.objects.get().role == "Manager"
    assert list(AuditEvent.objects.filter(action__startswith="alumni").values_list("action", flat=True)) == [
        "alumni.listed",
        "alumni.changed",
    ]


def test_who_ends_it_leaves_nothing_behind(ana):
    be_listed(ana)
    assert alumni.withdraw(by=ana, now=NOW)
    assert not AlumniEntry.objects.exists()
    assert not alumni.withdraw(by=ana, now=NOW)
    assert AuditEvent.objects.filter(action="alumni.withdrawn").count() == 1


def test_whoever_left_the_department_is_not_found(ana):
    be_listed(ana)
    ana.is_active = False
    ana.save()
    assert names() == []


def test_many_take_as_many_queries_as_one(cohort, org, django_assert_num_queries):
    for number in range(4):
        be_listed(
            graduate(cohort, f"Gil {number}", unit=org.unit),
            competencies=cohort.competency_model.competencies.all(),
        )
    for most in (1, 4):
        with django_assert_num_queries(3):
            for entry in alumni.found(Filters())[:most]:
                assert entry.user.division
                assert [each.name for each in entry.competencies.all()]
                assert [str(each.cohort.program) for each in entry.user.completions]
