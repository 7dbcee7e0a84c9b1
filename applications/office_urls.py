"""Addresses below /applications/ at which the branch office helps an application on."""

from django.urls import path

from applications import paper_views, reassigning_views

urlpatterns = [
    path("cohort/<int:pk>/paper/", paper_views.find_person, name="paper_person"),
    path("cohort/<int:pk>/paper/<int:person_pk>/", paper_views.enter, name="paper_enter"),
    path("<int:pk>/paper-signature/", paper_views.signature, name="paper_signature"),
    path("<int:pk>/scan/<int:scan_pk>/", paper_views.scan, name="application_scan"),
    path("<int:pk>/reassign/<int:step_pk>/", reassigning_views.reassign, name="application_reassign"),
]
