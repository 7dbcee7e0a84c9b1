"""Reports: who reads which, and what they say (C5, M12, M17)."""

import csv
import io
from datetime import date, timedelta

import page
import pikepdf
import pytest
import python_calamine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from applications import workflow
from certificates.models import Certificate
from coaching import enrollment, spreadsheet
from coaching.models import Cohort, Participant, Team
from coaching.site.reports import report, teams
from coaching.site.reports.scopes import Asked, Reader, Scope, asked
from coaching.team_problem import explain_standing
from meetings import evaluations, project
from meetings.models import Attendance, EvaluationAnswer, EvaluationClosing, Meeting
from tests import factories
from tests.applications import factories as papers
from tests.certificates.content import text_of
from tests.certificates.history import hold_meetings
from tests.clock import NOW, TODAY

pytestmark = pytest.mark.usefixtures("plain_not_found", "frozen")
OVER = NOW + timedelta(days=365)


def enrolled(cohort, number, org, **snapshot) -> list[Participant]:
    return [factories.participant(cohort, factories.person(unit=org.unit), **snapshot) for _ in range(number)]


def read(user, scope, *, is_for_others=False) -> Asked:
    found = asked(scope, Reader.of(user, on=TODAY), is_for_others=is_for_others)
    assert found
    return found


def figure(user, scope, key, *, now=NOW, **options):
    (found,) = (each for each in report.figures(read(user, scope, **options), now) if each.key == key)
    return found


def rows(user, scope, key, **options):
    return {label: cells for label, *cells in figure(user, scope, key, **options).rows}


@pytest.fixture
def earlier(program, org, branch_officer) -> Cohort:
    return factories.cohort(
        program,
        org.branch,
        by=branch_officer,
        name="2026",
        applications_open_date=date(2025, 9, 1),
        applications_close_date=date(2025, 12, 1),
        first_month=date(2026, 2, 1),
    )


class TestWhoReads:
    def test_the_branch_reads_its_own_and_the_superintendent_all(
        self, client, cohort, program, org, branch_officer, deputy, superintendent, director
    ):
        """F5, C8: a director reads of those of the division, on a page of their own, and no report."""
        branch = factories.unit("branch", "Other Branch", parent=org.department)
        other = factories.cohort(program, branch, name="2027")
        for user, statuses in (
            (branch_officer, [200, 404]),
            (deputy, [200, 404]),
            (superintendent, [200, 200]),
            (director, [404, 404]),
        ):
            client.force_login(user)
            addresses = [reverse("report", args=[Scope(cohort=each.pk)]) for each in (cohort, other)]
            assert [client.get(each).status_code for each in addresses] == statuses
            assert client.get(reverse("reports")).status_code == statuses[0]

    def test_an_officer_who_applied_reads_none_of_that_cohort(self, client, cohort, branch_officer):
        """T10"""
        factories.participant(cohort, branch_officer)
        client.force_login(branch_officer)
        assert client.get(reverse("report", args=[Scope(cohort=cohort.pk)])).status_code == 404
        assertContains(client.get(reverse("reports")), "No cohort yet")

    def test_each_is_led_there(self, client, cohort, org, branch_officer, superintendent):
        client.force_login(branch_officer)
        assertContains(client.get(reverse("home")), reverse("reports"))
        of_cohort = reverse("report", args=[Scope(cohort=cohort.pk)])
        assertContains(client.get(reverse("cohort", args=[cohort.pk])), of_cohort)
        assertContains(client.get(reverse("reports")), of_cohort)
        client.force_login(superintendent)
        assertNotContains(client.get(reverse("home")), "Read the report")
        enrolled(cohort, 1, org)
        Cohort.objects.filter(pk=cohort.pk).update(
            applications_open_date=date(2026, 7, 1),
            applications_close_date=date(2026, 8, 1),
            first_month=date(2026, 10, 1),
        )
        assertContains(client.get(reverse("home")), reverse("report", args=[Scope(year=2026)]))

    def test_nothing_yet(self, client, cohort, branch_officer):
        """What there is to tell, and from when on."""
        client.force_login(branch_officer)
        page = client.get(reverse("report", args=[Scope(cohort=cohort.pk)]))
        assertContains(page, "No application has been sent yet.")
        assertContains(page, "Told once the first teams are published.")


