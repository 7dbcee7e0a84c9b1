"""The calendar of the whole program as a PDF: M4."""

import io
from datetime import date, time

import page
import pikepdf
import time_machine
from django.urls import reverse

from coaching.models import ClosedDay
from meetings import scheduling
from tests.certificates.content import text_of
from tests.clock import NOW
from tests.meetings.conftest import BEFORE


def calendar_of(client, participant) -> bytes:
    with time_machine.travel(BEFORE, tick=False):
        client.force_login(participant.user)
        answer = client.get(reverse("meetings_program_calendar_file", args=[participant.pk]))
    assert answer["Content-Type"] == "application/pdf"
    return answer.content


def test_all_meetings_on_one_page_that_everybody_can_read(client, people, meetings, cohort, alice):
    """PDF/UA-1, letter landscape; closed days are named, and what was called off."""
    ClosedDay.objects.create(date=meetings[1].date, name="Inventory day", branch=cohort.branch)
    scheduling.cancel(meeting=meetings[2], reason="Snow.", by=alice, now=NOW)
    pdf = calendar_of(client, people.alice)
    report = page.validate_pdf_bytes(pdf, profile="ua1")
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        [sheet] = opened.pages
        assert tuple(map(float, sheet.mediabox)) == (0, 0, 792, 612)
        assert str(opened.Root.Lang) == "en-US"
    text = " ".join(text_of(pdf).split())
    assert "1. Introduction to Program Wednesday, February 17, 2027 9:00 a.m. to 11:00 a.m. PST" in text
    assert "Members: Alice Example, Bob Example, Charlie Example. As of January 20, 2027" in text
    assert "Inventory day" in text
    assert f"3. {meetings[2].heading} Not planned yet" in text


def test_many_meetings_with_long_names_go_on_overleaf(client, people, meetings, team, alice):
    for number in range(30):
        scheduling.add_extra(
            team=team,
            when=scheduling.When(date(2027, 3, 1 + number), time(9), 60),
            where=scheduling.Where(place="A" * 190),
            title=f"{number} " + "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3,
            by=alice,
            now=BEFORE,
        )
    pdf = calendar_of(client, people.alice)
    assert page.is_pdf_compliant_bytes(pdf, profile="ua1")
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len(opened.pages) > 2
    assert "Final Program Meeting" in " ".join(text_of(pdf).split())


def test_a_meeting_for_all_teams_is_named_in_the_zone_of_its_times(client, people, both, join):
    """M4, M5: on paper and on the page."""
    join()
    pdf = calendar_of(client, people.alice)
    assert "1. Introduction to Program (all teams together)" in " ".join(text_of(pdf).split())
    with time_machine.travel(BEFORE, tick=False):
        client.force_login(people.alice.user)
        answer = client.get(reverse("meetings_program_calendar", args=[people.alice.pk]))
    assert "10:00 a.m. to 12:00 p.m. PST" in answer.content.decode()
