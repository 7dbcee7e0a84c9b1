from django.urls import path

from coaching.site import directory, merge_page, own_pages, people, staff_upload

urlpatterns = [
    path("", directory.people, name="people"),
    path("<int:pk>/", directory.person, name="person"),
    path("<int:pk>/change/", directory.change, name="person_change"),
    path("<int:pk>/deactivate/", directory.deactivate, name="person_deactivate"),
    path("<int:pk>/reactivate/", directory.reactivate, name="person_reactivate"),
    path("<int:pk>/merge/", merge_page.merge, name="person_merge"),
    path("import/", staff_upload.uploads, name="staff_uploads"),
    path("import/<int:pk>/", staff_upload.upload, name="staff_upload"),
    path("import/<int:pk>/problems/", staff_upload.problems_file, name="staff_upload_problems"),
    path("import/<int:pk>/start/", staff_upload.start, name="staff_upload_start"),
    path("import/<int:pk>/columns/", staff_upload.columns_again, name="staff_upload_columns"),
    path("import/<int:pk>/put-away/", staff_upload.put_away, name="staff_upload_put_away"),
    path("me/", people.me, name="people_me"),
    path("me/everything/", own_pages.show, name="own_data"),
    path("me/everything/ask/", own_pages.ask, name="own_data_ask"),
    path("me/everything/file/", own_pages.take, name="own_data_file"),
    path("corrections/", people.corrections, name="people_corrections"),
    path("corrections/<int:pk>/", people.correction, name="people_correction"),
    path("delegations/", people.delegation_list, name="people_delegations"),
    path("delegations/new/", people.delegate, name="people_delegate"),
    path("delegations/acting/", people.acting, name="people_acting"),
    path("delegations/order/", people.written_order, name="people_written_order"),
    path("delegations/<int:pk>/end/", people.end_delegation, name="people_delegation_end"),
]
