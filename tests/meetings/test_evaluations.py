"""C1, M17: everybody evaluates; nobody reads who wrote what."""

from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Count

from coaching.models import AuditEvent, Program
from meetings import attendance, evaluations, laying_out, scheduling, totals, vault
from meetings.evaluations import CannotEvaluate
from meetings.models import (
    EvaluationAnswer,
    EvaluationClosing,
    EvaluationDraft,
    EvaluationReceipt,
    Question,
)
from tests.clock import NOW
from tests.constraints import refused_by
from tests.meetings.conftest import noon


@pytest.fixture
def questions(cohort):
    return evaluations.questions_for(cohort)


@pytest.fixture
def held(meetings, people, alice):
    """The first two meetings were held with everybody."""
    for meeting in meetings[:2]:
        marks = dict.fromkeys((people.alice, people.bob, people.charlie), "present")
        attendance.take_attendance(meeting=meeting, marks=marks, by=alice, now=noon(meeting.date))
    return meetings[0]


def answers(questions, rating=4, text=""):
    return {question.pk: rating if question.kind == "rating" else text for question in questions}


def submit(meeting, questions, user, now=None, **values):
    evaluations.submit_evaluation(
        meeting=meeting, answers=answers(questions, **values), by=user, now=now or noon(meeting.date)
    )


def closing_time(meeting, days=15):
    return noon(meeting.date + timedelta(days=days))


def test_the_questionnaire_is_data_and_seeded_once(program):
    assert [question.kind for question in program.questions.all()] == ["rating"] * 5 + ["text"] * 2
    assert evaluations.seed_questions(program) == 0
    assert program.questions.count() == 7


def test_the_answers_lie_encrypted_and_the_receipt_has_no_time(held, questions, alice):
    submit(held, questions, alice, text="The coffee was cold")
    draft = EvaluationDraft.objects.get()
    assert b"coffee" not in bytes(draft.ciphertext)
    assert evaluations.own_answers(held, draft.participant)[questions[5].pk] == "The coffee was cold"
    fields = {field.name for field in EvaluationReceipt._meta.get_fields()}
    assert fields == {"id", "meeting", "participant"}


def test_sent_again_the_answers_are_replaced_and_the_receipt_stays_one(held, questions, alice):
    submit(held, questions, alice, rating=2)
    submit(held, questions, alice, rating=5)
    assert EvaluationReceipt.objects.count() == EvaluationDraft.objects.count() == 1
    assert evaluations.own_answers(held, EvaluationDraft.objects.get().participant)[questions[0].pk] == 5
    assert AuditEvent.objects.filter(action="evaluation.received").count() == 1


def test_a_draft_moved_into_another_row_is_not_read(held, questions, alice, people):
    submit(held, questions, alice)
    EvaluationDraft.objects.update(participant=people.bob)
    with pytest.raises(vault.CannotRead, match="another row"):
        evaluations.own_answers(held, people.bob)


def test_a_changed_draft_or_another_key_is_not_read(held, questions, people, alice, settings):
    submit(held, questions, alice)
    settings.EVALUATIONS_KEY, old = "another-key", settings.EVALUATIONS_KEY
    with pytest.raises(vault.CannotRead, match="key in force"):
        evaluations.own_answers(held, people.alice)
    settings.EVALUATIONS_KEY = f"another-key,{old}"
    assert evaluations.own_answers(held, people.alice)
    settings.EVALUATIONS_KEY = ""
    with pytest.raises(ImproperlyConfigured):
        evaluations.own_answers(held, people.alice)


def test_who_was_not_there_does_not_evaluate(held, questions, people, outsider):
    held.attendance.filter(participant=people.bob).update(status="absent")
    for user in (people.bob.user, outsider):
        with pytest.raises(CannotEvaluate, match="Only people who were at a meeting"):
            submit(held, questions, user)
    assert not EvaluationReceipt.objects.exists()


@pytest.mark.parametrize("rating", [0, 6, None, "5", True])
def test_a_rating_outside_one_to_five_is_refused(held, questions, alice, rating):
    values = answers(questions)
    values[questions[0].pk] = rating
    with pytest.raises(CannotEvaluate, match="from 1 to 5"):
        evaluations.submit_evaluation(meeting=held, answers=values, by=alice, now=noon(held.date))


def test_an_evaluation_closes_its_days_after_the_meeting(held, questions, cohort, people):
    for each in (people.alice, people.bob, people.charlie):
        submit(held, questions, each.user)
    assert evaluations.close_evaluations(now=closing_time(held, days=14)) == 0
    assert evaluations.close_evaluations(now=closing_time(held, days=15)) == 1
    assert evaluations.close_evaluations(now=closing_time(held, days=15)) == 0
    assert not EvaluationDraft.objects.exists()
    assert EvaluationReceipt.objects.count() == 3
    assert EvaluationAnswer.objects.count() == 15
    assert EvaluationClosing.objects.get().item == held.item


