"""What people see and do in the browser, by the test client."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching.enrollment import leave
from coaching.models import ClosedDay, Cohort
from meetings import attendance, evaluations, laying_out, scheduling
from meetings.models import Attendance, EvaluationReceipt, Meeting
from tests import factories
from tests.clock import NOW
from tests.meetings.conftest import BEFORE, noon

pytestmark = pytest.mark.usefixtures("plain_not_found")


@pytest.fixture
def at_noon(meeting):
    """The clock stands at noon of the first meeting's day."""
    with time_machine.travel(noon(meeting.date), tick=False):
        yield noon(meeting.date)


@pytest.fixture
def early():
    with time_machine.travel(BEFORE, tick=False):
        yield BEFORE


@pytest.fixture
def held(meeting, people, alice, at_noon):
    marks = {people.alice: "present", people.bob: "present", people.charlie: "absent"}
    attendance.take_attendance(meeting=meeting, marks=marks, by=alice, now=at_noon)
    meeting.refresh_from_db()
    return meeting


def pages_of(meeting, team, participant) -> dict[str, str]:
    """Every address of a team's space."""
    return {
        "program": reverse("meetings_program", args=[participant.pk]),
        "calendar": reverse("meetings_program_calendar", args=[participant.pk]),
        "team": reverse("meetings_team", args=[team.pk]),
        "add": reverse("meeting_add", args=[team.pk]),
        "meeting": reverse("meeting", args=[meeting.pk]),
        "move": reverse("meeting_move", args=[meeting.pk]),
        "place": reverse("meeting_place", args=[meeting.pk]),
        "cancel": reverse("meeting_cancel", args=[meeting.pk]),
        "facilitators": reverse("meeting_facilitators", args=[meeting.pk]),
        "attendance": reverse("meeting_attendance", args=[meeting.pk]),
        "table": reverse("meeting_table", args=[meeting.pk]),
        "prepare": reverse("meeting_prepare", args=[meeting.pk]),
        "advice": reverse("note_advice", args=[meeting.pk, participant.pk]),
        "competency": reverse("note_competency", args=[meeting.pk, participant.pk]),
        "action": reverse("action_add", args=[meeting.pk, participant.pk]),
        "actions": reverse("meetings_actions", args=[team.pk]),
        "rhythm": reverse("meetings_rhythm", args=[team.pk]),
        "writing": reverse("meetings_own_writing", args=[participant.pk]),
        "evaluation": reverse("meeting_evaluation", args=[meeting.pk]),
    }


PAGES = [
    "program",
    "calendar",
    "team",
    "add",
    "meeting",
    "move",
    "place",
    "cancel",
    "facilitators",
    "attendance",
    "table",
    "prepare",
    "advice",
    "competency",
    "action",
    "actions",
    "rhythm",
    "writing",
]


@pytest.mark.parametrize("page", [*PAGES, "evaluation"])
def test_a_member_opens_every_page_of_the_team(client, page, held, meetings, team, people, alice):
    client.force_login(alice)
    if page in ("move", "cancel", "facilitators"):  # a meeting that was held keeps its date
        held = meetings[1]
    assert client.get(pages_of(held, team, people.alice)[page]).status_code == 200


@pytest.mark.parametrize(
    "who",
    ["supervisor", "director", "deputy", "branch_officer", "training_officer", "administrator", "outsider"],
)
def test_the_teams_space_is_closed_to_everybody_else(client, who, request, held, team, people):
    """M14, M16: neither the offices nor the administrator get in."""
    client.force_login(request.getfixturevalue(who))
    for name, address in pages_of(held, team, people.alice).items():
        assert client.get(address).status_code == 404, name
        assert client.post(address, {}).status_code in (404, 405), name


def test_another_teams_member_gets_nowhere(client, held, team, other_team, people):
    client.force_login(people.dora.user)
    for name, address in pages_of(held, team, people.alice).items():
        assert client.get(address).status_code == 404, name