class TestApplications:
    @pytest.fixture
    def sent(self, cohort, org, supervisor):
        def new(days: int):
            applicant = factories.person(unit=org.unit, supervisor=supervisor)
            return papers.submitted(applicant, cohort, now=NOW - timedelta(days=days))

        return [new(9), new(2), papers.sign(new(5), supervisor)]

    def test_how_far_they_came_and_with_whom_they_wait(self, sent, cohort, branch_officer, supervisor):
        scope = Scope(cohort=cohort.pk)
        assert rows(branch_officer, scope, "applications") == {
            "Sent": [3, 3],
            "Signed by the Supervisor": [1, 3],
            "Signed by the Division Director": [0, 3],
            "Decided": [0, 3],
            "Accepted": [0, 3],
        }
        waiting = figure(branch_officer, scope, "waiting")
        assert waiting.headline == "2 of 3 applications wait for the Supervisor, the longest for 9 days."
        assert [each.cells[0] for each in waiting.lines] == [2, 1]
        assert waiting.lines[0].label == f"Supervisor: {supervisor}"
        assert waiting.lines[0].address.endswith(f"/cohort/{cohort.pk}/?status=in_review")

    def test_what_was_returned_waits_for_its_applicant(self, sent, cohort, branch_officer, supervisor):
        workflow.return_for_changes(application=sent[0], by=supervisor, comment="Say who.", now=NOW)
        waiting = figure(branch_officer, Scope(cohort=cohort.pk), "waiting")
        assert [(each.label, each.cells[0]) for each in waiting.lines][-1] == ("Applicant", 1)

    def test_an_acting_person_whose_order_has_ended_waits_no_more(
        self, sent, cohort, branch_officer, supervisor, outsider
    ):
        """A9"""
        order = papers.delegate(supervisor, outsider, days=1)
        steps = sent[0].review_steps.current()
        steps.update(signer=outsider, holder=supervisor, delegation=order, reason="Vacation.")
        names = {each.label for each in figure(branch_officer, Scope(cohort=cohort.pk), "waiting").lines}
        assert f"Supervisor: {outsider}" in names
        order.start_date, order.end_date = TODAY - timedelta(days=9), TODAY - timedelta(days=1)
        order.save()
        names = {each.label for each in figure(branch_officer, Scope(cohort=cohort.pk), "waiting").lines}
        assert f"Supervisor: {outsider}" not in names

    def test_others_read_of_three_or_more_alone(self, sent, cohort, superintendent):
        """M17: one was signed, which is not told; and with whom they wait never is."""
        found = rows(superintendent, Scope(cohort=cohort.pk), "applications")
        assert [each[0] for each in found.values()] == [3, "not told", 0, 0, 0]
        keys = [each.key for each in report.figures(read(superintendent, Scope(cohort=cohort.pk)), NOW)]
        assert "waiting" not in keys

    def test_how_far_they_came_tells_nothing_beside_how_many_took_part(
        self, sent, cohort, org, supervisor, superintendent, branch_officer
    ):
        """M17: of five that were sent, one less than of six who took part, as another report tells."""
        for _ in range(2):
            papers.submitted(factories.person(unit=org.unit, supervisor=supervisor), cohort)
        scope = Scope(cohort=cohort.pk)
        enrolled(cohort, 6, org)
        for found in (
            figure(superintendent, scope, "applications"),
            figure(branch_officer, scope, "applications", is_for_others=True),
        ):
            assert found.lines == ()
            assert found.empty == "Not told: it would tell of fewer than three people."
        assert rows(branch_officer, scope, "applications")["Sent"] == [5, 5]
        enrolled(cohort, 2, org)
        assert rows(superintendent, scope, "applications")["Sent"] == [5, 5]

    def test_how_long_it_takes(self, cohort, org, supervisor, branch_officer, superintendent):
        for days in (1, 4, 6):
            applicant = factories.person(unit=org.unit, supervisor=supervisor)
            papers.sign(papers.submitted(applicant, cohort, now=NOW - timedelta(days=days)), supervisor)
        scope = Scope(cohort=cohort.pk)
        assert rows(branch_officer, scope, "days") == {"Supervisor": [4, 3, 6]}
        found = figure(branch_officer, scope, "days")
        assert found.headline == "It takes longest with the Supervisor: 4 days."
        assert rows(superintendent, scope, "days") == {"Supervisor": [4]}

    def test_what_came_to_a_step_again_is_one_application(
        self, sent, cohort, branch_officer, supervisor, superintendent
    ):
        """M17: three acts on two applications are two people."""
        returned = workflow.return_for_changes(
            application=sent[0], by=supervisor, comment="Say who.", now=NOW - timedelta(days=6)
        )
        papers.sign(papers.submit(returned, now=NOW - timedelta(days=4)), supervisor)
        scope = Scope(cohort=cohort.pk)
        assert rows(branch_officer, scope, "days") == {"Supervisor": [6, 2, 7]}
        assert figure(superintendent, scope, "days").lines == ()

    def test_of_two_it_is_not_told_to_others(self, sent, cohort, superintendent):
        assert figure(superintendent, Scope(cohort=cohort.pk), "days").lines == ()


