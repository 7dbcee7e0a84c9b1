"""C1: a late evaluation is opened again by the branch office, for one person and one meeting, until a day."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching import enrollment
from coaching.models import AuditEvent, Message
from coaching.site.home import cards_for
from meetings import attendance, due, evaluations, ledger, mail, reopening
from meetings.evaluations import CannotEvaluate
from meetings.models import EvaluationAnswer, EvaluationDraft, EvaluationReopening
from meetings.standing import Code
from meetings.team_space import NotYourMeeting
from tests import factories
from tests.clock import NOW
from tests.constraints import refused_by
from tests.meetings.conftest import noon
from tests.meetings.test_evaluations import answers

LATE = noon(date(2027, 3, 4))  # the first meeting's evaluation was open until March 3
UNTIL = date(2027, 3, 11)
LAST_DAY = date(2027, 10, 14)


@pytest.fixture
def held(meetings, people, alice):
    marks = {people.alice: "present", people.bob: "present", people.charlie: "absent"}
    attendance.take_attendance(meeting=meetings[0], marks=marks, by=alice, now=noon(meetings[0].date))
    return meetings[0]


def reopen(meeting, participant, by, until=UNTIL, now=LATE, reason="Was ill"):
    return reopening.reopen(
        meeting=meeting, participant=participant, until=until, reason=reason, by=by, now=now
    )


def answer(meeting, user, now):
    given = answers(evaluations.questions_for(meeting.cohort))
    evaluations.submit_evaluation(meeting=meeting, answers=given, by=user, now=now)


def codes(participant, day):
    return [reason.code for reason in ledger.standing(participant, today=day).reasons][-1]


class TestAsking:
    def test_is_one_press_and_told_to_the_office_once(self, held, alice, branch_officer):
        assert reopening.ask(meeting=held, by=alice, now=LATE)
        assert not reopening.ask(meeting=held, by=alice, now=LATE + timedelta(days=1))
        (message,) = Message.objects.filter(kind="meetings.evaluation_asked")
        assert message.recipient == branch_officer
        with time_machine.travel(LATE, tick=False):
            letter = mail.evaluation_asked(branch_officer, **message.ids)
        assert letter.subject == "Alice Example asks to open an evaluation again"
        assert AuditEvent.objects.filter(action="evaluation.asked_for").count() == 1

    def test_while_it_is_open_or_closed_for_good_is_refused(self, held, alice):
        with pytest.raises(CannotEvaluate, match="you can answer now"):
            reopening.ask(meeting=held, by=alice, now=noon(held.date))
        with pytest.raises(CannotEvaluate, match="none can be opened again"):
            reopening.ask(meeting=held, by=alice, now=noon(LAST_DAY + timedelta(days=1)))

    def test_of_whoever_was_not_there_or_has_answered_is_refused(self, held, people, alice):
        with pytest.raises(CannotEvaluate, match="Only people who were"):
            reopening.ask(meeting=held, by=people.charlie.user, now=LATE)
        answer(held, alice, noon(held.date))
        with pytest.raises(CannotEvaluate, match="is in already"):
            reopening.ask(meeting=held, by=alice, now=LATE)

    def test_is_a_card_of_the_office_until_it_is_answered(self, held, people, alice, branch_officer):
        reopening.ask(meeting=held, by=alice, now=LATE)
        with time_machine.travel(LATE, tick=False):
            (card,) = [each for each in cards_for(branch_officer) if "evaluation" in each.title]
            assert card.title == "1 person asks to open an evaluation again"
            assert card.address == reverse("office_evaluations", args=[held.cohort_id])
            reopen(held, people.alice, branch_officer)
            assert not [each for each in cards_for(branch_officer) if "evaluation" in each.title]


class TestReopening:
    def test_lets_this_person_answer_until_the_day_and_nobody_else(
        self, held, people, alice, bob, branch_officer
    ):
        reopen(held, people.alice, branch_officer)
        answer(held, alice, noon(UNTIL))
        with pytest.raises(CannotEvaluate, match="It was open until Wednesday, March 3, 2027"):
            answer(held, bob, noon(UNTIL))

    def test_ends_with_its_day(self, held, people, alice, branch_officer):
        reopen(held, people.alice, branch_officer)
        with pytest.raises(CannotEvaluate, match="It was open until Thursday, March 11, 2027"):
            answer(held, alice, noon(UNTIL + timedelta(days=1)))

    def test_the_same_day_twice_is_once_and_told_once(self, held, people, alice, branch_officer):
        first = reopen(held, people.alice, branch_officer)
        assert reopen(held, people.alice, branch_officer, now=LATE + timedelta(hours=1)) == first
        (message,) = Message.objects.filter(kind="meetings.evaluation_reopened")
        assert AuditEvent.objects.filter(action="evaluation.reopened").count() == 1
        with time_machine.travel(LATE, tick=False):
            letter = mail.evaluation_reopened(alice, **message.ids)
            assert "you can answer until Thursday, March 11, 2027" in letter.body
            assert "ill" not in letter.body
        answer(held, alice, LATE)
        with time_machine.travel(LATE, tick=False):
            assert mail.evaluation_reopened(alice, **message.ids) is None

    def test_can_be_asked_for_and_given_again(self, held, people, alice, branch_officer):
        reopen(held, people.alice, branch_officer)
        later = noon(UNTIL + timedelta(days=1))
        assert reopening.ask(meeting=held, by=alice, now=later)
        reopen(held, people.alice, branch_officer, until=UNTIL + timedelta(days=5), now=later)
        answer(held, alice, noon(UNTIL + timedelta(days=5)))
        assert EvaluationReopening.objects.count() == 1

    @pytest.mark.parametrize(
        ("until", "words"),
        [
            (date(2027, 3, 3), "is over. Choose a day ahead."),
            (LAST_DAY + timedelta(days=1), "close for good after Thursday, October 14, 2027"),
        ],
    )
    def test_on_a_day_that_cannot_be_is_refused(self, held, people, branch_officer, until, words):
        with pytest.raises(CannotEvaluate, match=words):
            reopen(held, people.alice, branch_officer, until=until)
        assert not EvaluationReopening.objects.exists()

    def test_to_a_day_on_which_it_is_open_anyway_is_refused(self, held, people, branch_officer):
        with pytest.raises(CannotEvaluate, match="open until Wednesday, March 3, 2027 already"):
            reopen(held, people.alice, branch_officer, until=date(2027, 3, 3), now=noon(held.date))

    def test_by_anybody_but_the_office_is_refused(self, held, people, alice, deputy, administrator):
        for user in (alice, deputy, administrator):
            with pytest.raises(NotYourMeeting):
                reopen(held, people.alice, user)

    def test_of_a_meeting_somebody_missed_or_evaluated_is_refused(self, held, people, alice, branch_officer):
        with pytest.raises(CannotEvaluate, match="Only people who were"):
            reopen(held, people.charlie, branch_officer)
        answer(held, alice, noon(held.date))
        with pytest.raises(CannotEvaluate, match="is in already"):
            reopen(held, people.alice, branch_officer)

    def test_says_when_its_answers_are_counted(self, client, held, people, alice, branch_officer):
        address, words = reverse("meeting_evaluation", args=[held.pk]), "Yours are counted when the program’s"
        with time_machine.travel(noon(held.date), tick=False):
            client.force_login(alice)
            assertNotContains(client.get(address), words)
        evaluations.close_evaluations(now=LATE)
        reopen(held, people.alice, branch_officer)
        with time_machine.travel(LATE, tick=False):
            client.force_login(alice)
            assertContains(client.get(address), f"{words} evaluations close, after October 14, 2027.")

    def test_the_answers_are_counted_in_the_last_closing(self, held, people, branch_officer):
        held.attendance.filter(participant=people.charlie).update(status="present")
        evaluations.close_evaluations(now=LATE)
        for each in (people.alice, people.bob, people.charlie):
            reopen(held, each, branch_officer)
            answer(held, each.user, LATE)
        evaluations.close_evaluations(now=noon(LAST_DAY + timedelta(days=1)))
        assert EvaluationAnswer.objects.filter(closing__item=None).count() == 15

    def test_of_one_person_alone_no_answer_is_kept(self, held, people, alice, branch_officer):
        """Whose it was stands in the reopening."""
        evaluations.close_evaluations(now=LATE)
        reopen(held, people.alice, branch_officer)
        answer(held, alice, LATE)
        evaluations.close_evaluations(now=noon(LAST_DAY + timedelta(days=1)))
        assert not EvaluationAnswer.objects.exists()
        assert not EvaluationDraft.objects.exists()
        assert evaluations.has_sent(held, people.alice)

    def test_is_reminded_of_before_its_day(self, held, people, alice, branch_officer):
        reopen(held, people.alice, branch_officer, until=date(2027, 3, 20))

        def reminded(day):
            due.do_due(now=noon(day))
            rows = Message.objects.filter(kind="meetings.evaluate_reminder", recipient=alice)
            return [message.key.split(":")[1] for message in rows]

        assert reminded(date(2027, 3, 16)) == []
        for day in (17, 18, 20, 21):
            assert reminded(date(2027, 3, day)) == [f"{held.pk}.2027-03-20"]

    def test_for_a_few_days_is_not_reminded_of(self, held, people, alice, branch_officer):
        reopen(held, people.alice, branch_officer, until=date(2027, 3, 6))
        due.do_due(now=LATE + timedelta(hours=1))
        assert not Message.objects.filter(kind="meetings.evaluate_reminder", recipient=alice).exists()


def test_the_ledger_says_whom_to_ask_and_that_it_is_not_final(held, people, branch_officer):
    """C2: late until the program's last closing, lost after it."""
    assert codes(people.alice, date(2027, 3, 3)) is Code.EVALUATION_OPEN
    assert codes(people.alice, LATE.date()) is Code.EVALUATION_LATE
    standing = ledger.standing(people.alice, today=LATE.date())
    (late,) = [reason for reason in standing.reasons if reason.code is Code.EVALUATION_LATE]
    assert (late.final, standing.on_track, standing.reachable) == (False, False, True)
    assert late.text.endswith(
        "It was open until Wednesday, March 3, 2027; ask the branch office to open it again."
    )
    reopen(held, people.alice, branch_officer)
    assert codes(people.alice, UNTIL) is Code.EVALUATION_OPEN
    assert codes(people.alice, UNTIL + timedelta(days=1)) is Code.EVALUATION_LATE
    assert codes(people.alice, LAST_DAY) is Code.EVALUATION_LATE
    assert codes(people.alice, LAST_DAY + timedelta(days=1)) is Code.EVALUATION_CLOSED