def test_a_former_member_sees_nothing_but_their_own_evaluation(client, held, team, people, alice, at_noon):
    """M16; C1 still asks for the evaluation of what they attended."""
    people.alice.memberships.update(ended_at=at_noon + timedelta(hours=1))
    client.force_login(alice)
    for name, address in pages_of(held, team, people.alice).items():
        assert client.get(address).status_code == (200 if name == "evaluation" else 404), name
    assertContains(client.get(reverse("meetings")), "You wait for a team")


def test_whoever_left_is_promised_no_team(client, held, people, alice, at_noon):
    leave(participant=people.alice, by=alice, reason="", now=at_noon)
    client.force_login(alice)
    page = client.get(reverse("meetings"))
    assertContains(page, "You are not in a team now")
    assertNotContains(page, "Once your team is confirmed")


def test_strangers_are_sent_to_sign_in(client, held, team, people):
    for address in pages_of(held, team, people.alice).values():
        assert client.get(address).status_code == 302


def test_a_team_awaiting_agreement_shows_no_contact_details(client, team, alice):
    team.status = "awaiting_agreement"
    team.save()
    client.force_login(alice)
    assert client.get(reverse("meetings_team", args=[team.pk])).status_code == 404


def test_the_program_shows_what_is_ahead_and_what_is_missing(client, held, alice):
    client.force_login(alice)
    page = client.get(reverse("meetings"))
    assertContains(page, "Meeting 2: Fostering a Team Environment")
    assertContains(
        page, "Fill in the evaluation of “Introduction to Program” on Wednesday, February 17, 2027."
    )
    assert [each.meeting.number for each in page.context["ahead"]] == [2, 3, 4, 5, 6, 7, 8]
    assert [line.meeting.number for line in page.context["over"]] == [1]


def test_meetings_without_attendance_are_asked_about(client, meetings, alice):
    with time_machine.travel(noon(meetings[0].date + timedelta(days=1)), tick=False):
        client.force_login(alice)
        page = client.get(reverse("meetings"))
    assertContains(page, "Introduction to Program, February 17: take attendance")


def test_the_printable_calendar_has_every_meeting_and_its_closed_days(client, meetings, alice, cohort):
    """M3, M4."""
    ClosedDay.objects.create(date=meetings[1].date, name="Inventory day", branch=cohort.branch)
    scheduling.cancel(meeting=meetings[7], reason="No", by=alice, now=BEFORE)
    client.force_login(alice)
    page = client.get(reverse("meetings_calendar"))
    assertContains(page, "Wednesday, March 17, 2027")
    assertContains(page, "is Inventory day, and offices are closed")
    assert [row.meeting.number for row in page.context["rows"]] == [1, 2, 3, 4, 5, 6, 7]


def test_the_agenda_has_times_of_the_day(client, meetings, alice):
    """M6, M7: three members, twenty-five minutes each."""
    client.force_login(alice)
    page = client.get(meetings[1].get_absolute_url())
    lines = [(f"{line.starts:%H:%M}", line.member, line.minutes) for line in page.context["lines"]]
    assert lines == [
        ("09:00", "Bob Example", 25),
        ("09:25", "Charlie Example", 25),
        ("09:50", "Alice Example", 25),
        ("10:15", None, 45),
    ]


def test_a_turn_has_its_prompts_once(client, meetings, alice):
    """M8: status, successes, problems, challenges; then questions, ideas, advice. M10: asked with the competency."""
    client.force_login(alice)
    page = client.get(meetings[1].get_absolute_url())
    for prompt in (
        "Where the project stands, and what has worked",
        "Problems and challenges",
        "Questions, ideas and advice from the others",
        "How it applies to each project",
    ):
        assertContains(page, prompt, count=1)


