"""The demo's mail: in a folder, read in the browser, and nowhere else."""

import re

import pytest
from django.core.mail import EmailMessage, get_connection
from django.urls import reverse

from coaching.letters import compose


@pytest.fixture
def mailbox(settings, tmp_path):
    settings.DEMO = True
    settings.MAILBOX_DIR = tmp_path / "mail"

    def send(subject="Please sign", body="Hello", to="ana@demo.example"):
        connection = get_connection("coaching.site.mailbox.MailboxBackend")
        return EmailMessage(
            subject, body, "Program <no-reply@example.org>", [to], connection=connection
        ).send()

    return send


def listed(client, **query):
    return [letter.subject for letter in client.get(reverse("mailbox"), query).context["letters"]]


def open_newest(client):
    [letter, *_] = client.get(reverse("mailbox")).context["letters"]
    return client.get(reverse("mailbox_mail", args=[letter.name])).content.decode()


def test_newest_mail_comes_first(client, db, mailbox):
    mailbox("First")
    mailbox("Second")
    assert listed(client) == ["Second", "First"]


def test_mail_is_found_by_its_recipient(client, db, mailbox):
    mailbox("For Ana")
    mailbox("For Bo", to="bo@demo.example")
    assert listed(client, to="BO@") == ["For Bo"]
    assert listed(client, to="nobody") == []


def test_list_is_paged(client, db, mailbox):
    for number in range(27):
        mailbox(f"Mail {number}")
    assert len(listed(client)) == 25
    assert listed(client, page=2) == ["Mail 1", "Mail 0"]


def test_links_of_a_mail_can_be_followed(client, db, mailbox):
    mailbox(body="See http://127.0.0.1:8000/approvals/ please.")
    assert '<a href="http://127.0.0.1:8000/approvals/" rel="nofollow">' in open_newest(client)


def test_mail_cannot_bring_markup_into_the_page(client, db, mailbox):
    mailbox(subject="<script>alert(1)</script>", body="<script>alert(2)</script>")
    assert "<script>alert" not in open_newest(client)


@pytest.mark.parametrize("name", ["1-1", "..", "%2e%2e%2fdb"])
def test_a_mail_that_is_not_there_answers_404(client, db, mailbox, name):
    mailbox()
    assert client.get(f"/mail/{name}/").status_code == 404


def test_outside_the_demo_there_is_no_mailbox(client, db, mailbox, settings):
    mailbox()
    settings.DEMO = False
    assert client.get(reverse("mailbox")).status_code == 404
    assert client.get(reverse("mailbox_mail", args=["1-1"])).status_code == 404


def test_two_mails_of_one_moment_are_two_files(client, db, mailbox, settings):
    connection = get_connection("coaching.site.mailbox.MailboxBackend")
    mails = [EmailMessage(f"Mail {n}", "", "a@example.org", ["b@demo.example"]) for n in range(2)]
    assert connection.send_messages(mails) == 2
    assert len(list(settings.MAILBOX_DIR.glob("*.eml"))) == 2


@pytest.mark.parametrize("zone", ["-0000", "+0000"])
def test_mail_is_shown_at_the_local_time(client, db, mailbox, settings, zone):
    mail = f"From: a@example.org\nTo: b@example.org\nSubject: Late\nDate: Sun, 22 Nov 2026 02:29:00 {zone}\n\nText\n"
    settings.MAILBOX_DIR.mkdir()
    (settings.MAILBOX_DIR / "9-1.eml").write_text(mail)
    page = client.get("/mail/").content.decode()
    assert "November 21, 2026" in page
    assert "6:29 p.m." in page


# The HTML part


@pytest.fixture
def rich(mailbox):
    """A mail as the program sends it, in both parts."""
    letter = compose(subject="Sign", body="Hello <b>Ana</b>", name="Ana", email="ana@demo.example")
    get_connection("coaching.site.mailbox.MailboxBackend").send_messages([letter])


def test_mail_leads_to_its_html_part(client, db, rich):
    page = open_newest(client)
    assert "Hello &lt;b&gt;Ana&lt;/b&gt;" in page
    [address] = re.findall(r'href="(/mail/[^/]+/html/)"', page)
    answer = client.get(address)
    assert "Hello &lt;b&gt;Ana&lt;/b&gt;" in answer.content.decode()
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy


def test_a_mail_without_html_has_no_page_for_it(client, db, mailbox):
    mailbox()
    assert "/html/" not in open_newest(client)
    [letter] = client.get(reverse("mailbox")).context["letters"]
    assert client.get(reverse("mailbox_html", args=[letter.name])).status_code == 404


def test_outside_the_demo_no_html_part_is_shown(client, db, rich, settings):
    [letter] = client.get(reverse("mailbox")).context["letters"]
    settings.DEMO = False
    assert client.get(reverse("mailbox_html", args=[letter.name])).status_code == 404
