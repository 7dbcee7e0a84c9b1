"""Addresses of reports; what a report is about stands in them."""

from django.urls import URLPattern, path, register_converter

from coaching.site.reports import views
from coaching.site.reports.scopes import ScopeConverter

register_converter(ScopeConverter, "scope")

urlpatterns: list[URLPattern] = [
    path("", views.index, name="reports"),
    path("<scope:scope>/", views.show, name="report"),
    path("<scope:scope>/report.pdf", views.file, name="report_file"),
    path("<scope:scope>/<slug:key>.csv", views.table, {"kind": "csv"}, name="report_csv"),
    path("<scope:scope>/<slug:key>.xlsx", views.table, {"kind": "xlsx"}, name="report_xlsx"),
]