@pytest.fixture
def last_held(meetings, people, alice):
    """The last meeting is over, and attendance is taken."""
    with time_machine.travel(noon(meetings[7].date), tick=False):
        marks = dict.fromkeys((people.alice, people.bob, people.charlie), "present")
        attendance.take_attendance(meeting=meetings[7], marks=marks, by=alice, now=noon(meetings[7].date))
        yield meetings[7]


def test_a_last_meeting_without_the_deputy_warns(client, last_held, meetings, people, alice, deputy):
    """M13"""
    warning = "Neither the branch deputy nor a designee is written down"
    client.force_login(alice)
    assertContains(client.get(last_held.get_absolute_url()), warning)
    assertContains(client.get(last_held.get_absolute_url()), "Before the branch deputy, schedule permitting")
    assertNotContains(client.get(meetings[6].get_absolute_url()), warning)
    marks = {people.alice: "present"}
    now = noon(last_held.date)
    attendance.take_attendance(meeting=last_held, marks=marks, visitors=[deputy], by=alice, now=now)
    assertNotContains(client.get(last_held.get_absolute_url()), warning)


def move(client, meeting, **data):
    values = {"date": "2027-02-24", "start_time": "09:00", "minutes": "120"}
    return client.post(reverse("meeting_move", args=[meeting.pk]), {**values, **data})


def test_moving_without_warning_saves_at_once(client, meeting, alice, early):
    client.force_login(alice)
    assertRedirects(move(client, meeting), meeting.get_absolute_url())
    meeting.refresh_from_db()
    assert meeting.date.isoformat() == "2027-02-24"


def test_warnings_are_shown_before_anything_is_saved(client, meeting, alice, early):
    """M3: and the confirmation needs no JavaScript."""
    client.force_login(alice)
    page = move(client, meeting, date="2027-03-06")
    assertContains(page, "Saturday, March 6, 2027 is on a weekend, when offices are closed.")
    assertContains(page, "The meeting leaves February 2027")
    assertContains(page, "Move it anyway")
    assertContains(page, 'name="agreed" value="2027-03-06"')
    meeting.refresh_from_db()
    assert meeting.date.isoformat() == "2027-02-17"
    # Another day than the one that was warned about is warned about again.
    assertContains(
        move(client, meeting, date="2027-03-07", agreed="2027-03-06"), "Sunday, March 7, 2027 is on a weekend"
    )
    assertRedirects(move(client, meeting, date="2027-03-06", agreed="2027-03-06"), meeting.get_absolute_url())
    meeting.refresh_from_db()
    assert meeting.date.isoformat() == "2027-03-06"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"date": "2027-01-05", "agreed": "2027-01-05"}, "already over"),
        ({"start_time": "04:00"}, "Choose a time between 6:00 a.m. and 9:00 p.m."),
        ({"date": "2027-01-05"}, "already over"),
        ({"start_time": "20:30"}, "It would end at 10:30 p.m. Choose an earlier start."),
        ({"date": "nonsense"}, "Enter a valid date."),
    ],
)
def test_a_move_that_cannot_be_is_said_in_the_form(client, meeting, alice, early, data, message):
    client.force_login(alice)
    assertContains(move(client, meeting, **data), message)
    meeting.refresh_from_db()
    assert meeting.date.isoformat() == "2027-02-17"


def test_calling_off_asks_for_a_reason(client, meeting, alice, early):
    client.force_login(alice)
    address = reverse("meeting_cancel", args=[meeting.pk])
    assertContains(client.post(address, {}), "Say why the meeting is called off.")
    assertRedirects(client.post(address, {"reason": "Fire drill"}), meeting.get_absolute_url())
    assertContains(client.get(meeting.get_absolute_url()), "This meeting was called off: Fire drill")


def test_setting_the_place(client, meeting, alice, early):
    client.force_login(alice)
    address = reverse("meeting_place", args=[meeting.pk])
    response = client.post(
        address, {"mode": "mixed", "place": "Room 1101", "link": "https://meet.example.org/1"}
    )
    assertRedirects(response, meeting.get_absolute_url())
    assertContains(client.get(meeting.get_absolute_url()), "Room 1101")
    assertContains(
        client.post(address, {"mode": "mixed", "link": "javascript:alert(1)"}), "Enter a valid URL"
    )


