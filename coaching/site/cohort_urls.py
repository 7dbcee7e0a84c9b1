"""Addresses of cohorts, teams and participations."""

from django.urls import URLPattern, path

from coaching.site import (
    board,
    branch,
    cohorts,
    entering,
    lists,
    my_team,
    opening,
    pairings,
    proposing,
    small_teams,
    teams,
    wishes,
)

urlpatterns: list[URLPattern] = [
    path("branch/", branch.show, name="branch"),
    path("cohorts/", cohorts.cohort_list, name="cohorts"),
    path("cohorts/open/", opening.cohort_open, name="cohort_open"),
    path("cohorts/<int:pk>/", cohorts.cohort_page, name="cohort"),
    path("cohorts/<int:pk>/edit/", cohorts.cohort_edit, name="cohort_edit"),
    path("cohorts/<int:pk>/checklist/", cohorts.cohort_checklist, name="cohort_checklist"),
    *(
        path(f"cohorts/<int:pk>/lists/{name}/", lists.file, {"name": name}, f"list_{name}")
        for name in lists.LISTS
    ),
    path("participation/<int:pk>/leave/", cohorts.participation_leave, name="participation_leave"),
    path("teams/", teams.index, name="teams"),
    path("teams/mine/", my_team.mine, name="my_team"),
    path("teams/answers/<int:pk>/", my_team.answer, name="team_answer"),
    path("teams/cohorts/<int:pk>/", teams.room, name="cohort_teams"),
    path("cohorts/<int:pk>/history/", entering.enter, name="cohort_history"),
    path("teams/wishes/<int:pk>/", wishes.say, name="team_wishes"),
    path("teams/cohorts/<int:pk>/wishes/", wishes.ask_again, name="team_wishes_ask"),
    path("teams/cohorts/<int:pk>/pairings/", pairings.show, name="team_pairings"),
    path("teams/pairings/<int:pk>/end/", pairings.end, name="team_pairing_end"),
    path("teams/cohorts/<int:pk>/propose/", proposing.propose, name="teams_propose"),
    path("teams/cohorts/<int:pk>/by-hand/", teams.by_hand, name="teams_by_hand"),
    path("teams/jobs/<int:pk>/", proposing.job, name="teams_job"),
    path("teams/jobs/<int:pk>/stop/", proposing.job_stop, name="teams_job_stop"),
    path("teams/cohorts/<int:pk>/reopen/", proposing.reopen, name="teams_reopen"),
    path("teams/proposals/<int:pk>/again/", proposing.again, name="proposal_again"),
    path("teams/proposals/<int:pk>/take/", proposing.take, name="proposal_take"),
    path("teams/proposals/<int:pk>/put-away/", proposing.put_away, name="proposal_put_away"),
    path("teams/proposals/<int:pk>/place/", board.place, name="proposal_place"),
    path("teams/proposals/<int:pk>/pin/", board.pin, name="proposal_pin"),
    path("teams/proposals/<int:pk>/undo/", board.undo, name="proposal_undo"),
    path("teams/proposals/<int:pk>/discard/", board.discard, name="proposal_discard"),
    path("teams/proposals/<int:pk>/publish/", board.publish, name="proposal_publish"),
    path("teams/<int:pk>/confirm/", teams.confirm, name="team_confirm"),
    path("teams/<int:pk>/dissolve/", teams.dissolve, name="team_dissolve"),
    path("teams/<int:pk>/small/", small_teams.decide, name="team_small"),
    path("teams/changes/<int:pk>/confirm/", small_teams.confirm, name="team_change_confirm"),
    path("teams/changes/<int:pk>/date/", small_teams.move_date, name="team_change_date"),
    path("teams/changes/<int:pk>/take-back/", small_teams.take_back, name="team_change_take_back"),
]