class TestPeople:
    @pytest.fixture
    def seven(self, cohort, org) -> list[Participant]:
        """Two of them in another division."""
        return [
            *enrolled(cohort, 5, org),
            *[factories.participant(cohort, factories.person(unit=org.other_unit)) for _ in range(2)],
        ]

    def test_attendance_by_meeting(self, seven, cohort, branch_officer, deputy, superintendent):
        """Of all who ever took part; the marks are the branch office's alone."""
        team = factories.confirmed_team(cohort, seven[:6], by=branch_officer)
        first = hold_meetings(team)[0]
        Attendance.objects.filter(meeting=first, participant=seven[0]).update(status="absent")
        Attendance.objects.filter(meeting__cohort=cohort).exclude(meeting=first).delete()
        scope = Scope(cohort=cohort.pk)
        assert rows(branch_officer, scope, "attendance") == {first.heading: [5, 7, 1, 0]}
        for user in (deputy, superintendent):
            assert rows(user, scope, "attendance") == {first.heading: ["at least 5", 7]}
        assert (
            figure(deputy, scope, "attendance").headline
            == "On average at least 71 percent came to a meeting."
        )

    def test_an_excusal_ahead_is_no_meeting_that_was_held(self, seven, cohort, branch_officer):
        team = factories.confirmed_team(cohort, seven[:4], by=branch_officer)
        first = hold_meetings(team)[0]
        Attendance.objects.exclude(meeting=first, participant=seven[0]).delete()
        Attendance.objects.update(status="excused", reason="Jury duty.", by_office=True)
        assert figure(branch_officer, Scope(cohort=cohort.pk), "attendance").lines == ()

    def test_the_deputy_at_meetings(self, seven, cohort, deputy, branch_officer, superintendent):
        """M12, M13"""
        held = hold_meetings(factories.confirmed_team(cohort, seven[:3], by=branch_officer))
        held[-1].visitors.add(deputy)
        held[0].visitors.add(deputy)
        Meeting.objects.filter(pk=held[1].pk).update(status="planned")
        found = figure(superintendent, Scope(cohort=cohort.pk), "visits")
        assert found.headline == "The deputy or a designee was at 2 of 7 meetings, and at 1 of 1 final ones."
        assert {each.label: each.cells for each in found.lines}[held[-1].heading] == (1, 1)

    def test_projects_by_division(self, seven, cohort, org, branch_officer, superintendent):
        """Two of a division are not told, nor by subtracting; the branch reads their applications."""
        scope = Scope(cohort=cohort.pk)
        assert rows(branch_officer, scope, "divisions") == {
            str(org.division): [5, 7],
            str(org.other_division): [2, 7],
        }
        assert rows(superintendent, scope, "divisions") == {"Other divisions together": [7, 7]}

    def test_projects_and_needs_by_competency(self, seven, cohort, superintendent, branch_officer):
        first, second, *_ = cohort.competency_model.competencies.all()
        scope = Scope(cohort=cohort.pk)
        assert rows(superintendent, scope, "competencies")[first.name] == ["at least 5", 7]
        assert rows(superintendent, scope, "competencies")[second.name] == ["at most 2", 7]
        assert rows(superintendent, scope, "needs")[first.name] == ["at least 5", 7]
        assert rows(branch_officer, scope, "needs")[second.name] == [0, 7, "7 of 7"]

    def test_outcomes_that_are_shared_with_the_program(self, seven, cohort, branch_officer):
        """C4: of none of the others anything is counted, and the office reads no more than anybody."""
        for each, audience in zip(seven, ["program"] * 3 + ["team"] * 2, strict=False):
            project.save(
                participant=each, kind="outcome", text="Done.", audience=audience, by=each.user, now=NOW
            )
        scope = Scope(cohort=cohort.pk)
        assert rows(branch_officer, scope, "outcomes") == {"Outcome shared with the program": [3, 7]}

    def test_completion(self, seven, cohort, branch_officer, superintendent):
        enrollment.leave(participant=seven[0], by=seven[0].user, reason="", now=NOW)
        Participant.objects.filter(pk__in=[each.pk for each in seven[1:]]).update(
            status="completed", completed_at=NOW
        )
        scope = Scope(cohort=cohort.pk)
        assert rows(branch_officer, scope, "completion") == {"Completed": [6, 7], "Left": [1, 7]}
        assert figure(superintendent, scope, "completion").lines == ()  # the program is not over
        assert rows(superintendent, scope, "completion", now=OVER) == {"Completed": ["at least 5", 7]}
        assert Certificate.objects.count() == 0

    def test_beside_the_cohort_before(self, seven, cohort, earlier, org, branch_officer):
        enrolled(earlier, 6, org)
        found = figure(branch_officer, Scope(cohort=cohort.pk), "divisions")
        assert (found.columns[-1], found.before) == ("2026 program", "2026 program")
        assert found.lines[1].cells == (5, 7, "6 of 6")

    def test_of_two_people_nothing_is_told(self, client, cohort, org, superintendent):
        enrolled(cohort, 2, org)
        client.force_login(superintendent)
        shown = client.get(reverse("report", args=[Scope(cohort=cohort.pk)]))
        assertContains(shown, "Of fewer than three people nothing is told.")
        assert report.figures(read(superintendent, Scope(cohort=cohort.pk)), NOW) == []