def test_the_answers_know_no_person_no_team_and_no_moment():
    fields = {field.name for field in EvaluationAnswer._meta.get_fields()}
    assert fields == {"id", "closing", "question", "rating", "text"}


def test_answers_are_shuffled(held, questions, people, monkeypatch):
    """Their order says nothing about who came first."""
    seen = []
    monkeypatch.setattr(evaluations.random.SystemRandom, "shuffle", lambda self, rows: seen.append(len(rows)))
    for each in (people.alice, people.bob, people.charlie):
        submit(held, questions, each.user)
    evaluations.close_evaluations(now=closing_time(held))
    assert seen == [15]


def test_it_closes_for_all_teams_of_the_cohort_together(held, questions, cohort, other_team, people):
    """Totals are published once: nobody can subtract yesterday's from today's."""
    theirs = laying_out.lay_out_meetings(team=other_team, by=None, now=NOW)[0]
    scheduling.move(
        meeting=theirs,
        to=scheduling.When(held.date + timedelta(days=9), held.start_time, 120),
        by=None,
        now=NOW,
    )
    submit(held, questions, people.alice.user)
    assert evaluations.close_evaluations(now=closing_time(held, days=15)) == 0
    assert EvaluationDraft.objects.count() == 1
    assert evaluations.close_evaluations(now=closing_time(held, days=24)) == 1


def test_after_its_day_it_is_refused_with_what_to_do(held, questions, people):
    """C1: open until a settable day."""
    submit(held, questions, people.alice.user, now=closing_time(held, days=14))
    with pytest.raises(CannotEvaluate) as refusal:
        submit(held, questions, people.bob.user, now=closing_time(held, days=15))
    assert str(refusal.value) == (
        "It was open until Wednesday, March 3, 2027; ask the branch office to open it again."
    )
    assert not EvaluationReceipt.objects.filter(participant=people.bob).exists()


def test_whoever_is_written_down_late_has_a_week(meetings, questions, people, alice):
    """Nobody loses their evaluation because nobody took attendance."""
    late = closing_time(meetings[0], days=20)
    attendance.take_attendance(meeting=meetings[0], marks={people.bob: "present"}, by=alice, now=late)
    submit(meetings[0], questions, people.bob.user, now=late + timedelta(days=7))
    with pytest.raises(CannotEvaluate, match="It was open until Tuesday, March 16, 2027"):
        submit(meetings[0], questions, people.bob.user, now=late + timedelta(days=8))


def test_after_the_last_closing_nobody_can_answer(held, questions, people, meetings):
    """September 2027 is the last month: its end, and the days that an evaluation is open."""
    last = meetings[-1]
    attendance.take_attendance(
        meeting=last, marks={people.alice: "present"}, by=people.alice.user, now=closing_time(last, days=25)
    )
    submit(last, questions, people.alice.user, now=noon(date(2027, 10, 14)))
    with pytest.raises(CannotEvaluate, match="closed, and none can be opened again"):
        submit(last, questions, people.alice.user, now=noon(date(2027, 10, 15)))


