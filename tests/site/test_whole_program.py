"""A whole cohort as people play it, in a browser: from the first answer of an application to a verified certificate."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Page, expect

from applications.models import Application
from certificates.models import Certificate
from coaching import jobs
from coaching.models import Job, Participant, Team, User
from meetings.models import Meeting
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]

PASSWORD = "a-long-enough-password"
APPLIED = datetime.fromisoformat("2026-11-23T18:00:00+00:00")


class People:
    """One browser for each person; who has not signed in yet does so at the sign-in page."""

    def __init__(self, new_context, sign_in) -> None:
        self.new_context, self.sign_in = new_context, sign_in
        self.pages: dict[int, Page] = {}

    def page(self, user: User) -> Page:
        if user.pk not in self.pages:
            user.set_password(PASSWORD)
            user.save()
            page = self.pages[user.pk] = self.new_context().new_page()
            page.goto("/")
            page.locator("#id_login").fill(user.email)
            page.locator("#id_password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")
        return self.pages[user.pk]

    def back_again(self) -> None:
        """A month later sessions are over."""
        for pk, page in self.pages.items():
            self.sign_in(page, User.objects.get(pk=pk))


@pytest.fixture
def people(new_context, sign_in) -> People:
    return People(new_context, sign_in)


def test_a_cohort_from_the_application_to_the_verified_certificate(
    people,
    new_context,
    cohort,
    applicant,
    supervisor,
    director,
    deputy,
    branch_officer,
    superintendent,
    org,
    tmp_path,
):
    colleagues = [
        factories.person(name, unit=org.other_unit, supervisor=org.other_director)
        for name in ("Bruno Barros", "Chen Cai")
    ]
    with time_machine.travel(APPLIED) as clock:
        apply_and_sign(people.page(applicant), applicant, cohort)
        clock.move_to(APPLIED + timedelta(days=1))
        sign(people.page(supervisor), applicant, supervisor)
        sign(people.page(director), applicant, director)
        clock.move_to(APPLIED + timedelta(days=2))
        choose(people.page(deputy), applicant)
        release(people.page(deputy), cohort, deputy)
        assert Application.objects.get().status == Application.Status.ACCEPTED
        for colleague in colleagues:
            factories.participant(cohort, colleague)

        clock.move_to(APPLIED + timedelta(days=50))
        people.back_again()
        form_team(people.page(branch_officer), cohort)
        for member in (applicant, *colleagues):
            agree(people.page(member))
        confirm_team(people.page(branch_officer), cohort)
        meetings = list(Meeting.objects.filter(teams__cohort=cohort).order_by("date"))
        assert [meeting.date for meeting in meetings] == third_wednesdays()

        for meeting in meetings:
            clock.move_to(meeting.ends_at + timedelta(minutes=5))
            people.back_again()
            take_attendance(people.page(applicant), meeting)
            for member in (applicant, *colleagues):
                evaluate(people.page(member), meeting)

        clock.move_to(meetings[-1].ends_at + timedelta(days=20))
        people.back_again()
        batch_address = propose_batch(people.page(branch_officer), cohort)
        approve(people.page(superintendent), superintendent, batch_address)
        issue(people.page(branch_officer), batch_address)
        code = download(people.page(applicant), tmp_path)
        verify_as_a_stranger(new_context().new_page(), applicant, code)
    assert set(cohort.participants.values_list("status", flat=True)) == {Participant.Status.COMPLETED}
    assert Certificate.objects.count() == 3


def third_wednesdays() -> list[date]:
    days = ("02-17", "03-17", "04-21", "05-19", "06-16", "07-21", "08-18", "09-15")
    return [date.fromisoformat(f"2027-{day}") for day in days]


def apply_and_sign(page: Page, applicant: User, cohort) -> None:
    """The fields of the paper form, in five short steps."""
    page.get_by_role("navigation").get_by_role("link", name="Applications").click()
    page.get_by_role("button", name="Start an application").click()
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_label("Why do you want to take part?").fill("I want to learn to lead.")
    page.get_by_label("How will it help your development?").fill(
        "By practice with people who tell me the truth."
    )
    page.get_by_label("Which leadership role do you aim for?").fill("Unit manager")
    page.get_by_label("Which position do you ultimately see yourself in?").fill("Division Director")
    page.get_by_role("button", name="Save and continue").click()
    for number, competency in enumerate(cohort.competency_model.competencies.all()):
        choice = ("want to grow here", "glow here", "neither")[min(number, 2)]
        group = page.get_by_role("group", name=competency.name)
        group.get_by_label(choice).check()
    page.get_by_role("button", name="Save and continue").click()
    for label, words in (
        ("Title of the project (required)", "Faster permits"),
        ("Description (required)", "Shorten the way of a permit through the division."),
        ("Expected outcome (required)", "Permits in ten days."),
        ("How will the outcome be measured? (required)", "Days from receipt to permit."),
        ("Specific", "One kind of permit, from receipt to delivery."),
        ("Measurable", "Counted in days by the register."),
        ("Achievable", "Two steps can be dropped."),
        ("Realistic", "Two hours a week for eight months."),
        ("Timely", "In use by month six."),
        ("Discussed with your supervisor on (required)", "2026-11-16"),
        ("Discussed with your division director on (required)", "2026-11-20"),
    ):
        page.get_by_label(label, exact=True).fill(words)
    page.get_by_role("group", name="Competencies the project serves").get_by_label(
        "Building Coalitions"
    ).check()
    page.get_by_role("button", name="Save and continue").click()
    for statement in (
        "I have read what the program offers and the time it asks for.",
        "I know that taking part is voluntary and does not assure advancement.",
        "I make this commitment.",
    ):
        page.get_by_label(statement).check()
    page.get_by_label("Type your name to sign").fill(applicant.name)
    page.get_by_role("button", name="Sign and submit").click()
    expect(page.get_by_text("In review").first).to_be_visible()


def open_approval(page: Page, applicant: User) -> None:
    page.goto("/approvals/")
    page.get_by_role("link", name=applicant.name).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(applicant.name)


def sign(page: Page, applicant: User, signer: User) -> None:
    open_approval(page, applicant)
    page.get_by_label("Type your name to sign").fill(signer.name)
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("status").first).to_be_visible()


def choose(page: Page, applicant: User) -> None:
    open_approval(page, applicant)
    page.get_by_label("Interest in the program").fill("Clear about the time it takes.")
    page.get_by_label("Demonstrated interest in leadership").fill("Guides colleagues already.")
    page.get_by_label("The division project").fill("The division needs it.")
    page.get_by_label("Accepted").check()
    page.get_by_role("button", name="Record this choice").click()
    expect(page.get_by_role("status").first).to_be_visible()


def release(page: Page, cohort, deputy: User) -> None:
    page.goto(f"/applications/cohort/{cohort.pk}/selection/release/")
    page.get_by_label("Type your name to sign").fill(deputy.name)
    page.get_by_role("button", name="Sign and release").click()
    expect(page.get_by_role("status").first).to_be_visible()


def form_team(page: Page, cohort) -> None:
    """By hand: everybody into the first team."""
    page.goto(f"/teams/cohorts/{cohort.pk}/")
    page.get_by_role("button", name="Start by hand").click()
    for participant in cohort.participants.all():
        page.locator(f"#person-{participant.pk} [data-pick]").click()
        first = page.locator("#draft-team-1")
        into = (
            first.get_by_role("button", name="Put here")
            if first.count()
            else page.locator(".new-team button")
        )
        into.click()
        expect(page.locator(f"#draft-team-1 #person-{participant.pk}")).to_be_visible()
    page.get_by_role("link", name="Publish").click()
    expect(page.get_by_role("button", name="Publish")).to_be_visible()
    for why in page.get_by_label("why?").all():
        why.fill("They work at the same site.")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Awaiting agreement").first).to_be_visible()


def agree(page: Page) -> None:
    page.goto("/teams/mine/")
    page.get_by_role("button", name="I agree to this team").click()
    expect(page.get_by_role("status").first).to_be_visible()


def confirm_team(page: Page, cohort) -> None:
    page.goto(f"/teams/cohorts/{cohort.pk}/")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status").first).to_be_visible()
    assert cohort.teams.get().status == Team.Status.CONFIRMED


def take_attendance(page: Page, meeting: Meeting) -> None:
    page.goto(f"/meetings/{meeting.pk}/attendance/")
    for there in page.get_by_label("There", exact=True).all():
        there.check()
    page.get_by_role("button", name="Save attendance").click()
    expect(page.get_by_role("status").first).to_be_visible()


def evaluate(page: Page, meeting: Meeting) -> None:
    page.goto("/meetings/")
    page.get_by_role("link", name=f"Evaluate {meeting.heading}").click()
    expect(page.get_by_role("button", name="Send my evaluation")).to_be_visible()
    for answer in page.get_by_label("Mostly").all():
        answer.check()
    page.get_by_label("What helped you most?").fill("The questions my team asked.")
    page.get_by_role("button", name="Send my evaluation").click()
    expect(page.get_by_text("Thank you")).to_be_visible()


def propose_batch(page: Page, cohort) -> str:
    page.goto(f"/certificates/cohorts/{cohort.pk}/")
    page.get_by_role("button", name="Put them on a list").click()
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_role("status").first).to_be_visible()
    return page.url


def approve(page: Page, superintendent: User, address: str) -> None:
    page.context.request.get(f"{address}sample/")
    page.goto(address)
    page.get_by_label("Type your name to sign").fill(superintendent.name)
    page.get_by_role("button", name="Sign and approve").click()
    expect(page.get_by_role("status").first).to_be_visible()


def issue(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Issue the certificates").click()
    expect(page.get_by_role("status").first).to_be_visible()
    jobs.run(Job.objects.get().pk)  # what the worker does


def download(page: Page, folder: Path) -> str:
    """The holder's own file; returns the code printed on it."""
    page.goto("/certificates/")
    page.get_by_role("main").get_by_role("link", name="Certificate 2").click()
    with page.expect_download() as event:
        page.get_by_role("link", name="Download").click()
    path = folder / "certificate.pdf"
    event.value.save_as(path)
    certificate = Certificate.objects.get(participant__user__name="Ana Applicant")
    assert path.read_bytes() == bytes(certificate.file.pdf)
    return certificate.code


def verify_as_a_stranger(page: Page, applicant: User, code: str) -> None:
    page.goto("/verify/")
    page.get_by_label("Code on the certificate").fill(code)
    page.get_by_role("button", name="Verify the code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This certificate is valid")
    expect(page.get_by_role("main")).to_contain_text(applicant.name)
