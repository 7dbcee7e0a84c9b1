"""C1, M17: what earlier versions kept of evaluations that too few people answered is deleted by the migration."""

from importlib import import_module

from django.apps import apps

from meetings.models import EvaluationAnswer, EvaluationClosing
from tests.clock import NOW

MIGRATION = import_module("meetings.migrations.0024_answers_of_too_few_are_not_kept")


def test_only_closings_that_three_people_answered_keep_answers(meetings, cohort):
    questions = cohort.program.questions.all()[:2]
    for meeting, answered in ((meetings[0], 2), (meetings[1], 3)):
        closing = EvaluationClosing.objects.create(cohort=cohort, item=meeting.item, closed_at=NOW)
        for question in questions:
            for _ in range(answered):
                EvaluationAnswer.objects.create(closing=closing, question=question, rating=4)
    MIGRATION.delete_answers_of_too_few(apps, None)
    assert set(EvaluationAnswer.objects.values_list("closing__item", flat=True)) == {meetings[1].item_id}
    assert EvaluationAnswer.objects.count() == 6
