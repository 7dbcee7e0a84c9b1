"""How long records are kept, for administrators."""

from django.urls import path

from coaching.site import legal_orders, records

urlpatterns = [
    path("", records.index, name="records"),
    path("terms/", records.terms, name="records_terms"),
    path("due/", records.due, name="records_due"),
    path("runs/<int:pk>/", records.run, name="records_run"),
    path("runs/<int:pk>/go-on/", records.go_on, name="records_go_on"),
    path("holds/new/", records.hold, name="records_hold"),
    path("holds/<int:pk>/lift/", records.lift, name="records_lift"),
    path("orders/", legal_orders.index, name="legal_orders"),
    path("orders/new/", legal_orders.ask, name="legal_order_ask"),
    path("orders/<int:pk>/", legal_orders.show, name="legal_order"),
    path("orders/<int:pk>/approve/", legal_orders.approve, name="legal_order_approve"),
    path("orders/<int:pk>/decline/", legal_orders.decline, name="legal_order_decline"),
    path("orders/<int:pk>/read/", legal_orders.read, name="legal_order_read"),
    path("orders/<int:pk>/close/", legal_orders.close, name="legal_order_close"),
]
