"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, include, path

from applications.views import (
    approvals,
    approvals_list,
    deadline,
    office,
    project,
    selection,
    several,
    sharing,
    status,
    steps,
    texts,
    waitlist,
    writing,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("applications/", status.index, name="applications"),
    path("applications/start/<int:cohort_pk>/", status.start, name="application_start"),
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
    path("applications/cohort/<int:pk>/waitlist/", waitlist.show, name="cohort_waitlist"),
    path(
        "applications/cohort/<int:pk>/waitlist/<int:application_pk>/move/",
        waitlist.move,
        name="waitlist_move",
    ),
    path(
        "applications/cohort/<int:pk>/waitlist/<int:application_pk>/asked/",
        waitlist.asked,
        name="waitlist_asked",
    ),
    path(
        "applications/cohort/<int:pk>/waitlist/<int:application_pk>/answer/",
        waitlist.answer,
        name="waitlist_answer",
    ),
    path("applications/cohort/<int:pk>/deadline/", deadline.show, name="cohort_deadline"),
    path("applications/cohort/<int:pk>/deadline/close/", deadline.close, name="cohort_close"),
    path("applications/<int:pk>/", status.show, name="application"),
    path("applications/<int:pk>/review/", writing.review, name="application_review"),
    path("applications/<int:pk>/correction/", steps.correct, name="application_correct"),
    path("applications/<int:pk>/draft/", sharing.draft, name="application_draft"),
    path("applications/<int:pk>/share/", sharing.share, name="application_share"),
    path("applications/<int:pk>/share/<int:share_pk>/end/", sharing.end, name="application_share_end"),
    path("applications/<int:pk>/withdraw/", status.withdraw, name="application_withdraw"),
    path("applications/<int:pk>/text/<int:text_pk>/", texts.text, name="application_text"),
    path("applications/<int:pk>/step/<str:step>/", steps.step, name="application_step"),
    path("applications/<int:pk>/text/<int:text_pk>.pdf", texts.text_file, name="application_text_file"),
    path("applications/<int:pk>/draft.pdf", texts.draft_file, name="application_draft_file"),
    path("applications/project/<int:pk>/", project.project, name="project"),
    path("applications/project/change/<int:pk>/take-back/", project.take_back, name="project_take_back"),
    path("approvals/", approvals_list.index, name="approvals"),
    path("approvals/signed/", texts.signed, name="approvals_signed"),
    path("approvals/several/", several.several, name="approvals_several"),
    path("approvals/<int:pk>/", approvals.read, name="approval"),
    path("approvals/<int:pk>/sign/", approvals.sign, name="approval_sign"),
    path("approvals/<int:pk>/return/", approvals.give_back, name="approval_return"),
    path("approvals/<int:pk>/decline/", approvals.decline, name="approval_decline"),
    path("approvals/<int:pk>/decide/", approvals.decide, name="approval_decide"),
    path("approvals/project/<int:pk>/", project.read, name="project_approval"),
    path("approvals/project/<int:pk>/concur/", project.concur, name="project_concur"),
    path("approvals/project/<int:pk>/decline/", project.decline, name="project_decline"),
]