def test_adding_a_meeting(client, team, meetings, alice, early):
    """M2."""
    client.force_login(alice)
    values = {
        "title": "Catching up",
        "date": "2027-03-30",
        "start_time": "13:00",
        "minutes": "60",
        "mode": "in_person",
        "place": "",
        "link": "",
    }
    address = reverse("meeting_add", args=[team.pk])
    assertContains(client.post(address, {**values, "title": ""}), "Give the extra meeting a title.")
    same_day = client.post(address, {**values, "date": "2027-03-17"})
    assertContains(same_day, "Your team already meets on Wednesday, March 17, 2027.")
    long_ago = client.post(address, {**values, "date": "2026-11-02"})
    assertContains(long_ago, "A meeting can be written down until 7 days after it took place.")
    assertNotContains(long_ago, "Add it anyway")
    response = client.post(address, values)
    added = Meeting.objects.get(title="Catching up")
    assertRedirects(response, added.get_absolute_url())
    assertRedirects(client.post(address, values | {"agreed": "2027-03-30"}), added.get_absolute_url())
    assert Meeting.objects.filter(title="Catching up").count() == 1


def test_facilitators_are_chosen_and_swapped(client, meetings, people, alice, bob):
    """M9."""
    meeting = meetings[1]
    address = reverse("meeting_facilitators", args=[meeting.pk])
    client.force_login(alice)
    client.post(address, {"part_projects": people.bob.pk, "part_competency": people.alice.pk})
    chosen = {row.component: row.participant for row in meeting.facilitators.all()}
    assert chosen == {"projects": people.bob, "competency": people.alice}
    client.force_login(bob)
    seen = {"seen_projects": people.bob.pk, "seen_competency": people.alice.pk}
    client.post(address, {"part_projects": people.charlie.pk, "part_competency": "", **seen})
    assert {row.component: row.participant for row in meeting.facilitators.all()} == {
        "projects": people.charlie
    }


def attendance_data(people, **marks) -> dict[str, str]:
    return {f"member_{getattr(people, name).pk}": mark for name, mark in marks.items()}


def test_attendance_is_one_form_for_the_whole_team(client, meeting, people, alice, at_noon):
    """T7."""
    client.force_login(alice)
    address = reverse("meeting_attendance", args=[meeting.pk])
    data = attendance_data(people, alice="present", bob="remote", charlie="absent")
    for _ in range(2):
        assertRedirects(client.post(address, data), meeting.get_absolute_url())
    assert Attendance.objects.filter(meeting=meeting).count() == 3
    assertContains(client.get(meeting.get_absolute_url()), "Charlie Example: not there")
    assertContains(client.post(address, attendance_data(people, alice="excused")), "Select a valid choice")


def test_everybody_is_here_in_one_press_and_twice_is_once(client, meeting, people, alice, at_noon):
    client.force_login(alice)
    assertContains(client.get(meeting.get_absolute_url()), "Everybody is here")
    address = reverse("meeting_attendance", args=[meeting.pk])
    for _ in range(2):
        assertRedirects(client.post(address, {"everybody": "yes"}), meeting.get_absolute_url())
    assert list(meeting.attendance.values_list("status", "reason")) == [("present", "")] * 3
    for page in (meeting.get_absolute_url(), address):
        assertNotContains(client.get(page), "Everybody is here")


def test_everybody_is_here_changes_no_mark_that_stands(client, meeting, people, alice, at_noon):
    attendance.take_attendance(meeting=meeting, marks={people.bob: "absent"}, by=alice, now=at_noon)
    client.force_login(alice)
    client.post(reverse("meeting_attendance", args=[meeting.pk]), {"everybody": "yes"})
    assert dict(meeting.attendance.values_list("participant", "status")) == {
        people.alice.pk: "present",
        people.bob.pk: "absent",
        people.charlie.pk: "present",
    }


