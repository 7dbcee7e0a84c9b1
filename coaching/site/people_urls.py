from django.urls import path

from coaching.site import people

urlpatterns = [
    path("me/", people.me, name="people_me"),
    path("corrections/", people.corrections, name="people_corrections"),
    path("corrections/<int:pk>/", people.correction, name="people_correction"),
    path("delegations/", people.delegation_list, name="people_delegations"),
    path("delegations/new/", people.delegate, name="people_delegate"),
    path("delegations/acting/", people.acting, name="people_acting"),
    path("delegations/order/", people.written_order, name="people_written_order"),
    path("delegations/<int:pk>/end/", people.end_delegation, name="people_delegation_end"),
]