class TestSeveralCohorts:
    def test_a_year_says_no_more_than_its_cohorts(self, cohort, program, org, superintendent):
        """7 and 8 people, of whom 1 and 4 serve another competency: the sum is a span, and leads to nobody."""
        first, second, *_ = cohort.competency_model.competencies.all()
        other = factories.cohort(program, org.branch, name="Another 2027")
        another = factories.Project("Forms", "Long.", "Short.", "Minutes.", (second,))
        enrolled(cohort, 6, org)
        enrolled(cohort, 1, org, project=another)
        enrolled(other, 4, org)
        enrolled(other, 4, org, project=another)
        assert rows(superintendent, Scope(year=2027), "competencies")[first.name] == ["9 to 11", 15]
        assert rows(superintendent, Scope(year=2027), "competencies")[second.name] == ["4 to 6", 15]

    def test_a_cohort_of_two_is_left_out(self, cohort, program, org, superintendent):
        enrolled(cohort, 4, org)
        enrolled(factories.cohort(program, org.branch, name="Another 2027"), 2, org)
        assert rows(superintendent, Scope(year=2027), "divisions") == {str(org.division): [4, 4]}

    @pytest.mark.parametrize("by_year", [True, False])
    def test_scopes(self, cohort, earlier, org, branch_officer, by_year):
        for each in (cohort, earlier):
            enrolled(each, 3, org)
        scope = Scope(branch=org.branch.pk, year=2026 if by_year else None)
        found = read(branch_officer, scope)
        assert set(found.now) == ({earlier} if by_year else {cohort, earlier})
        assert not found.is_whole

    def test_as_many_queries_for_many_as_for_few(
        self, client, cohort, program, org, branch_officer, superintendent
    ):
        def ask() -> int:
            with CaptureQueriesContext(
                connection,
            ) as asked_for:
                assert report.figures(read(superintendent, Scope(year=2027)), NOW)
            return len(asked_for)

        def fill(each) -> None:
            people = enrolled(each, 6, org)
            for team in (people[:3], people[3:]):
                hold_meetings(factories.confirmed_team(each, team, by=branch_officer))
            for _ in range(3):
                papers.accepted(factories.person(unit=org.unit, supervisor=org.director), each)

        fill(cohort)
        few = ask()
        for number in range(3):
            fill(factories.cohort(program, org.branch, name=f"Another {number}"))
        assert ask() == few


