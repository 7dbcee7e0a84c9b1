"""The texts of the mails: each link has a name, each mail says whom it is to, and whom to ask."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings

from coaching.letters import LONGEST_LABEL

FOLDER = Path(settings.BASE_DIR) / "templates"
PATHS = [*(FOLDER / "mail").glob("[!_]*.txt"), *(FOLDER / "meetings" / "mail").glob("*.txt")]
MAILS = {str(path.relative_to(FOLDER)): path.read_text() for path in sorted(PATHS)}
LINK = re.compile(
    r"^\{\{ (site_url|page|approval_page|link) \}\}(\{% url [^%]*%\}|\{\{[^}]*\}\})?", re.MULTILINE
)
# What people of the directory and administrators get has no cohort whose contact could answer.
WITHOUT_COHORT = {
    "mail/applications_overdue.txt",
    "mail/correction_reported.txt",
    "mail/correction_settled.txt",
    "mail/delegation_ended.txt",
    "mail/delegation_recorded.txt",
    "mail/invitation.txt",
    "mail/password_reset.txt",
    "mail/second_factor_taken_away.txt",
    "mail/sign_in_changed.txt",
}


@pytest.mark.parametrize("name", MAILS)
def test_every_link_is_named_by_the_line_before(name):
    """The HTML part makes a button of it."""
    lines = MAILS[name].splitlines()
    for before, line in pairwise(lines):
        if LINK.match(line):
            words = re.sub(r"\{[{%].*?[%}]\}", "", before)
            assert before.endswith(":"), f"{before!r} before {line!r}"
            assert len(words) <= LONGEST_LABEL - 20, before


@pytest.mark.parametrize("name", MAILS)
def test_every_mail_greets_and_escapes_nothing(name):
    assert MAILS[name].startswith("{% autoescape off %}")
    assert re.search(r"^Hello \{\{ \w+\.get_short_name \}\},$", MAILS[name], re.MULTILINE)


@pytest.mark.parametrize("name", sorted(set(MAILS) - WITHOUT_COHORT))
def test_every_mail_of_a_cohort_says_whom_to_ask(name):
    """A12."""
    assert "mail/_application_contact.txt" in MAILS[name]