def test_a_mark_that_changes_asks_for_the_reason_in_the_form(client, meeting, people, alice, at_noon):
    client.force_login(alice)
    address = reverse("meeting_attendance", args=[meeting.pk])
    data = attendance_data(people, alice="present", bob="absent", charlie="present")
    client.post(address, data)
    data |= attendance_data(people, bob="present")
    assertContains(client.post(address, data), "Say why the mark of Bob Example changes.")
    assert meeting.attendance.get(participant=people.bob).status == "absent"
    client.post(address, data | {"reason": "Came late"})
    row = meeting.attendance.get(participant=people.bob)
    assert (row.status, row.reason) == ("present", "Came late")


def test_a_meeting_under_the_quorum_says_that_it_does_not_count(client, meeting, people, alice, at_noon):
    client.force_login(alice)
    data = attendance_data(people, alice="present", bob="absent", charlie="absent")
    client.post(reverse("meeting_attendance", args=[meeting.pk]), data)
    assertContains(client.get(meeting.get_absolute_url()), "Fewer than 2 of you were there")


def evaluation_data(cohort, rating=4, text="The questions") -> dict[str, object]:
    return {
        f"question_{question.pk}": rating if question.kind == "rating" else text
        for question in evaluations.questions_for(cohort)
    }


def test_an_evaluation_is_sent_changed_and_shown_to_its_author_alone(client, held, cohort, alice, bob):
    """C1."""
    address = reverse("meeting_evaluation", args=[held.pk])
    client.force_login(alice)
    assertContains(
        client.get(address), "shuffled with those of all teams into rows without name, team or time"
    )
    for text in ("The questions", "The coffee"):
        assertRedirects(client.post(address, evaluation_data(cohort, text=text)), reverse("meetings"))
    assert EvaluationReceipt.objects.filter(meeting=held).count() == 1
    assertContains(client.get(address), "The coffee")
    client.force_login(bob)
    assertNotContains(client.get(address), "The coffee")


def test_an_evaluation_with_a_question_left_out_is_said_in_the_form(client, held, cohort, alice):
    client.force_login(alice)
    data = evaluation_data(cohort)
    data.pop(f"question_{evaluations.questions_for(cohort)[0].pk}")
    answer = client.post(reverse("meeting_evaluation", args=[held.pk]), data)
    # Under the question, over its five choices; and in the summary.
    said = "<strong>Choose one of the five.</strong>"
    assertContains(answer, said, count=1)
    body = answer.content.decode()
    assert body.index("</legend>") < body.index(said) < body.index('class="form-check"')
    assert not EvaluationReceipt.objects.exists()


def test_only_what_is_typed_and_not_kept_yet_holds_the_page(client, held, cohort, alice):
    """C1: whoever sent it with nothing typed leaves without being asked."""
    client.force_login(alice)
    address = reverse("meeting_evaluation", args=[held.pk])
    answer = client.post(address, {})
    assertContains(answer, "Choose one of the five.")
    assertNotContains(answer, "data-unsaved")
    text = evaluations.questions_for(cohort)[-1]
    assertContains(client.post(address, {f"question_{text.pk}": "The questions"}), "data-unsaved")


def test_what_a_form_says_of_a_question_that_is_a_sentence_has_one_sign(client, held, cohort, alice):
    client.force_login(alice)
    first = evaluations.questions_for(cohort)[0]
    first.text = "The meeting was worth its time."
    first.save()
    answer = client.post(reverse("meeting_evaluation", args=[held.pk]), {})
    assertContains(answer, ">The meeting was worth its time</a>: Choose one of the five.")