class TestTheCardOfTheOffice:
    """It stands as long as the office can do what is asked."""

    @pytest.fixture
    def asked(self, held, alice):
        reopening.ask(meeting=held, by=alice, now=LATE)
        return held

    @pytest.fixture
    def card(self, client, branch_officer):
        def shown(now=LATE):
            with time_machine.travel(now, tick=False):
                client.force_login(branch_officer)
                return "asks to open an evaluation again" in client.get("/").content.decode()

        return shown

    def test_stands_until_it_is_opened_again(self, asked, card, people, branch_officer):
        assert card()
        reopen(asked, people.alice, branch_officer)
        assert not card()

    def test_goes_when_who_asks_leaves(self, asked, card, people, alice):
        enrollment.leave(participant=people.alice, by=alice, reason="", now=LATE)
        assert not card()

    def test_goes_when_they_were_not_there_after_all(self, asked, card, people, branch_officer):
        attendance.correct(
            meeting=asked, participant=people.alice, status="absent", reason="x", by=branch_officer, now=LATE
        )
        assert not card()

    def test_goes_with_the_last_closing(self, asked, card):
        assert card(noon(LAST_DAY))
        assert not card(noon(LAST_DAY + timedelta(days=1)))
        evaluations.close_evaluations(now=noon(LAST_DAY + timedelta(days=1)))
        assert not card(noon(LAST_DAY + timedelta(days=1)))


