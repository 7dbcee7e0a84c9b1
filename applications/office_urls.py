"""Addresses below /applications/ for paper, and for what the branch office does to help an application on."""

from django.urls import path

from applications import on_paper_views, paper_views, reassigning_views

urlpatterns = [
    path("cohort/<int:pk>/paper/", paper_views.find_person, name="paper_person"),
    path("cohort/<int:pk>/paper/<int:person_pk>/", paper_views.enter, name="paper_enter"),
    path("<int:pk>/paper-signature/", paper_views.signature, name="paper_signature"),
    path("<int:pk>/paper/", paper_views.receive, name="paper_receive"),
    path("<int:pk>/on-paper/", on_paper_views.ask, name="paper_ask"),
    path("<int:pk>/print/", on_paper_views.printed, name="application_print"),
    path("<int:pk>/scan/<int:scan_pk>/", paper_views.scan, name="application_scan"),
    path("<int:pk>/reassign/<int:step_pk>/", reassigning_views.reassign, name="application_reassign"),
]