def test_who_was_not_there_has_nothing_to_evaluate(client, held, people, other_team):
    client.force_login(people.charlie.user)
    address = reverse("meeting_evaluation", args=[held.pk])
    page = client.get(address)
    assertContains(page, "You are marked as not there on Wednesday, February 17, 2027, so there is nothing")
    assertNotContains(page, "Send my evaluation")
    assertContains(page, "Your team can change it until Wednesday, February 24, 2027")
    with time_machine.travel(noon(date(2027, 2, 25)), tick=False):
        client.force_login(people.charlie.user)
        later = client.get(address)
    assertNotContains(later, "Your team can change it")
    assertContains(later, "Ask the branch office: it can still change it.")
    client.force_login(people.dora.user)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("way", ["sent", "written"])
def test_whoever_is_marked_as_not_there_later_reads_what_becomes_of_it(client, held, cohort, alice, bob, way):
    """C1: the mail with the link has left already."""
    address = reverse("meeting_evaluation", args=[held.pk])
    client.force_login(alice)
    headers = {} if way == "sent" else {"HX-Request": "true"}
    client.post(address, evaluation_data(cohort, text="My words"), headers=headers)
    attendance.take_attendance(
        meeting=held,
        marks={alice.participations.get(): "absent"},
        reason="A slip",
        by=bob,
        now=noon(held.date),
    )
    page = client.get(address)
    becomes = {
        "sent": "It counts only if you are marked as there by then; otherwise it is deleted.",
        "written": "What you wrote and did not send is deleted when the evaluation closes.",
    }
    assertContains(page, becomes[way])
    late = client.post(address, evaluation_data(cohort, text="More words"))
    assertContains(late, "so there is nothing to evaluate")
    assertContains(late, "More words")
    assert client.post(address, {}, headers={"HX-Request": "true"}).status_code == 409
    asked = client.post(reverse("evaluation_ask", args=[held.pk]), follow=True)
    assertContains(asked, "Only people who were at a meeting evaluate it")


def test_the_words_about_anonymity_are_two_short_sentences(client, held, alice):
    client.force_login(alice)
    page = client.get(reverse("meeting_evaluation", args=[held.pk])).content.decode()
    first = page[page.index("Nobody learns") : page.index("<details", page.index("Nobody learns"))]
    sentences = first.replace("</p>", "").strip().rstrip(".").split(". ")
    assert [len(each.split()) < 30 for each in sentences] == [True, True]
    assert "How is this kept?" in page


def queries(django_assert_max_num_queries, client, address) -> int:
    with django_assert_max_num_queries(60) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_program_takes_as_many_queries_for_many_meetings_as_for_few(
    client, team, alice, people, django_assert_max_num_queries
):
    then = noon(scheduling.dates.nth_weekday(2027, 2, 2, 3))
    counts = []
    with time_machine.travel(then, tick=False):
        client.force_login(alice)
        for number in (1, 3):
            for extra in range(number):
                when = scheduling.When(then.date(), scheduling.time(7 + number, extra), 60)
                added = scheduling.add_extra(
                    team=team, when=when, where=scheduling.Where(), title="More", by=alice, now=then
                )
                attendance.take_attendance(
                    meeting=added, marks={people.alice: "present", people.bob: "present"}, by=alice, now=then
                )
            counts.append(queries(django_assert_max_num_queries, client, reverse("meetings")))
    assert counts[0] == counts[1]


