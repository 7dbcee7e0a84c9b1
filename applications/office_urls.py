"""Addresses below /applications/ at which the branch office helps an application on."""

from django.urls import path

from applications import reassigning_views

urlpatterns = [
    path("<int:pk>/reassign/<int:step_pk>/", reassigning_views.reassign, name="application_reassign"),
]