def test_nothing_is_asked_of_whoever_left(client, held, people, alice):
    """F3: no reminder, no card, and nothing to ask the office for."""
    enrollment.leave(participant=people.alice, by=alice, reason="", now=noon(held.date))
    due.do_due(now=noon(date(2027, 3, 1)))
    reminded = Message.objects.filter(kind="meetings.evaluate_reminder")
    assert {each.recipient for each in reminded} == {people.bob.user}
    ids = {"meeting": held.pk, "participant": people.alice.pk}
    with time_machine.travel(noon(date(2027, 3, 1)), tick=False):
        assert mail.evaluate_reminder(alice, **ids) is None
    with pytest.raises(CannotEvaluate, match="You have left the program"):
        reopening.ask(meeting=held, by=alice, now=LATE)
    with time_machine.travel(LATE, tick=False):
        client.force_login(alice)
        assertNotContains(client.get("/"), "past the day")
        page = client.get(reverse("meeting_evaluation", args=[held.pk]))
        assertContains(page, "not asked of you any more")
        assertNotContains(page, "Ask the branch office</button>")


class TestPages:
    def test_of_the_participant_says_what_to_do_and_asks_once(self, client, held, alice):
        address = reverse("meeting_evaluation", args=[held.pk])
        with time_machine.travel(LATE, tick=False):
            client.force_login(alice)
            assertContains(client.get(address), "It was open until Wednesday, March 3, 2027")
            assertContains(client.get("/meetings/"), "Ask for it")
            assertContains(client.get("/"), "1 evaluation is past the day")
            asked = reverse("evaluation_ask", args=[held.pk])
            assertRedirects(client.post(asked), address)
            page = client.post(asked, follow=True)
            home, program = client.get("/"), client.get("/meetings/")
        assertContains(home, "You asked for 1 late evaluation")
        assertNotContains(home, "Ask for it")
        assertContains(program, "You asked for it, and get a mail when it is open")
        assertNotContains(program, "Ask for it")
        assertContains(page, "was asked already")
        assertContains(page, "You asked on Thursday, March 4, 2027.")
        assertNotContains(page, "Ask the branch office</button>")

    def test_of_the_office_lists_who_misses_which_and_opens_it(
        self, client, held, people, cohort, branch_officer
    ):
        address = reverse("office_evaluations", args=[cohort.pk])
        form = reverse("evaluation_reopen", args=[held.pk, people.alice.pk])
        with time_machine.travel(LATE, tick=False):
            client.force_login(branch_officer)
            page = client.get(address)
            assertContains(page, "Past its day", count=2)
            assertNotContains(page, "Charlie")
            assertContains(client.get(form), 'value="2027-03-11"')
            page = client.post(form, {"until": "2027-10-15", "reason": "Was ill"})
            assertContains(page, "close for good after")
            assertContains(page, "Was ill")
            for _ in range(2):
                page = client.post(form, {"until": "2027-03-11", "reason": "Was ill"}, follow=True)
                assertContains(page, "Open until Thursday, March 11, 2027. Alice Example is told by mail.")
            assertContains(page, "opened again by")
        assert EvaluationReopening.objects.count() == 1

    def test_of_the_office_leads_back_once_it_is_answered(self, client, held, people, alice, branch_officer):
        answer(held, alice, noon(held.date))
        with time_machine.travel(LATE, tick=False):
            client.force_login(branch_officer)
            page = client.get(reverse("evaluation_reopen", args=[held.pk, people.alice.pk]), follow=True)
        assertContains(page, "Alice Example has evaluated this meeting.")

    def test_of_the_office_takes_as_many_queries_for_three_as_for_one(
        self, client, meetings, people, cohort, branch_officer, django_assert_max_num_queries
    ):
        client.force_login(branch_officer)
        numbers = []
        for meeting in meetings[:3]:
            marks = dict.fromkeys((people.alice, people.bob, people.charlie), "present")
            attendance.take_attendance(
                meeting=meeting, marks=marks, by=people.alice.user, now=noon(meeting.date)
            )
            with django_assert_max_num_queries(60) as captured:
                client.get(reverse("office_evaluations", args=[cohort.pk]))
            numbers.append(len(captured))
        assert numbers[0] == numbers[2]

    def test_saving_while_typing_answers_with_a_line(self, client, held, cohort, people, alice):
        address = reverse("meeting_evaluation", args=[held.pk])
        text = next(each for each in evaluations.questions_for(cohort) if each.kind == "text")
        sent = {f"question_{text.pk}": "Half a thought"}
        with time_machine.travel(noon(held.date), tick=False):
            client.force_login(alice)
            assert client.get(address, headers={"HX-Request": "true"}).status_code == 200
            assert not EvaluationDraft.objects.exists()
            answer = client.post(address, sent, headers={"HX-Request": "true"})
            assertContains(answer, '<span data-state="saved">Saved, not sent.</span>')
            assertContains(client.get(address), "What you wrote is saved and not sent yet.")
            assertContains(client.get(address), "Half a thought")
            assertContains(client.get("/"), "Your evaluation of “Introduction to Program” is not sent yet")
            assertContains(client.get("/meetings/"), "Not sent yet: finish and send it")
            for typed in ({}, sent, {}):  # with nothing in it, nothing waits to be sent
                client.post(address, typed, headers={"HX-Request": "true"})
                assert EvaluationDraft.objects.count() == len(typed)
        with time_machine.travel(LATE, tick=False):
            client.force_login(alice)
            answer = client.post(address, sent, headers={"HX-Request": "true"})
            assertContains(answer, 'data-state="ended"', status_code=409)
        client.logout()
        sent_from_here = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
        answer = client.post(address, sent, headers=sent_from_here)
        assertContains(answer, 'data-state="signed-out"', status_code=401)

    def test_what_was_typed_too_late_is_shown_to_copy(self, client, held, cohort, alice):
        sent = {
            f"question_{each.pk}": 4 if each.kind == "rating" else "Words I want back"
            for each in evaluations.questions_for(cohort)
        }
        with time_machine.travel(LATE, tick=False):
            client.force_login(alice)
            page = client.post(reverse("meeting_evaluation", args=[held.pk]), sent)
        assertContains(page, "Words I want back", count=2)
        assertContains(page, "It was open until Wednesday, March 3, 2027")


def test_the_database_keeps_one_for_a_person_and_a_meeting_and_whole(held, people, branch_officer):
    values = {"meeting": held, "participant": people.alice}
    create = EvaluationReopening.objects.create
    assert refused_by(create, **values) == "reopening_asked_for_or_given"
    assert refused_by(create, **values, until_date=UNTIL) == "reopening_asked_for_or_given"
    create(**values, asked_at=NOW)
    again = {"until_date": UNTIL, "reopened_by": branch_officer, "reopened_at": NOW}
    assert refused_by(create, **values, **again) == "reopening_once"


def test_an_officer_who_takes_part_opens_nothing(held, people, cohort, branch, alice):
    """T10"""
    officer = factories.officer(branch)
    factories.participant(cohort, officer)
    with pytest.raises(NotYourMeeting):
        reopen(held, people.alice, officer)
