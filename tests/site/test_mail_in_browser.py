"""Mail in Chromium: the page of what did not arrive, and the HTML of a mail on a phone, by day and by night."""

import pytest
from django.core.mail import get_connection
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from coaching import outbox
from coaching.letters import compose
from coaching.models import Message, User

pytestmark = pytest.mark.browser


@pytest.fixture
def lost(applicant, supervisor, outsider):
    applicant.name = "Maximiliana Featherstonehaugh-Cholmondeley-Warner"
    applicant.save()
    User.objects.filter(pk=outsider.pk).update(email="outsider-without-an-at.example.org")
    for person, status, error in (
        (applicant, "failed", "ConnectionRefusedError"),
        (supervisor, "failed", "SMTPDataError"),
        (applicant, "unknown", "WorkerStopped"),
        (outsider, "failed", "The mail address has no @."),
    ):
        outbox.queue(
            kind="application_outcome", to=person, key=status, now=timezone.now(), ids={"decision": 1}
        )
        Message.objects.filter(recipient=person, key__contains=status).update(status=status, error=error)


def test_mail_that_did_not_arrive(page, sign_in, check_page, branch_officer, lost):
    sign_in(page, branch_officer)
    page.goto(reverse("undelivered"))
    check_page(page)
    row = page.get_by_role("row").filter(has_text="Sam Supervisor")
    row.get_by_role("button", name="Settled otherwise").click()
    expect(page.get_by_text("Settled: the mail to Sam Supervisor is not sent again.")).to_be_visible()
    page.get_by_role("button", name="Send again all the same").click()
    expect(page.get_by_text("is sent again within a minute")).to_be_visible()
    Message.objects.all().delete()
    page.goto(reverse("undelivered"))
    expect(page.get_by_text("All mail has arrived")).to_be_visible()
    check_page(page)


@pytest.fixture
def letter(settings, tmp_path) -> str:
    """The address of a mail's HTML part in the demo's mailbox."""
    settings.DEMO, settings.MAILBOX_DIR = True, tmp_path / "mail"
    address = f"{settings.SITE_URL}/accounts/password/reset/key/{'x' * 90}/"
    body = (
        f"Hello Ana,\n\nplease choose.\n\nChoose your password:\n{address}\n\n{address}\n\n"
        f"- Bo, {'b' * 60}@example.org\n- Cy\n\nQuestions? Coordinator, coaching@example.org"
    )
    mail = compose(subject=f"Hello {'W' * 60}", body=body, name="Ana", email="ana@demo.example")
    get_connection("coaching.site.mailbox.MailboxBackend").send_messages([mail])
    [path] = settings.MAILBOX_DIR.glob("*.eml")
    return reverse("mailbox_html", args=[path.stem])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_html_mail_reads_well(new_context, check_page, letter, page_errors, scheme):
    page = new_context(color_scheme=scheme, bypass_csp=True).new_page()  # the checker is a script
    page.goto(letter)
    check_page(page)
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    # A mail has no icon. Chromium asks for one all the same where no policy forbids it.
    page_errors[:] = [error for error in page_errors if "404" not in error]


def test_html_mail_runs_no_script(page, letter):
    page.goto(letter)
    expect(page.get_by_role("link", name="Choose your password")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("self.origin") == "null"  # apart from the site: no cookie, no storage
