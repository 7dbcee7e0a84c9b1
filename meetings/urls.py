"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from meetings.views import office, planning, program, records, table

urlpatterns: list[URLPattern | URLResolver] = [
    path("meetings/", program.my_program, name="meetings"),
    path("meetings/programs/<int:pk>/", program.my_program, name="meetings_program"),
    path("meetings/calendar/", program.printable, name="meetings_calendar"),
    path("meetings/programs/<int:pk>/calendar/", program.printable, name="meetings_program_calendar"),
    path("meetings/subscribe/", records.feed, name="calendar_feed"),
    path("meetings/subscribe/create/", records.feed_create, name="calendar_feed_create"),
    path("meetings/subscribe/revoke/", records.feed_revoke, name="calendar_feed_revoke"),
    path("meetings/teams/<int:pk>/", program.team, name="meetings_team"),
    path("meetings/teams/<int:pk>/add/", planning.add, name="meeting_add"),
    path("meetings/<int:pk>/", program.meeting, name="meeting"),
    path("meetings/<int:pk>/move/", planning.move, name="meeting_move"),
    path("meetings/<int:pk>/place/", planning.place, name="meeting_place"),
    path("meetings/<int:pk>/cancel/", planning.cancel, name="meeting_cancel"),
    path("meetings/<int:pk>/facilitators/", program.facilitators, name="meeting_facilitators"),
    path("meetings/<int:pk>/attendance/", records.take, name="meeting_attendance"),
    path("meetings/<int:pk>/evaluation/", records.evaluate, name="meeting_evaluation"),
    path("meetings/<int:pk>/table/", table.table, name="meeting_table"),
    path("meetings/<int:pk>/prepare/", table.prepare, name="meeting_prepare"),
    path(
        "meetings/<int:pk>/advice/<int:participant_pk>/",
        table.note_add,
        {"kind": "advice"},
        name="note_advice",
    ),
    path(
        "meetings/<int:pk>/competency/<int:participant_pk>/",
        table.note_add,
        {"kind": "competency"},
        name="note_competency",
    ),
    path("meetings/notes/<int:pk>/", table.note_change, name="note_change"),
    path("meetings/notes/<int:pk>/delete/", table.note_delete, name="note_delete"),
    path("meetings/<int:pk>/actions/<int:participant_pk>/", table.action_add, name="action_add"),
    path("meetings/actions/<int:pk>/", table.action_change, name="action_change"),
    path("meetings/actions/<int:pk>/done/", table.action_done, name="action_done"),
    path("meetings/actions/<int:pk>/delete/", table.action_delete, name="action_delete"),
    path("meetings/teams/<int:pk>/actions/", table.actions, name="meetings_actions"),
    path("meetings/programs/<int:pk>/my-writing/", table.own_writing, name="meetings_own_writing"),
    path("meetings/office/", office.cohorts, name="office_meetings"),
    path("meetings/office/<int:pk>/", office.cohort, name="office_meetings_cohort"),
    path("meetings/office/meetings/<int:pk>/", office.meeting, name="office_meeting"),
    path(
        "meetings/office/meetings/<int:pk>/participants/<int:participant_pk>/",
        office.correct,
        name="office_attendance",
    ),
    path("meetings/branch/", office.branch_calendar, name="branch_meetings"),
    path("meetings/totals/", office.totals_list, name="meetings_totals_list"),
    path("meetings/totals/<int:pk>/", office.cohort_totals, name="meetings_totals"),
    path("calendar/<str:token>.ics", records.calendar_file, name="calendar_file"),
]