class TestOffice:
    """M12, M14, T10: what the offices see, and what they don't."""

    def test_the_grid_shows_marks_and_standing(self, client, held, cohort, branch_officer):
        client.force_login(branch_officer)
        page = client.get(reverse("office_meetings_cohort", args=[cohort.pk]))
        (grid,) = page.context["grids"]
        assert {str(row.participant): row.cells[0].words for row in grid.rows} == {
            "Alice Example": "There",
            "Bob Example": "There",
            "Charlie Example": "Not there",
        }
        assertContains(page, "On track, 1 of 8 months")
        assertContains(client.get(reverse("office_meetings")), str(cohort))

    def test_a_mark_is_corrected_with_a_reason(self, client, held, people, branch_officer, at_noon):
        client.force_login(branch_officer)
        address = reverse("office_attendance", args=[held.pk, people.charlie.pk])
        assertContains(client.post(address, {"status": "excused"}), "This field is required")
        seen = client.get(address).context["form"]["seen"].value()
        assertRedirects(
            client.post(address, {"status": "excused", "reason": "Jury duty", "seen": seen}),
            reverse("office_meeting", args=[held.pk]),
        )
        assertContains(client.get(reverse("office_meeting", args=[held.pk])), "Excused: Jury duty")

    def test_the_month_is_decided(self, client, held, branch_officer):
        client.force_login(branch_officer)
        address = reverse("office_meeting", args=[held.pk])
        assertRedirects(client.post(address, {"month": "3", "reason": "Joined late"}), address)
        held.refresh_from_db()
        assert held.month == 3
        assertRedirects(client.post(address, {"month": "", "reason": "Not a meeting"}), address)
        held.refresh_from_db()
        assert held.month is None

    def test_members_do_not_read_the_reason_of_an_excusal(
        self, client, held, people, branch_officer, bob, at_noon
    ):
        attendance.excuse(
            meeting=held, participant=people.charlie, reason="Jury duty", by=branch_officer, now=at_noon
        )
        client.force_login(bob)
        page = client.get(held.get_absolute_url())
        assertContains(page, "Charlie Example: excused")
        assertNotContains(page, "Jury duty")

    @pytest.mark.parametrize(
        "who", ["supervisor", "director", "deputy", "training_officer", "administrator", "outsider"]
    )
    def test_attendance_by_name_is_the_branch_offices_alone(self, client, who, request, held, cohort, people):
        client.force_login(request.getfixturevalue(who))
        for address in (
            reverse("office_meetings"),
            reverse("office_meetings_cohort", args=[cohort.pk]),
            reverse("office_meeting", args=[held.pk]),
            reverse("office_attendance", args=[held.pk, people.alice.pk]),
        ):
            assert client.get(address).status_code == 404

    def test_another_branchs_office_sees_nothing(self, client, held, cohort, org, people):
        """F5."""
        elsewhere = factories.unit("branch", "Elsewhere Branch", parent=org.department)
        client.force_login(factories.officer(elsewhere))
        assert list(client.get(reverse("office_meetings")).context["rows"]) == []
        for address in (
            reverse("office_meetings_cohort", args=[cohort.pk]),
            reverse("office_meeting", args=[held.pk]),
            reverse("meetings_totals", args=[cohort.pk]),
        ):
            assert client.get(address).status_code == 404

    def test_an_officer_who_takes_part_has_no_office_view(self, client, held, cohort, org, people):
        """T10."""
        officer = people.dora.user
        officer.role_assignments.create(office="branch_office", unit=org.branch, start_date=NOW.date())
        client.force_login(officer)
        assert client.get(reverse("office_meetings_cohort", args=[cohort.pk])).status_code == 404

    def test_the_deputy_sees_dates_and_nothing_that_is_said(
        self, client, meetings, team, deputy, alice, early
    ):
        """M12."""
        scheduling.add_extra(
            team=team,
            when=scheduling.When(meetings[0].date, scheduling.time(15), 60),
            where=scheduling.Where("Room 7"),
            title="About my conflict",
            by=alice,
            now=early,
        )
        client.force_login(deputy)
        page = client.get(reverse("branch_meetings"))
        assertContains(page, "Introduction to Program")
        assertContains(page, "Room 7")
        assertNotContains(page, "About my conflict")
        assertNotContains(page, "Alice Example")

    def test_the_deputy_is_asked_to_the_last_meeting_only(self, client, meetings, deputy, early):
        """M13"""
        client.force_login(deputy)
        assertContains(client.get(reverse("branch_meetings")), "Please come if you can", count=1)

    @pytest.mark.parametrize("who", ["supervisor", "director", "branch_officer", "alice", "administrator"])
    def test_the_branch_calendar_is_the_deputys(self, client, who, request, meetings):
        client.force_login(request.getfixturevalue(who))
        assert client.get(reverse("branch_meetings")).status_code == 404

    @pytest.mark.parametrize(
        ("who", "attendance_shown"), [("branch_officer", True), ("deputy", True), ("training_officer", False)]
    )
    def test_totals_are_read_by_the_offices(self, client, who, attendance_shown, request, held, cohort):
        client.force_login(request.getfixturevalue(who))
        assertContains(client.get(reverse("meetings_totals_list")), str(cohort))
        page = client.get(reverse("meetings_totals", args=[cohort.pk]))
        assert page.status_code == 200
        assert (page.context["attendance"] is not None) == attendance_shown
        assertNotContains(page, "Alice")

    @pytest.mark.parametrize("who", ["supervisor", "director", "alice", "administrator", "outsider"])
    def test_totals_are_not_for_supervisors_directors_or_members(self, client, who, request, held, cohort):
        """M17."""
        client.force_login(request.getfixturevalue(who))
        assert client.get(reverse("meetings_totals", args=[cohort.pk])).status_code == 404

    def test_the_grid_takes_as_many_queries_for_three_teams_as_for_one(
        self, client, held, cohort, org, branch_officer, django_assert_max_num_queries
    ):
        Cohort.objects.update(seats=40)
        client.force_login(branch_officer)
        address = reverse("office_meetings_cohort", args=[cohort.pk])
        before = queries(django_assert_max_num_queries, client, address)
        for _ in range(2):
            members = [factories.participant(cohort) for _ in range(3)]
            team = factories.confirmed_team(cohort, members, by=branch_officer)
            laying_out.lay_out_meetings(team=team, by=None, now=NOW)
        assert queries(django_assert_max_num_queries, client, address) == before


