"""Resources of the meetings: who gives them, who finds them, what is missing in time (M11)."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching.models import AuditEvent, OrgUnit
from coaching.site.waiting.meetings import resources_missing
from meetings import resources
from meetings.models import Resource
from tests import factories
from tests.applications.factories import A_SCAN
from tests.clock import NOW
from tests.meetings.conftest import noon

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")
LINK = {"kind": "link", "title": "About trust", "link": "https://example.org/trust"}


@pytest.fixture
def item(meetings):
    return meetings[1].item


@pytest.fixture
def give(item, branch, training_officer):
    def given(**values):
        whole = {"item": item, "branch": branch, "by": training_officer, "now": NOW, **LINK, **values}
        return resources.add(**whole)

    return given


@pytest.fixture
def elsewhere(org):
    return OrgUnit.objects.create(kind="branch", name="Another Branch", parent=org.department)


class TestGiving:
    def test_by_the_training_office_of_the_department_and_the_branch_office(
        self, give, branch_officer, training_officer, branch, elsewhere
    ):
        """M11"""
        on = NOW.date()
        assert resources.branches_of(training_officer, on=on) == sorted(
            [branch, elsewhere], key=lambda each: each.name
        )
        assert resources.branches_of(branch_officer, on=on) == [branch]
        assert give() == give(by=branch_officer)
        assert Resource.objects.count() == 1
        assert AuditEvent.objects.filter(action="resource.added").count() == 1

    @pytest.mark.parametrize("who", ["alice", "deputy", "supervisor", "administrator"])
    def test_by_nobody_else(self, give, who, request):
        with pytest.raises(resources.NotYours):
            give(by=request.getfixturevalue(who))

    def test_not_by_another_branchs_office(self, give, elsewhere):
        with pytest.raises(resources.NotYours):
            give(by=factories.officer(elsewhere, "Ed Elsewhere"))

    @pytest.mark.parametrize("content", [None, b"", b"MZ a program", b"%PDF-1.7 and nothing"])
    def test_a_file_is_checked_by_its_content(self, give, content):
        with pytest.raises(resources.NotUsable, match="PDF, JPEG or PNG file of at most 10 MB"):
            give(kind="file", link="", content=content)

    def test_taken_back_it_is_found_no_more(self, give, meetings, training_officer, alice):
        row = give()
        for _ in range(2):
            resources.remove(resource=row, by=training_officer, now=NOW)
        assert list(resources.of_meeting(meetings[1])) == []
        assert AuditEvent.objects.filter(action="resource.removed").count() == 1
        with pytest.raises(resources.NotYours):
            resources.remove(resource=row, by=alice, now=NOW)

    def test_file_names_hold_nothing_but_letters_and_numbers(self, give):
        row = give(kind="file", link="", content=A_SCAN, title='../"Trust" — ten\tminutes')
        assert row.file_name in ("Trust-ten-minutes.pdf", "Trust-ten-minutes.png", "Trust-ten-minutes.jpg")


class TestMissing:
    def test_three_weeks_before_the_meeting(self, give, meetings, branch_officer, training_officer, cohort):
        day = meetings[0].date - timedelta(days=21)
        assert resources.missing(branch_officer, today=day - timedelta(days=1)) == []
        [line] = resources.missing(branch_officer, today=day)
        assert (line.item, line.next_date) == (meetings[0].item, meetings[0].date)
        with time_machine.travel(noon(day), tick=False):
            [card] = resources_missing(training_officer, noon(day))
        assert card.title == "1 meeting has no resources yet"
        assert "“Introduction to Program” on Wednesday, February 17" in card.text
        give(item=meetings[0].item)
        assert resources.missing(branch_officer, today=day) == []

    def test_the_queries_do_not_grow(self, meetings, training_officer, branch):
        def ask() -> int:
            with CaptureQueriesContext(connection) as queries:
                resources.lines(branch, today=NOW.date())
            return len(queries)

        assert ask() == 3


class TestPages:
    def test_a_link_a_file_and_a_question_are_given_and_found(
        self, client, item, branch, training_officer, meetings, alice
    ):
        client.force_login(training_officer)
        assertContains(client.get(reverse("resources")), f"{item.position}. {item.title}")
        address = reverse("meeting_resources", args=[branch.pk, item.pk])
        assertRedirects(client.post(address, LINK), address)
        upload = SimpleUploadedFile("anything.exe", A_SCAN)
        client.post(address, {"kind": "file", "title": "One page", "file": upload})
        client.post(address, {"kind": "question", "title": "Whom do you trust, and why?"})
        shown = client.get(address)
        assertContains(shown, "Given: 3")
        file = Resource.objects.get(kind="file")
        client.force_login(alice)
        for page in ("meeting", "meeting_table"):
            read = client.get(reverse(page, args=[meetings[1].pk]))
            assertContains(read, "https://example.org/trust")
            assertContains(read, "Whom do you trust, and why?", count=1)
        answer = client.get(reverse("resource_file", args=[file.pk]))
        assert answer.content == A_SCAN
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Disposition"].startswith('attachment; filename="One-page.')
        assertNotContains(client.get(reverse("meeting", args=[meetings[0].pk])), "Resources and questions")
        client.force_login(training_officer)
        assertContains(
            client.post(reverse("resource_remove", args=[file.pk]), follow=True), "“One page” was taken back."
        )
        client.force_login(alice)
        assert client.get(reverse("resource_file", args=[file.pk])).status_code == 404

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({**LINK, "link": ""}, "link"),
            ({**LINK, "link": "javascript:alert(1)"}, "link"),
            ({**LINK, "title": ""}, "title"),
            ({**LINK, "kind": "file"}, "file"),
            ({**LINK, "kind": "film"}, "kind"),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_stays(
        self, client, item, branch, training_officer, typed, field
    ):
        client.force_login(training_officer)
        response = client.post(reverse("meeting_resources", args=[branch.pk, item.pk]), typed)
        assert list(response.context["form"].errors) == [field]
        assert response.context["form"]["title"].value() == typed["title"]
        assert not Resource.objects.exists()

    def test_a_wrong_file_is_refused_in_the_form(self, client, item, branch, training_officer):
        client.force_login(training_officer)
        typed = {"kind": "file", "title": "Slides", "file": SimpleUploadedFile("a.pdf", b"MZ")}
        response = client.post(reverse("meeting_resources", args=[branch.pk, item.pk]), typed)
        assert "PDF, JPEG or PNG" in response.context["form"].errors["file"][0]

    def test_another_branchs_are_not_there(self, client, give, elsewhere, item, branch):
        row = give()
        client.force_login(factories.officer(elsewhere, "Ed Elsewhere"))
        assert client.get(reverse("meeting_resources", args=[branch.pk, item.pk])).status_code == 404
        assert client.post(reverse("resource_remove", args=[row.pk])).status_code == 404
