"""A mail as it leaves: no name breaks a header, no address stops the others, and HTML and text say the same."""

import email
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default as default_policy
from email.utils import parseaddr
from html.parser import HTMLParser

import pytest
from django.conf import settings
from hypothesis import example, given
from hypothesis import strategies as st

from coaching import letters
from coaching.letters import Undeliverable, compose, one_line

TEXT = st.text(st.characters(codec=None), max_size=300)
NAMES = [
    "Bcc: everybody@example.org",
    '"',
    "\\",
    "<x@example.org>,",
    "=?utf-8?q?=0ABcc=3A_x?=",
    "(",
    "Ä",
    "\u202e",
    ";",
]
NASTY = st.lists(st.sampled_from([*NAMES, "\r\n", "\n", "\x00", "a", " "]), max_size=8).map("".join)


def parsed(**values: object) -> EmailMessage:
    given = {"subject": "Hello", "body": "Yes\n", "name": "Ana Applicant", "email": "ana@example.org"}
    letter = compose(**{**given, **values}, headers={"Message-ID": "<1@example.org>"})
    return email.message_from_bytes(letter.message().as_bytes(), policy=default_policy)


def words(html: str) -> str:
    class Words(HTMLParser):
        quiet = False

        def handle_starttag(self, tag, attrs):
            self.quiet = self.quiet or tag == "style"

        def handle_endtag(self, tag):
            self.quiet = self.quiet and tag != "style"

        def handle_data(self, data):
            if not self.quiet:
                found.append(data)

    found: list[str] = []
    Words().feed(html)
    return " ".join("".join(found).split())


# Headers


@given(subject=TEXT | NASTY, name=TEXT | NASTY)
@example(subject="x" * 2000, name="Ä" * 200)
@example(subject="", name="")
@example(subject="=?utf-8?q?a?=\nBcc: x", name="=?utf-8?q?=0ABcc=3A_x=40example.org?=")
def test_a_mail_has_exactly_the_headers_we_set(subject, name):
    mail = parsed(subject=subject, name=name, body=f"{name}\n\n{subject}")
    assert sorted(key.lower() for key in mail) == [
        "content-type",
        "date",
        "from",
        "message-id",
        "mime-version",
        "subject",
        "to",
    ]
    assert not mail.defects
    assert [each.addr_spec for each in mail["To"].addresses] == ["ana@example.org"]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert len(str(mail["Subject"]).strip()) <= letters.LONGEST_SUBJECT


@pytest.mark.parametrize(
    "name",
    [
        "Ana Applicant",
        "Núria O’Brien-Łukasz",
        "王小明",
        'Robert "Bob" Smith, Jr.',
        "Ana <Nia> @home",
        "Ä" * 90,
    ],
)
def test_to_carries_the_persons_name(name):
    letter = compose(subject="x", body="y", name=name, email="ana@example.org")
    # As mail programs read it: Python's own parser puts a space between two encoded words.
    shown, address = parseaddr(email.message_from_bytes(letter.message().as_bytes())["To"])
    assert (str(make_header(decode_header(shown))), address) == (name, "ana@example.org")


def test_the_envelope_has_the_address_alone():
    assert compose(subject="x", body="y", name="Ana", email="ana@example.org").recipients() == [
        "ana@example.org"
    ]


def test_a_subject_in_any_script_arrives():
    subject = "Solicitud de José — 申請 " + "ü" * 60
    assert parsed(subject=subject)["Subject"].strip() == subject


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Ana\r\nBcc: all@example.org", "Ana Bcc: all@example.org"),
        ("Ana\u2028Maria\tLuz", "Ana Maria Luz"),
        ("\u202egnp.exe \u200bAna", "gnp.exe Ana"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("=?utf-8?q?x?=", "= ?utf-8?q?x?="),
        ("x" * 30, "x" * 19 + "…"),
    ],
)
def test_one_line_keeps_what_people_write(text, line):
    assert one_line(text, longest=20 if len(text) == 30 else 100) == line


# Addresses


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "no mail address"),
        ("   ", "no mail address"),
        ("ana.example.org", "no @"),
        ("ana@example.org, bo@example.org", "more than one address"),
        ("ana@example.org\nbcc:bo", "a space, a line break"),
        ("ana@example.org ", "a space, a line break"),
        ("ana\u200b@example.org", "invisible character"),
        ("ana\x00@example.org", "invisible character"),
        ("a" * 65 + "@example.org", "longer than mail servers accept"),
        ("ana@" + "a." * 130 + "org", "longer than mail servers accept"),
        ("ana@exämple.org", "letters that mail servers do not accept"),
        ("äna@example.org", "letters that mail servers do not accept"),
        ("ana@", "not written like one"),
        ("ana..b@example.org", "not written like one"),
        ("ana@example", "not written like one"),
    ],
)
def test_a_broken_address_is_named(address, reason):
    with pytest.raises(Undeliverable, match=reason):
        compose(subject="x", body="y", name="Ana", email=address)


