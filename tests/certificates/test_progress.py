"""How far a job is, on the page it was asked from: with scripts and without."""

from datetime import timedelta

import pytest
from django.urls import reverse

from certificates.issuing import start_issue
from certificates.replacing import start_reissue
from coaching import jobs
from coaching.models import Job
from tests.certificates.history import AFTER

pytestmark = pytest.mark.usefixtures("plain_not_found")

SCRIPTED = {"HX-Request": "true"}


@pytest.fixture
def reissue(certificate, branch_officer) -> Job:
    return start_reissue(certificate=certificate, by=branch_officer, reason="Lost", now=AFTER)


@pytest.fixture
def issue(approved, branch_officer) -> Job:
    return start_issue(batch=approved, by=branch_officer, now=AFTER)


def page_of(job: Job) -> str:
    name, argument = (
        ("certificate", "certificate_id")
        if "certificate_id" in job.arguments
        else ("certificate_batch", "batch_id")
    )
    return reverse(name, args=[job.arguments[argument]])


@pytest.mark.parametrize("which", ["issue", "reissue"])
class TestEither:
    def test_the_page_shows_it_and_has_a_link_to_look_again(self, request, client, branch_officer, which):
        job = request.getfixturevalue(which)
        client.force_login(branch_officer)
        page = client.get(page_of(job)).content.decode()
        assert "Waiting to start" in page
        assert f'<a href="{page_of(job)}">Look again</a>' in page
        assert '<progress aria-label="Certificates done"></progress>' in page

    def test_the_bar_says_how_many_are_done(self, request, client, branch_officer, which):
        job = request.getfixturevalue(which)
        Job.objects.update(status=Job.Status.RUNNING, done=2, total=3)
        client.force_login(branch_officer)
        page = client.get(page_of(job)).content.decode()
        assert "2 of 3 done." in page
        assert 'value="2" max="3"' in page

    def test_a_script_gets_the_part_alone_and_the_page_when_it_is_over(
        self, request, client, branch_officer, which
    ):
        job = request.getfixturevalue(which)
        client.force_login(branch_officer)
        part = client.get(page_of(job), headers=SCRIPTED)
        assert part.content.decode().lstrip().startswith('<div id="job"')
        jobs.run(job.pk)
        assert client.get(page_of(job), headers=SCRIPTED)["HX-Refresh"] == "true"
        assert "Look again" not in client.get(page_of(job)).content.decode()

    def test_what_kept_it_from_being_done_is_said(self, request, client, branch_officer, which):
        job = request.getfixturevalue(which)
        Job.objects.update(
            status=Job.Status.FAILED, error="The key of the seal does not open.", finished_at=AFTER
        )
        client.force_login(branch_officer)
        assert "The key of the seal does not open." in client.get(page_of(job)).content.decode()


def test_while_one_is_made_no_other_is_offered(client, reissue, branch_officer):
    client.force_login(branch_officer)
    address = reverse("certificate_reissue", args=[reissue.arguments["certificate_id"]])
    assert address not in client.get(page_of(reissue)).content.decode()
    Job.objects.update(status=Job.Status.FAILED, finished_at=AFTER)
    assert address in client.get(page_of(reissue)).content.decode()


def test_the_holder_reads_nothing_of_it(client, reissue, certificate):
    client.force_login(certificate.participant.user)
    assert 'id="job"' not in client.get(page_of(reissue)).content.decode()


def test_a_job_that_has_stopped_goes_on_by_itself_and_the_page_says_so(client, issue, branch_officer):
    client.force_login(branch_officer)
    told = "it goes on by itself within a few minutes where it was"
    for silent, said in ((timedelta(seconds=10), False), (timedelta(minutes=1), True)):
        Job.objects.update(status=Job.Status.RUNNING, done=1, total=3, heartbeat_at=AFTER - silent)
        for headers in ({}, SCRIPTED):
            assert (told in client.get(page_of(issue), headers=headers).content.decode()) is said
    Job.objects.update(status=Job.Status.DONE, finished_at=AFTER)
    assert told not in client.get(page_of(issue)).content.decode()


def test_while_a_list_is_issued_one_number_says_how_far(client, issue, branch_officer):
    """At the top of the page, above the list."""
    Job.objects.update(status=Job.Status.RUNNING, done=1, total=3, heartbeat_at=AFTER)
    client.force_login(branch_officer)
    page = client.get(page_of(issue)).content.decode()
    assert page.index("1 of 3 done.") < page.index("The list</h2>")
    assert "Certificates issued:" not in page