def test_program_that_is_over_offers_no_meeting_to_add(client, meetings, team, alice, cohort):
    """Until a week after its last month a meeting can still be written down."""
    address = reverse("meeting_add", args=[team.pk])
    with time_machine.travel(noon(date(2027, 10, 7)), tick=False):
        client.force_login(alice)
        assertContains(client.get(reverse("meetings")), address)
        assert client.get(address).status_code == 200
    with time_machine.travel(noon(date(2027, 10, 8)), tick=False):
        client.force_login(alice)
        assertNotContains(client.get(reverse("meetings")), address)
        assertRedirects(client.get(address), reverse("meetings"))
    when = scheduling.When(date(2027, 10, 9), cohort.meeting_start_time, 60)
    with pytest.raises(scheduling.CannotPlan, match="is over"):
        scheduling.add_extra(
            team=team, when=when, where=scheduling.Where(), title="x", by=alice, now=noon(date(2027, 10, 8))
        )


def test_office_sees_for_each_cohort_what_meets_and_what_waits(client, meetings, people, branch_officer):
    """Two meetings are over, attendance of one is taken; the next one is in April."""
    attendance.take_attendance(
        meeting=meetings[0], marks={people.alice: "present"}, by=None, now=noon(meetings[0].date)
    )
    with time_machine.travel(noon(date(2027, 4, 1)), tick=False):
        client.force_login(branch_officer)
        response = client.get(reverse("office_meetings"))
    (row,) = response.context["rows"]
    assert (row.teams, row.next_date, row.waiting) == (1, date(2027, 4, 21), 1)
    assertContains(response, "1 confirmed team · next meeting on Wednesday, April 21, 2027")


def test_list_of_cohorts_takes_as_many_queries_for_three_as_for_one(
    client, program, branch, branch_officer, meetings, django_assert_max_num_queries
):
    client.force_login(branch_officer)
    one = queries(django_assert_max_num_queries, client, reverse("office_meetings"))
    for _ in range(2):
        factories.cohort(program, branch, by=branch_officer)
    assert queries(django_assert_max_num_queries, client, reverse("office_meetings")) == one