@given(TEXT | st.emails() | NASTY.map("ana@{}".format))
def test_an_address_is_taken_as_it_is_or_refused(address):
    try:
        letter = compose(subject="x", body="y", name="Ana", email=address)
    except Undeliverable:
        return
    assert letter.recipients() == [address]
    assert [each.addr_spec for each in parsed(email=address)["To"].addresses] == [address]


# HTML from the text


def html(body: str) -> str:
    return parsed(body=body).get_body(("html",)).get_content()


@given(TEXT)
def test_html_says_what_the_text_says_and_brings_no_markup(text):
    mail = parsed(body=f"<b>Hello</b>\n\n{text}\n\n<script>x</script> & yes")
    content = mail.get_body(("html",)).get_content()
    assert "<script" not in content
    assert "<b>" not in content
    assert "<b>Hello</b>" in words(content)
    assert "<script>x</script> & yes" in words(content)


def test_paragraphs_lines_and_lists():
    blocks = letters.blocks_of("Hello Ana,\n\none\ntwo\n\nMates:\n\n- Bo\n- Cy\n\n\n\nBye\n")
    assert [(block.lines, block.items) for block in blocks] == [
        (["Hello Ana,"], []),
        (["one", "two"], []),
        (["Mates:"], []),
        ([], ["Bo", "Cy"]),
        (["Bye"], []),
    ]


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_line_that_is_only_a_link_is_a_button_named_by_the_line_before(gap):
    address = f"{settings.SITE_URL}/approvals/7/"
    text = f"It waits.\nOpen the application:{gap}{address}"
    _, button = letters.blocks_of(text)
    assert (button.address, button.label) == (address, "Open the application")
    assert f'href="{address}"' in html(text)


@pytest.mark.parametrize("before", ["It waits.", f"{'x' * 80}:", "- an item:"])
def test_a_link_without_a_name_shows_itself(before):
    address = f"{settings.SITE_URL}/approvals/7/"
    *_, button = letters.blocks_of(f"{before}\n{address}")
    assert (button.address, button.label) == (address, address)
    assert words(html(f"{before}\n{address}")).count(address) == 1


@pytest.mark.parametrize(
    "line",
    [
        "https://elsewhere.example.org/approvals/",
        f"{settings.SITE_URL}.example.org/",
        f"{settings.SITE_URL}/ and more",
        "javascript:alert(1)",
        f"see {settings.SITE_URL}/",
    ],
)
def test_only_links_of_the_site_become_links(line):
    assert not any(block.address for block in letters.blocks_of(f"Open:\n{line}"))


def test_nothing_is_loaded_and_nobody_is_followed():
    content = html(f"Open:\n{settings.SITE_URL}/")
    for forbidden in ("<img", "src=", "url(", "@import", "<link", "<script", "<form"):
        assert forbidden not in content


def test_html_names_program_and_department():
    assert words(html("x")).count(f"{settings.SITE_NAME}, {settings.DEPARTMENT_NAME}") == 1


def test_a_calendar_is_the_last_of_the_alternatives():
    """RFC 6047: the method stands beside the kind as it does in the file."""
    text = "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nSUMMARY:Über ☕\r\nEND:VCALENDAR\r\n"
    letter = parsed(calendar=letters.CalendarPart("CANCEL", text))
    assert letter.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in letter.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    *_, part = letter.iter_parts()
    assert dict(part["Content-Type"].params) == {
        "method": "CANCEL",
        "component": "VEVENT",
        "charset": "utf-8",
    }
    assert part.get_content().splitlines() == text.splitlines()


def test_a_calendar_arrives_byte_for_byte():
    """RFC 5545: its line ends and folds are its own."""
    text = "BEGIN:VCALENDAR\r\nSUMMARY:Über ☕ " + "é" * 30 + "\r\n  and on \r\n\tfolded\r\nEND:VCALENDAR\r\n"
    letter = compose(
        subject="Hello",
        body="Yes\n",
        name="Ana Applicant",
        email="ana@example.org",
        calendar=letters.CalendarPart("REQUEST", text),
    )
    as_sent = letter.message().as_bytes(linesep="\r\n")
    assert text.encode() in as_sent
    assert b"\r\r" not in as_sent


def test_a_mail_without_a_calendar_has_none():
    kinds = [part.get_content_type() for part in parsed().iter_parts()]
    assert kinds == ["text/plain", "text/html"]