class TestTeams:
    def test_each_rule_as_it_is_judged_where_teams_are_formed(self, cohort, org, branch_officer, supervisor):
        """T1, T2, T3, T6, T8"""
        six = list(cohort.competency_model.competencies.all())
        analyst, manager = (factories.classification(each) for each in ("Analyst", "Manager"))
        Cohort.objects.filter(pk=cohort.pk).update(track_preference="same")

        def person(unit, classification, grow, glow, **fields):
            user = factories.person(unit=unit, classification=classification, **fields)
            return factories.participant(
                cohort, user, grow=(six[grow],), glow=(six[glow],), division=unit.parent
            )

        one = [
            person(org.unit, analyst, 0, 1),
            person(org.other_unit, manager, 1, 0),
            person(org.unit, None, 0, 1),
        ]
        two = [person(org.unit, analyst, 0, 1), person(org.unit, manager, 0, 2)]
        boss = person(org.unit, analyst, 2, 0)
        two.append(person(org.other_unit, manager, 1, 2, supervisor=boss.user))
        two.append(boss)
        for members in (one, two):
            factories.confirmed_team(cohort, members, by=branch_officer)
        three = factories.confirmed_team(
            cohort, [person(org.unit, analyst, 3, 4) for _ in range(2)], by=branch_officer
        )
        explained = explain_standing(cohort, list(cohort.teams.all()))
        verdicts = {
            label: sum(
                finding.ok
                for team in explained.values()
                for finding in team.findings
                if finding.label == label
            )
            for label in ("T1", "T2", "T3", "T6", "T8", "competency")
        }
        found = rows(branch_officer, Scope(cohort=cohort.pk), "teams")
        assert {title: cells[0] for title, cells in found.items()} == {
            "As many people as a team has": verdicts["T1"],
            "Another job classification each": verdicts["T2"],
            "Career tracks as preferred": verdicts["T3"],
            "Agreed by all and confirmed": 3,
            "Across divisions": verdicts["T6"],
            "Nobody with who signed for them": verdicts["T8"],
            "Each grows where a teammate glows": verdicts["competency"],
        }
        assert verdicts == {"T1": 2, "T2": 0, "T3": 3, "T6": 2, "T8": 2, "competency": 2}
        assert three.memberships.count() == 2

    def test_of_a_team_of_two_nothing_is_told_to_others(self, cohort, org, branch_officer, superintendent):
        """T1: who was left over by a departure."""
        people = enrolled(cohort, 5, org)
        for members in (people[:3], people[3:]):
            factories.confirmed_team(cohort, members, by=branch_officer)
        found = rows(superintendent, Scope(cohort=cohort.pk), "teams")
        assert found["As many people as a team has"] == ["not told", 2]
        Team.objects.filter(number=2).update(status="ended")
        assert rows(superintendent, Scope(cohort=cohort.pk), "teams")["As many people as a team has"] == [
            1,
            1,
        ]
        assert len(teams.RULES) == 7