class TestWrittenAndNotSent:
    """Saved while typing, counted only once it is sent."""

    def write(self, meeting, questions, user, now=None, **values):
        written = answers(questions, **values)
        written.pop(questions[0].pk)
        evaluations.save_draft(meeting=meeting, answers=written, by=user, now=now or noon(meeting.date))

    def test_makes_no_receipt_and_no_event(self, held, questions, people, alice):
        self.write(held, questions, alice, text="Half a thought")
        kept = evaluations.own_answers(held, people.alice)
        assert kept[questions[5].pk] == "Half a thought"
        assert questions[0].pk not in kept
        assert b"thought" not in bytes(EvaluationDraft.objects.get().ciphertext)
        assert not EvaluationReceipt.objects.exists()
        assert not AuditEvent.objects.filter(action__startswith="evaluation").exists()

    def test_is_not_counted_and_is_deleted_at_the_closing(self, held, questions, people, alice, bob):
        self.write(held, questions, alice, text="Never sent")
        held.attendance.create(participant=people.dora, status="present", recorded_at=noon(held.date))
        for user in (bob, people.charlie.user, people.dora.user):
            submit(held, questions, user, text="Sent")
        evaluations.close_evaluations(now=closing_time(held))
        assert not EvaluationDraft.objects.exists()
        assert [row.text for row in EvaluationAnswer.objects.exclude(text="")] == ["Sent"] * 6
        assert EvaluationAnswer.objects.count() == 21
        given = set(EvaluationReceipt.objects.values_list("participant", flat=True))
        assert given == {people.bob.pk, people.charlie.pk, people.dora.pk}

    def test_is_kept_over_the_closing_where_it_can_still_be_sent(self, meetings, questions, people, alice):
        late = closing_time(meetings[0], days=14)
        attendance.take_attendance(meeting=meetings[0], marks={people.bob: "present"}, by=alice, now=late)
        self.write(meetings[0], questions, people.bob.user, now=late, text="Not ready")
        assert evaluations.close_evaluations(now=late + timedelta(days=1)) == 1
        assert evaluations.own_answers(meetings[0], people.bob)[questions[5].pk] == "Not ready"
        evaluations.close_evaluations(now=noon(date(2027, 10, 15)))
        assert not EvaluationDraft.objects.exists()
        assert not EvaluationAnswer.objects.exists()

    def test_changes_what_was_sent_only_as_a_whole(self, held, questions, people, alice):
        submit(held, questions, alice, rating=5)
        with pytest.raises(CannotEvaluate, match="from 1 to 5"):
            self.write(held, questions, alice, rating=1)
        assert evaluations.own_answers(held, people.alice)[questions[1].pk] == 5
        evaluations.save_draft(
            meeting=held, answers=answers(questions, rating=3), by=alice, now=noon(held.date)
        )
        assert evaluations.own_answers(held, people.alice)[questions[1].pk] == 3

    def test_is_refused_after_the_day_and_to_whoever_was_not_there(self, held, questions, alice, outsider):
        with pytest.raises(CannotEvaluate, match="It was open until"):
            self.write(held, questions, alice, now=closing_time(held))
        with pytest.raises(CannotEvaluate, match="Only people who were at a meeting"):
            self.write(held, questions, outsider)
        assert not EvaluationDraft.objects.exists()


def test_of_whoever_was_not_there_after_all_is_not_counted(held, questions, people, alice, bob):
    """C1: and they can evaluate again, should the mark change once more."""
    held.attendance.create(participant=people.dora, status="present", recorded_at=noon(held.date))
    for user in (alice, bob, people.charlie.user, people.dora.user):
        submit(held, questions, user)
    after = noon(held.date)
    for participant, mark in ((people.bob, "absent"), (people.charlie, "absent"), (people.charlie, "remote")):
        attendance.take_attendance(
            meeting=held, marks={participant: mark}, reason="A slip", by=alice, now=after
        )
    evaluations.close_evaluations(now=closing_time(held))
    assert EvaluationAnswer.objects.count() == 3 * 5
    assert not EvaluationDraft.objects.filter(meeting=held).exists()
    given = EvaluationReceipt.objects.filter(meeting=held).values_list("participant", flat=True)
    assert set(given) == {people.alice.pk, people.charlie.pk, people.dora.pk}


def test_what_was_counted_can_no_longer_be_changed(held, questions, people):
    for each in (people.alice, people.bob, people.charlie):
        submit(held, questions, each.user)
    evaluations.close_evaluations(now=closing_time(held))
    with pytest.raises(CannotEvaluate, match="cannot be changed now"):
        submit(held, questions, people.alice.user, rating=1)
    assert EvaluationAnswer.objects.filter(rating=4).count() == 15


def test_of_fewer_than_three_people_no_answer_is_kept(held, questions, cohort, people):
    """They could never be shown, and the receipts would name who wrote them; their evaluations count all the same."""
    for each in (people.alice, people.bob):
        submit(held, questions, each.user, text="Ours alone")
    evaluations.close_evaluations(now=closing_time(held))
    assert not EvaluationAnswer.objects.exists()
    assert not EvaluationDraft.objects.exists()
    assert EvaluationReceipt.objects.count() == 2
    assert totals.rating_totals(cohort) == [totals.ClosingTotal("Introduction to Program", ())]


def test_several_evaluations_of_two_people_are_those_of_two(meetings, held, questions, people, cohort):
    """What closes last holds the late ones and the extra meetings: two people's make four evaluations, still theirs."""
    team = meetings[0].teams.get()
    for day in (date(2027, 9, 27), date(2027, 9, 28)):
        when = scheduling.When(day, held.start_time, 60)
        extra = scheduling.add_extra(
            team=team, when=when, where=scheduling.Where(), by=None, now=NOW, title="More"
        )
        marks = dict.fromkeys((people.alice, people.bob), "present")
        attendance.take_attendance(meeting=extra, marks=marks, by=people.alice.user, now=noon(day))
        for each in marks:
            submit(extra, questions, each.user, text="Ours alone")
    assert EvaluationDraft.objects.count() == 4
    evaluations.close_evaluations(now=noon(date(2027, 10, 20)))
    assert EvaluationClosing.objects.filter(item=None).exists()
    assert not EvaluationAnswer.objects.exists()


