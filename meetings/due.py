"""What time brings about in this app; for beat, and for cron by `send_due`."""

from datetime import datetime

from meetings import (
    attention,
    busy,
    evaluations,
    growth,
    inputs,
    invitations,
    leading,
    mail,
    needs,
    notes,
    project,
    visits,
)


def do_due(*, now: datetime) -> dict[str, int]:
    """Reminders of the days ahead, what calendars lack, evaluations whose time is over; safe at any time and twice."""
    return {
        "meetings_reminded": mail.queue_reminders(now=now),
        "finals_reminded": visits.queue_finals(now=now),
        "leaders_prepared": leading.queue_packs(now=now),
        "evaluations_reminded": mail.queue_evaluation_reminders(now=now),
        "calendars_told": invitations.queue_needed(now=now),
        "evaluations_closed": evaluations.close_evaluations(now=now),
        "cohorts_looked_at": attention.look(now=now),
        "inputs_closed": inputs.close_where_supervisors_changed(now=now),
        "supervisors_dates_ended": busy.end_where_supervisors_changed(now=now),
        "team_texts_deleted": notes.delete_what_is_due(now=now),
        "needs_deleted": needs.delete_what_is_due(now=now),
        "inputs_deleted": inputs.delete_what_is_due(now=now),
        "self_ratings_deleted": growth.delete_what_is_due(now=now),
        "project_texts_deleted": project.delete_what_is_due(now=now),
    }
