"""Addresses below /applications/ for paper, and for what the branch office does to help an application on."""

from django.urls import path

from applications.views import on_paper, paper, reassigning

urlpatterns = [
    path("cohort/<int:pk>/paper/", paper.find_person, name="paper_person"),
    path("cohort/<int:pk>/paper/<int:person_pk>/", paper.enter, name="paper_enter"),
    path("<int:pk>/paper-signature/", paper.signature, name="paper_signature"),
    path("<int:pk>/paper/", paper.receive, name="paper_receive"),
    path("<int:pk>/on-paper/", on_paper.ask, name="paper_ask"),
    path("<int:pk>/print/", on_paper.printed, name="application_print"),
    path("<int:pk>/scan/<int:scan_pk>/", paper.scan, name="application_scan"),
    path("<int:pk>/reassign/<int:step_pk>/", reassigning.reassign, name="application_reassign"),
]