@pytest.mark.parametrize("writers", range(4))
def test_no_answer_is_left_of_a_closing_of_too_few(held, questions, people, writers):
    for each in (people.alice, people.bob, people.charlie)[:writers]:
        submit(held, questions, each.user, text="Words")
    evaluations.close_evaluations(now=closing_time(held))
    kept = (
        EvaluationAnswer.objects.values("question").annotate(rows=Count("pk")).values_list("rows", flat=True)
    )
    assert set(kept) == ({3} if writers == 3 else set())


def test_totals_are_exact(held, questions, cohort, people):
    for each, rating in ((people.alice, 5), (people.bob, 4), (people.charlie, 1)):
        submit(held, questions, each.user, rating=rating)
    assert totals.rating_totals(cohort) == []
    evaluations.close_evaluations(now=closing_time(held))
    (total,) = totals.rating_totals(cohort)
    assert len(total.questions) == 5
    first = total.questions[0]
    assert (first.question, first.answers, round(first.mean, 2), first.counts) == (
        questions[0].text,
        3,
        3.33,
        (1, 0, 0, 1, 1),
    )


def test_texts_are_shown_only_where_five_are_pooled(meetings, held, questions, cohort, people):
    """Four texts of one meeting wait for the last closing, where they lie among others."""
    for each in (people.alice, people.bob, people.charlie):
        submit(held, questions, each.user, text=f"First, {each}")
    evaluations.close_evaluations(now=closing_time(held))
    assert totals.text_pools(cohort) == []
    second = meetings[1]
    for each in (people.alice, people.bob, people.charlie):
        submit(second, questions, each.user, text=f"Second, {each}", now=noon(second.date))
    evaluations.close_evaluations(now=closing_time(second))
    assert totals.text_pools(cohort) == []
    evaluations.close_evaluations(now=closing_time(meetings[-1], days=31))
    pools = totals.text_pools(cohort)
    assert [pool.question for pool in pools] == [
        question.text for question in questions if question.kind == "text"
    ]
    assert pools[0].texts == (
        "First, Alice Example",
        "First, Bob Example",
        "First, Charlie Example",
        "Second, Alice Example",
        "Second, Bob Example",
        "Second, Charlie Example",
    )


def test_an_empty_text_leaves_no_row(held, questions, people):
    submit(held, questions, people.alice.user, text="   ")
    evaluations.close_evaluations(now=closing_time(held))
    assert not EvaluationAnswer.objects.exclude(text="").exists()


def test_attendance_totals_name_nobody(held, cohort):
    total = totals.attendance_total(cohort, today=held.date + timedelta(days=60))
    assert (total.meetings_held, total.there, total.absent, total.excused, total.percent_there) == (
        2,
        6,
        0,
        0,
        100,
    )


@pytest.mark.parametrize("model", [EvaluationDraft, EvaluationReceipt, EvaluationAnswer])
def test_evaluations_are_not_in_the_admin(model):
    assert not admin.site.is_registered(model)


def test_the_database_keeps_receipts_drafts_and_closings_single(held, people, cohort):
    receipt = {"meeting": held, "participant": people.alice}
    for name, model, values in (
        ("receipt_once", EvaluationReceipt, receipt),
        ("draft_once", EvaluationDraft, {**receipt, "ciphertext": b"x"}),
        ("closing_once_per_item", EvaluationClosing, {"cohort": cohort, "item": held.item, "closed_at": NOW}),
        ("closing_last_once", EvaluationClosing, {"cohort": cohort, "item": None, "closed_at": NOW}),
    ):
        model.objects.create(**values)
        assert refused_by(model.objects.create, **values) == name


@pytest.mark.parametrize(
    "values", [{"rating": 0}, {"rating": 6}, {"rating": 3, "text": "Both"}, {"rating": None, "text": ""}]
)
def test_the_database_refuses_an_answer_that_is_none(held, cohort, questions, values):
    closing = EvaluationClosing.objects.create(cohort=cohort, item=held.item, closed_at=NOW)
    answer = EvaluationAnswer(closing=closing, question=questions[0], **values)
    assert refused_by(answer.save) == "answer_is_a_rating_or_a_text"


def test_the_database_refuses_questions_in_one_place_or_without_text(program):
    twice = Question(program=program, position=1, kind="text", text="Twice")
    assert refused_by(twice.save) == "question_position_once"
    blank = Question(program=program, position=99, kind="text", text="")
    assert refused_by(blank.save) == "question_asks_something"
    assert Program.objects.get().questions.count() == 7