class TestEvaluations:
    @pytest.fixture
    def closed(self, cohort):
        """The first competency’s meeting, evaluated by three; the next one by two, as no longer can be."""
        enough, too_few = cohort.program.curriculum.order_by("position")[1:3]
        for item, ratings in ((enough, (3, 4, 5)), (too_few, (1, 1))):
            closing = EvaluationClosing.objects.create(cohort=cohort, item=item, closed_at=NOW)
            for question in evaluations.questions_for(cohort):
                for rating in ratings if question.kind == "rating" else ():
                    EvaluationAnswer.objects.create(closing=closing, question=question, rating=rating)
        return enough

    def test_means_from_three_answers_on(self, closed, cohort, org, superintendent):
        """C1"""
        enrolled(cohort, 3, org)
        scope = Scope(cohort=cohort.pk)
        assert set(map(tuple, rows(superintendent, scope, "evaluations").values())) == {(4.0,)}
        assert rows(superintendent, scope, "evaluations-by-meeting") == {closed.title: [4.0]}

    def test_growth_is_what_they_say_after_the_meeting_of_a_competency(
        self, closed, cohort, org, superintendent, program
    ):
        """C5: by the question that asks for it."""
        enrolled(cohort, 3, org)
        scope = Scope(cohort=cohort.pk)
        assert rows(superintendent, scope, "growth") == {"Fostering a Team Environment": [4.0]}
        assert "understand this meeting’s topic better" in figure(superintendent, scope, "growth").headline
        program.questions.update(is_about_growth=False)
        assert figure(superintendent, scope, "growth").lines == ()


class TestFiles:
    @pytest.fixture
    def told(self, cohort, org, branch_officer):
        people = enrolled(cohort, 7, org)
        factories.confirmed_team(cohort, people[:3], by=branch_officer)
        return Scope(cohort=cohort.pk)

    def test_the_pdf_is_one_that_everybody_can_read_and_hand_on(self, client, told, branch_officer, cohort):
        """PDF/UA-1; the office’s own page is whole, the file is not."""
        Participant.objects.filter(cohort=cohort).update(status="completed", completed_at=NOW)
        client.force_login(branch_officer)
        answer = client.get(reverse("report_file", args=[told]))
        assert (answer["Content-Type"], answer.status_code) == ("application/pdf", 200)
        assert answer["Content-Disposition"] == f'attachment; filename="report-{told}-{TODAY}.pdf"'
        checked = page.validate_pdf_bytes(answer.content, profile="ua1")
        assert [(failure.rule_id, failure.message) for failure in checked.failures] == []
        text = text_of(answer.content)
        assert f"{cohort}: report" in text
        assert "Most projects serve Fostering a Team Environment: at least 5 of 7." in text
        assert "7 of 7" not in text.replace("at least 5 of 7", "").split("Projects by competency")[1]
        with pikepdf.open(io.BytesIO(answer.content)) as opened:
            assert len(opened.pages) <= 4

    def test_a_report_of_too_few_is_a_file_that_says_so(self, client, cohort, org, superintendent):
        enrolled(cohort, 2, org)
        client.force_login(superintendent)
        content = client.get(reverse("report_file", args=[Scope(cohort=cohort.pk)])).content
        assert page.is_pdf_compliant_bytes(content, profile="ua1")
        assert "Too few people took part" in text_of(content)

    def test_each_table_opens_again_as_it_was(self, client, told, branch_officer):
        """By another library; numbers are numbers."""
        client.force_login(branch_officer)
        for figure_of in report.figures(read(branch_officer, told), NOW):
            expected = [list(figure_of.columns), *[list(row) for row in figure_of.rows]]
            answer = client.get(reverse("report_xlsx", args=[told, figure_of.key]))
            book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
            assert book.sheet_names == [figure_of.title]
            assert book.get_sheet_by_index(0).to_python() == expected
            answer = client.get(reverse("report_csv", args=[told, figure_of.key]))
            content = b"".join(answer.streaming_content).decode("utf-8-sig")
            assert list(csv.reader(io.StringIO(content))) == [[str(cell) for cell in row] for row in expected]

    def test_there_is_no_other_table(self, client, told, branch_officer):
        client.force_login(branch_officer)
        assert client.get(reverse("report_csv", args=[told, "ranking"])).status_code == 404

    def test_nothing_typed_is_a_formula(self):
        typed = ["=1+1", "+1", "@x", "a\x00b", "\ufffe"]
        rows = [[each, 3] for each in typed]
        table = spreadsheet.Table("list", "A list: [1/2]", ["Name", "Number"], rows)
        answer = spreadsheet.workbook(table)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
        texts = ["=1+1", "+1", "@x", "ab", ""]
        assert book.get_sheet_by_index(0).to_python() == [["Name", "Number"], *[[each, 3] for each in texts]]
        assert b"<f>" not in answer.content
