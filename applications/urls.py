"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, include, path

from applications import (
    approvals,
    approvals_list,
    deadline,
    office,
    project_views,
    selection,
    several,
    sharing_views,
    steps,
    text_views,
    views,
    waitlist_views,
    writing,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("applications/", views.index, name="applications"),
    path("applications/start/<int:cohort_pk>/", views.start, name="application_start"),
    path("applications/", include("applications.office_urls")),
    path("applications/cohort/<int:pk>/", office.cohort_list, name="cohort_applications"),
    path("applications/cohort/<int:pk>/selection/", selection.show, name="selection"),
    path("applications/cohort/<int:pk>/selection/choose/", selection.choose, name="selection_choose"),
    path(
        "applications/cohort/<int:pk>/selection/recommend/", selection.recommend, name="selection_recommend"
    ),
    path("applications/cohort/<int:pk>/selection/release/", selection.release, name="selection_release"),
    path(
        "applications/cohort/<int:pk>/selection/<int:application_pk>/take-back/",
        selection.take_back,
        name="selection_take_back",
    ),
    path("applications/cohort/<int:pk>/waitlist/", waitlist_views.show, name="cohort_waitlist"),
    path(
        "applications/cohort/<int:pk>/waitlist/<int:application_pk>/move/",
        waitlist_views.move,
        name="waitlist_move",
    ),
    path(
        "applications/cohort/<int:pk>/waitlist/<int:application_pk>/asked/",
        waitlist_views.asked,
        name="waitlist_asked",
    ),
    path(
        "applications/cohort/<int:pk>/waitlist/<int:application_pk>/answer/",
        waitlist_views.answer,
        name="waitlist_answer",
    ),
    path("applications/cohort/<int:pk>/deadline/", deadline.show, name="cohort_deadline"),
    path("applications/cohort/<int:pk>/deadline/close/", deadline.close, name="cohort_close"),
    path("applications/<int:pk>/", views.show, name="application"),
    path("applications/<int:pk>/review/", writing.review, name="application_review"),
    path("applications/<int:pk>/correction/", steps.correct, name="application_correct"),
    path("applications/<int:pk>/draft/", sharing_views.draft, name="application_draft"),
    path("applications/<int:pk>/share/", sharing_views.share, name="application_share"),
    path("applications/<int:pk>/share/<int:share_pk>/end/", sharing_views.end, name="application_share_end"),
    path("applications/<int:pk>/withdraw/", views.withdraw, name="application_withdraw"),
    path("applications/<int:pk>/text/<int:text_pk>/", text_views.text, name="application_text"),
    path("applications/<int:pk>/step/<str:step>/", steps.step, name="application_step"),
    path("applications/<int:pk>/text/<int:text_pk>.pdf", text_views.text_file, name="application_text_file"),
    path("applications/<int:pk>/draft.pdf", text_views.draft_file, name="application_draft_file"),
    path("applications/project/<int:pk>/", project_views.project, name="project"),
    path(
        "applications/project/change/<int:pk>/take-back/", project_views.take_back, name="project_take_back"
    ),
    path("approvals/", approvals_list.index, name="approvals"),
    path("approvals/signed/", text_views.signed, name="approvals_signed"),
    path("approvals/several/", several.several, name="approvals_several"),
    path("approvals/<int:pk>/", approvals.read, name="approval"),
    path("approvals/<int:pk>/sign/", approvals.sign, name="approval_sign"),
    path("approvals/<int:pk>/return/", approvals.give_back, name="approval_return"),
    path("approvals/<int:pk>/decline/", approvals.decline, name="approval_decline"),
    path("approvals/<int:pk>/decide/", approvals.decide, name="approval_decide"),
    path("approvals/project/<int:pk>/", project_views.read, name="project_approval"),
    path("approvals/project/<int:pk>/concur/", project_views.concur, name="project_concur"),
    path("approvals/project/<int:pk>/decline/", project_views.decline, name="project_decline"),
]
