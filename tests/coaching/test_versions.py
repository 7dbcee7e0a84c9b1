"""Versions of a competency model: a new one is for cohorts to come, and nothing of a running one changes (F1)."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching import versions
from coaching.meanwhile import BothChanged, mark
from coaching.models import AuditEvent, CompetencyModel, RoleAssignment
from meetings import briefing, laying_out
from meetings import program as meeting_program
from meetings.models import Meeting
from tests import factories
from tests.clock import NOW

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")


@pytest.fixture
def begin(cohort, training_officer):
    def begun(version="January 2028", **values):
        return versions.begin(
            **{
                "model": cohort.competency_model,
                "version": version,
                "by": training_officer,
                "now": NOW,
                **values,
            }
        )

    return begun


@pytest.fixture
def change(training_officer):
    def changed(model, **values):
        return versions.change(**{"model": model, "by": training_officer, "now": NOW, **values})

    return changed


def content(model):
    return [
        (each.position, each.name, [skill.name for skill in each.skills.all()])
        for each in model.competencies.all()
    ]


def field(model, what="name", position=1):
    return f"{what}-{model.competencies.get(position=position).pk}"


class TestBeginning:
    def test_the_same_words_served_by_the_same_meetings(self, begin, cohort, program):
        new = begin(" January  2028 ")
        assert (new.name, new.version) == (cohort.competency_model.name, "January 2028")
        assert content(new) == content(cohort.competency_model)
        second = program.curriculum.get(position=2)
        assert [each.name for each in second.competencies.filter(model=new)] == [
            "Fostering a Team Environment"
        ]
        assert AuditEvent.objects.filter(action="competency_model.begun").count() == 1

    @pytest.mark.parametrize("version", ["", "  ", "January 2028", "x" * 61])
    def test_a_name_that_cannot_be_is_refused(self, begin, version):
        begin()
        with pytest.raises(versions.CannotChange, match="a name that no version has yet"):
            begin(version)
        assert CompetencyModel.objects.count() == 2


class TestChanging:
    def test_names_and_skills(self, begin, change, cohort):
        new, before = begin(), content(cohort.competency_model)
        words = {
            field(new): " Fostering  Teams ",
            field(new, "skills"): "listening\n\n  listening\nteam leadership ",
        }
        assert change(new, words=words)
        assert content(new)[0] == (1, "Fostering Teams", ["listening", "team leadership"])
        assert content(new)[1:] == before[1:]
        assert content(cohort.competency_model) == before
        assert not change(new, words=words)
        assert AuditEvent.objects.filter(action="competency_model.changed").count() == 1

    def test_two_change_places(self, begin, change):
        new = begin()
        first, second = (each.name for each in new.competencies.all()[:2])
        assert change(new, words={field(new): second, field(new, position=2): first})
        assert [each.name for each in new.competencies.all()[:2]] == [second, first]

    def test_one_to_which_a_cohort_is_tied_stands(self, change, cohort):
        before = content(cohort.competency_model)
        with pytest.raises(versions.CannotChange, match="A cohort is tied to this version"):
            change(cohort.competency_model, words={field(cohort.competency_model): "Other"})
        assert content(cohort.competency_model) == before

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            ("", "a name of its own"),
            ("creating organizational transformation", "a name of its own"),
            ("x" * 121, "at most 120"),
        ],
    )
    def test_a_name_that_cannot_be_is_refused(self, begin, change, words, why):
        new = begin()
        before = content(new)
        with pytest.raises(versions.CannotChange, match=why):
            change(new, words={field(new): words})
        assert content(new) == before

    def test_what_a_colleague_changed_is_not_undone_unseen(self, begin, change):
        new = begin()
        seen = {key: mark(value) for key, value in versions.words_of(new).items()}
        whole = versions.words_of(new)
        change(new, words={field(new): "Theirs"}, seen=seen)
        assert change(new, words=whole | {field(new, position=2): "Mine"}, seen=seen)
        assert [each.name for each in new.competencies.all()[:2]] == ["Theirs", "Mine"]
        with pytest.raises(BothChanged):
            change(new, words=whole | {field(new): "Mine too"}, seen=seen)


class TestTaking:
    def test_new_cohorts_have_it_and_the_others_keep_theirs(
        self, begin, change, cohort, program, branch, branch_officer, training_officer
    ):
        old, new = cohort.competency_model, begin()
        change(new, words={field(new): "Fostering Teams", field(new, "skills"): "listening"})
        for done in (True, False):
            assert versions.take(program=program, model=new, by=training_officer, now=NOW) is done
        assert AuditEvent.objects.filter(action="program.version_taken").count() == 1
        later = factories.cohort(
            program,
            branch,
            name="2028",
            first_month=date(2028, 2, 1),
            applications_close_date=date(2027, 12, 1),
        )
        cohort.refresh_from_db()
        assert (cohort.competency_model, later.competency_model) == (old, new)
        skills = {}
        for each in (cohort, later):
            people = [factories.participant(each, factories.person()) for _ in range(3)]
            team = factories.confirmed_team(each, people, by=branch_officer)
            laying_out.lay_out_meetings(team=team, by=None, now=NOW)
            meeting = Meeting.objects.get(teams=team, item__position=2)
            served = [competency.name for competency in briefing.competencies_of(meeting)]
            skills[each.pk] = (served, meeting_program.skills_of(meeting))
        assert skills[later.pk] == (["Fostering Teams"], ["listening"])
        assert skills[cohort.pk] == (
            ["Fostering a Team Environment"],
            [s.name for s in old.competencies.first().skills.all()],
        )

    def test_a_cohort_is_opened_with_what_the_program_takes_now(
        self, begin, cohort, program, branch, training_officer
    ):
        """Whoever read the program before it took another version."""
        assert program.competency_model == cohort.competency_model
        new = begin()
        versions.take(
            program=type(program).objects.get(pk=program.pk), model=new, by=training_officer, now=NOW
        )
        assert factories.cohort(program, branch, name="Later").competency_model == new

    def test_one_that_its_meetings_do_not_serve_is_refused(self, cohort, program, training_officer):
        other = CompetencyModel.objects.create(name="Another", version="1")
        with pytest.raises(versions.CannotChange, match="serves no competency of this version"):
            versions.take(program=program, model=other, by=training_officer, now=NOW)
        program.refresh_from_db()
        assert program.competency_model == cohort.competency_model


class TestWho:
    @pytest.mark.parametrize(
        "who", ["branch_officer", "deputy", "director", "applicant", "administrator", "theirs"]
    )
    def test_by_the_training_office_of_the_department_alone(
        self, who, request, begin, change, client, cohort, program, branch
    ):
        new = begin()
        by = (
            factories.officer(branch, "Theo Training", office=RoleAssignment.Office.TRAINING_OFFICE)
            if who == "theirs"
            else request.getfixturevalue(who)
        )
        for write in (
            lambda: begin("Another", by=by),
            lambda: change(new, words={field(new): "Other"}, by=by),
            lambda: versions.take(program=program, model=new, by=by, now=NOW),
        ):
            with pytest.raises(versions.NotYourModel, match="training office"):
                write()
        client.force_login(by)
        assert client.get(reverse("competency_models")).status_code == 404
        assert client.get(reverse("competency_model", args=[new.pk])).status_code == 404


class TestPages:
    @pytest.fixture
    def office(self, client, training_officer):
        client.force_login(training_officer)
        return client

    def test_from_the_list_to_a_new_version_that_is_changed_and_taken(self, office, cohort, program):
        old = cohort.competency_model
        assertContains(office.get(reverse("competency_models")), old.version)
        page = office.get(reverse("competency_model", args=[old.pk]))
        assertContains(page, "A cohort is tied to this version")
        assertNotContains(page, 'name="seen"')
        answer = office.post(
            reverse("competency_model_begin", args=[old.pk]), {"version": "January 2028"}, follow=True
        )
        new = CompetencyModel.objects.get(version="January 2028")
        form = answer.context["form"]
        sent = {name: form[name].value() for name in form.fields} | {field(new): "Fostering Teams"}
        assertContains(office.post(reverse("competency_model", args=[new.pk]), sent, follow=True), "Saved.")
        assert new.competencies.first().name == "Fostering Teams"
        address = reverse("competency_model_take", args=[new.pk, program.pk])
        assertContains(office.post(address, follow=True), "The others keep theirs.")
        program.refresh_from_db()
        assert program.competency_model == new

    def test_a_program_that_cannot_take_it_says_why(self, office, cohort, program):
        other = CompetencyModel.objects.create(name="Another", version="1")
        page = office.get(reverse("competency_model", args=[other.pk]))
        assertContains(page, "A meeting of Peer Coaching Program serves no competency of this version.")
        assertNotContains(page, "Take this version")

    def test_what_both_changed_is_shown(self, office, begin, change):
        new = begin()
        form = office.get(reverse("competency_model", args=[new.pk])).context["form"]
        sent = {name: form[name].value() for name in form.fields} | {field(new): "Mine"}
        change(new, words={field(new): "Theirs"})
        answer = office.post(reverse("competency_model", args=[new.pk]), sent)
        assertContains(answer, "It reads now: “Theirs”")
        assert new.competencies.first().name == "Theirs"

    def test_a_version_that_is_there_is_refused_in_words(self, office, cohort):
        old = cohort.competency_model
        address = reverse("competency_model_begin", args=[old.pk])
        answer = office.post(address, {"version": old.version}, follow=True)
        assertContains(answer, "a name that no version has yet")

    def test_as_many_queries_for_three_versions_as_for_one(self, office, begin):
        def queries() -> int:
            with CaptureQueriesContext(connection) as found:
                assert office.get(reverse("competency_models")).status_code == 200
            return len(found)

        queries()
        one = queries()
        begin("2028")
        begin("2029")
        assert queries() == one
