"""How long records are kept, for administrators."""

from django.urls import path

from coaching.site import records

urlpatterns = [
    path("", records.index, name="records"),
    path("terms/", records.terms, name="records_terms"),
    path("due/", records.due, name="records_due"),
    path("runs/<int:pk>/", records.run, name="records_run"),
    path("runs/<int:pk>/go-on/", records.go_on, name="records_go_on"),
    path("holds/new/", records.hold, name="records_hold"),
    path("holds/<int:pk>/lift/", records.lift, name="records_lift"),
]
